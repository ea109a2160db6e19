/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this folder share.
 */
#ifndef VMM_MACHINE_INTERNAL_H
#define VMM_MACHINE_INTERNAL_H

#include "boot/boot.h"
#include "kvm/kvm.h"
#include "machine/board.h"
#include "machine/machine.h"
#include "machine/requests.h"
#include "power/power.h"

struct machine {
	struct machine_config config;
	struct machine_host host;
	struct boot boot;
	bool has_boot;
	struct guest_ram ram;
	struct board board;
	bool has_board;
	struct kvm_vm *vm;
	struct power *power;
	uint64_t mpidrs[MACHINE_CPU_COUNT_MAX];
	struct kvm_entry entry; /* of the boot CPU, once the guest is loaded */
	uint32_t hardware_signature;
	uint64_t facs_ipa; /* where the guest reads it; 0: nowhere */
	struct requests requests;
	bool has_requests;
	bool press_again; /* atomic: the power key woke the guest, and did nothing else */
	struct device requests_watch; /* for the epoll alone: it is none of the board's */
	int poll_fd; /* an epoll of the two below */
	int event_fd; /* something ended, or the console has room */
	bool started;
	enum machine_end end;
	enum power_reason host_end; /* the host wants it to end; NONE if not */
};

/* Makes a VM, its MPIDRs known, and connects the devices to it. */
int machine_make_vm(struct machine *machine, struct vmm_error *error);
void machine_drop_vm(struct machine *machine);

/* What the device tree says, but for what is of one boot and where RAM is. */
void machine_tell_tree(const struct machine *machine, struct fdt_config *tree);

/* What ACPI's tables say, but for the hardware signature and where RAM is. */
void machine_tell_acpi(const struct machine *machine, struct acpi_config *acpi);

/* What goes to user space instead of to KVM. */
const struct kvm_forward *machine_forwards(size_t *count);

/* Puts kernel, initrd and device tree into RAM. */
int machine_load(struct machine *machine, struct vmm_error *error);

/* control.c: where all events go, and what it needs before any can come. */
void machine_emit(void *ctx, const struct power_event *event);
int machine_open_requests(struct machine *machine, struct vmm_error *error);

/* control.c: an event of the machine's own, which is of no CPU. */
void machine_tell(struct machine *machine, struct power_event event);

/* control.c: presses the key that has woken the guest once more, if one did; main thread. */
void machine_press_again(struct machine *machine);

/* machine.c: machine_fd() is readable; on any thread. */
void machine_poke(void *ctx);

/* machine.c: a line for the operator; on any thread. */
void machine_log(void *ctx, const char *line);

/* machine_watch.c: for the board. */
void machine_bitten(void *ctx);
void machine_guest_event(void *ctx, enum pvpanic_event event);

/* The guest starts over, with all of RAM zeroed unless @warm. */
int machine_restart(struct machine *machine, bool warm, struct vmm_error *error);

#endif /* VMM_MACHINE_INTERNAL_H */
