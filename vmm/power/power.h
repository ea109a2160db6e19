/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: power: libtorpor on KVM's vCPUs
 *
 * Runs the vCPUs, each on a thread of its own, and answers every PSCI call by libtorpor. One
 * object for the machine's whole life: its PSCI state goes through resets, while the VM and its
 * threads last from power_boot() to power_stop().
 *
 * What happens to the machine is left to its user: the ended callback says that something did,
 * power_end() what.
 */
#ifndef VMM_POWER_POWER_H
#define VMM_POWER_POWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <torpor/torpor.h>
#include "devices/mmio_bus.h"
#include "kvm/kvm.h"
#include "power/event.h"
#include "power/cpu_info.h"
#include "power/state_info.h"
#include "platform/ram.h"

/*
 * PSCI 0.1's ids are the device tree's to give: CPU_SUSPEND, CPU_OFF, CPU_ON and MIGRATE, numbered
 * as KVM and QEMU do.
 */
#define POWER_FN_0_1_BASE UINT32_C(0x95C1BA5E)
#define POWER_FN_0_1_COUNT 4
#define POWER_FN_0_1_CPU_OFF (POWER_FN_0_1_BASE + 1)

/**
 * struct power_config - copied by power_create()
 * @cpu_count:    CPUs
 * @mpidrs:       their affinity fields; copied
 * @psci_version: TORPOR_PSCI_*
 * @idle_states:  CPU_SUSPEND takes the states of platform/idle_states.h; else any well-formed one
 * @cluster_count: of the power tree, at most @cpu_count; 0 for none. Needs @idle_states
 * @ram:          where a CPU may be entered
 * @has_firmware: a CPU may be entered in the first bank of flash too
 * @spi_count:    shared interrupts to look through for what woke the machine
 * @events:       told of each event
 * @ended:        the machine ended, see power_end(); once a boot, on any thread
 * @device_name:  a static name for the device behind an INTID, or NULL
 * @device_key:   the key by which that device interrupts, or POWER_KEY_NONE
 * @ctx:          for the three
 */
struct power_config {
	uint32_t cpu_count;
	const uint64_t *mpidrs;
	uint32_t psci_version;
	bool idle_states;
	uint32_t cluster_count;
	struct guest_ram ram;
	bool has_firmware;
	uint32_t spi_count;
	struct power_event_sink events;
	void (*ended)(void *ctx);
	const char *(*device_name)(void *ctx, uint32_t intid);
	enum power_key (*device_key)(void *ctx, uint32_t intid);
	void *ctx;
};

/* How a boot ended. */
enum power_end_kind {
	POWER_END_NONE, /* it has not */
	POWER_END_OFF,
	POWER_END_HIBERNATED,
	POWER_END_RESET,
	POWER_END_CRASHED,
	POWER_END_HOST,
};

/**
 * struct power_end - how and why a boot ended
 * @kind:   how
 * @warm:   with POWER_END_RESET: SYSTEM_WARM_RESET, so RAM is kept (5.13.2.1)
 * @event:  kind and time are not filled in
 * @detail: with POWER_END_CRASHED: for the log
 */
struct power_end {
	enum power_end_kind kind;
	bool warm;
	struct power_event event;
	char detail[128];
};

struct power;

/** power_create() - Return: 0 or -errno with @error filled */
int power_create(struct power **power, const struct power_config *config, struct vmm_error *error);

/** power_destroy() - after power_stop(); or NULL */
void power_destroy(struct power *power);

/**
 * power_boot() - run a VM from the boot CPU's entry
 * @vm:    with the MPIDRs of the configuration; lives until power_stop() has returned
 * @bus:   the devices, likewise
 * @entry: where CPU 0 enters
 *
 * After the first time, resets the PSCI state too. Emits STARTED. Between power_pause() and
 * power_resume() the vCPUs are paused at once.
 *
 * Return: 0, or -errno with @error filled and no thread left.
 */
int power_boot(struct power *power, struct kvm_vm *vm, const struct mmio_bus *bus,
	       const struct kvm_entry *entry, struct vmm_error *error);

/** power_stop() - stop all vCPUs and end their threads; does nothing if none run */
void power_stop(struct power *power);

/** power_end() - how this boot ended; any thread */
void power_end(struct power *power, struct power_end *end);

/**
 * power_end_by_host() - the host ends the machine
 * @reason: for the event
 *
 * Return: true if this call ended it; false if it had ended.
 */
bool power_end_by_host(struct power *power, enum power_reason reason);

/**
 * power_reset_by_host() - the host resets the machine
 *
 * Return: true if this call ended the boot, as POWER_END_RESET; false if it had ended.
 */
bool power_reset_by_host(struct power *power);

/**
 * power_end_by_device() - a device ends the boot, as a call of the guest's does
 * @end: OFF, RESET or CRASHED, with its reason and detail
 *
 * Any thread. Return: true if this call ended it; false if it had ended.
 */
bool power_end_by_device(struct power *power, const struct power_end *end);

/* One that is not out by then waits for the caller, or for a host that does not answer. */
#define POWER_PAUSE_LIMIT_S 5

/**
 * power_pause() - keep all vCPUs from running until power_resume(), also over a power_boot()
 *
 * When it returns none is in the guest any more. The guest's clock stands still. What a vCPU was
 * doing goes on afterwards, its waits too.
 *
 * Return: 0; -EALREADY if they are paused already; -ETIMEDOUT, with @error filled, if one did not
 * leave the guest within POWER_PAUSE_LIMIT_S: all go on then.
 */
int power_pause(struct power *power, struct vmm_error *error);

/**
 * power_resume() - let the vCPUs go on
 *
 * Return: true; false if they were not paused.
 */
bool power_resume(struct power *power);

/** power_paused() - whether they are */
bool power_paused(const struct power *power);

/**
 * power_thread_id() - the thread that runs a vCPU
 *
 * Return: its id, as gettid() has it; 0 if there is none.
 */
pid_t power_thread_id(struct power *power, uint32_t cpu);

/** power_mode() - what the machine is doing; any thread */
enum torpor_machine_mode power_mode(const struct power *power);

/** power_wake(), power_refuse_suspend() - see machine_wake(), machine_refuse_suspend() */
bool power_wake(struct power *power);
bool power_refuse_suspend(struct power *power);

/** power_query_cpu() - see machine_query_cpu(); while the vCPUs run */
bool power_query_cpu(struct power *power, uint32_t cpu, struct power_cpu_info *info);

/** power_query_state() - see machine_query_state(); any thread */
bool power_query_state(const struct power *power, uint32_t cpu, uint32_t state,
		       struct power_state_info *info);

/** power_emit() - an event of the machine's; fills in its time */
void power_emit(struct power *power, const struct power_event *event);

#endif /* VMM_POWER_POWER_H */
