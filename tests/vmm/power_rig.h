/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power glue on the fake KVM, without a machine around it: RAM, a bus with one register on it,
 * and an event log.
 *
 * Tests use POWER_RIG_TEST(): the rig is taken down after each test, also after one that failed.
 */
#ifndef TESTS_VMM_POWER_RIG_H
#define TESTS_VMM_POWER_RIG_H

#include "check.h"
#include "event_log.h"
#include "fake_kvm.h"
#include "leaks.h"
#include "power/power.h"

#define V01 TORPOR_PSCI_0_1
#define V02 TORPOR_PSCI_0_2
#define V10 TORPOR_PSCI_1_0
#define V11 TORPOR_PSCI_1_1
#define V12 TORPOR_PSCI_1_2
#define V13 TORPOR_PSCI_1_3

/* Functions by the ids that Linux uses. */
#define PSCI_VERSION TORPOR_FN32(TORPOR_FN_PSCI_VERSION)
#define CPU_SUSPEND TORPOR_FN64(TORPOR_FN_CPU_SUSPEND)
#define CPU_OFF TORPOR_FN32(TORPOR_FN_CPU_OFF)
#define CPU_ON TORPOR_FN64(TORPOR_FN_CPU_ON)
#define AFFINITY_INFO TORPOR_FN64(TORPOR_FN_AFFINITY_INFO)
#define SYSTEM_OFF TORPOR_FN32(TORPOR_FN_SYSTEM_OFF)
#define SYSTEM_RESET TORPOR_FN32(TORPOR_FN_SYSTEM_RESET)
#define PSCI_FEATURES TORPOR_FN32(TORPOR_FN_PSCI_FEATURES)
#define SYSTEM_SUSPEND TORPOR_FN64(TORPOR_FN_SYSTEM_SUSPEND)
#define SYSTEM_RESET2 TORPOR_FN64(TORPOR_FN_SYSTEM_RESET2)
#define SYSTEM_OFF2 TORPOR_FN64(TORPOR_FN_SYSTEM_OFF2)

/* A return code as an SMC64 function gives it. */
#define RET(code) ((uint64_t)(int64_t)TORPOR_RET_##code)

#define RIG_RAM_IPA UINT64_C(0x40000000)
#define RIG_RAM_BYTES (UINT64_C(4) << 20)

/* Where programs are; the boot CPU enters at the first. */
#define PROG(n) (RIG_RAM_IPA + UINT64_C(0x10000) * (n))
#define BOOT PROG(0)
#define BOOT_X0 UINT64_C(0x40200000)

/* A register of 8 bytes that reads as what was written to it last. */
#define RIG_DEVICE_IPA UINT64_C(0x09000000)

/* SPIs of a device with a name, of one with keys, and of one without a name. */
#define RIG_RTC_INTID 34
#define RIG_KEY_INTID 39
#define RIG_OTHER_INTID 40

struct power_rig {
	struct guest_ram ram;
	struct mmio_bus bus;
	uint64_t device; /* atomic */
	struct kvm_vm *vm;
	struct power *power;
	uint32_t cpu_count;
	bool idle_states; /* for power_rig_up(); likewise: */
	uint32_t cluster_count;
	struct event_log events;
	pthread_mutex_t lock; /* of the member below */
	pthread_cond_t changed;
	unsigned ended;
	struct leaks leaks;
};

/* Makes all but a VM. */
void power_rig_up(struct power_rig *rig, uint32_t cpu_count, uint32_t psci_version);

/* Makes a VM and boots it; returns what power_boot() did. */
int power_rig_try_boot(struct power_rig *rig, struct vmm_error *error);

/* The same, asserting that it works. */
void power_rig_boot(struct power_rig *rig);

/* power_rig_up() and power_rig_boot(), with CPU 0 running @ops. */
void power_rig_run(struct power_rig *rig, uint32_t cpu_count, uint32_t psci_version,
		   const struct fake_op *ops);

/* Stops the vCPUs and destroys the VM: what comes before a reset. */
void power_rig_stop(struct power_rig *rig);

/* Waits for the end; true if it came, and once. */
bool power_rig_wait(struct power_rig *rig);

/* The same, asserting what it was. */
void assert_end(struct power_rig *rig, enum power_end_kind kind, struct power_end *end);

/* CPU @cpu's call @n has this result; waits for it. */
void assert_result(uint32_t cpu, unsigned n, uint64_t x0);

/* Waits until the machine is in a mode, for at most 20 s. */
void assert_becomes(struct power_rig *rig, enum torpor_machine_mode mode);

/* Raises or lowers an interrupt's line. */
void power_rig_irq(struct power_rig *rig, uint32_t intid, bool level);

int power_rig_setup(void **state);
int power_rig_teardown(void **state);

/* Another rig in its place, for a test that goes through a table. */
void power_rig_again(void **state);

#define POWER_RIG_TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, power_rig_setup, power_rig_teardown)

#endif /* TESTS_VMM_POWER_RIG_H */
