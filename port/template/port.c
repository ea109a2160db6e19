/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>

#include "port.h"

/*
 * 1. Ops: what the library asks of you.
 *
 * Each may be called on any thread that calls the library. No lock of the library is held. None
 * may call the library for the same machine. An op that you leave out (NULL) makes the functions
 * that need it absent: the guest gets NOT_SUPPORTED from them, and PSCI_FEATURES says so too.
 */

/*
 * The one op that every port has: stir whatever runs CPU @cpu, so that it calls torpor_cpu_take().
 *
 * It is a level, not an edge. It may come before a CPU that has just called CPU_OFF has parked: do
 * not lose it then. It may come when the CPU has been forced off again since: torpor_cpu_take()
 * says so, and the CPU parks anew.
 *
 * Anything but TORPOR_OK means: the CPU was not stirred, and will not be. The guest that called
 * CPU_ON then sees INTERNAL_FAILURE and may try again.
 */
static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	struct port_machine *machine = ctx;

	/* TODO: signal a condition, send an event or an IPI, unblock a vCPU, ... */
	(void)machine;
	(void)cpu;
	return TORPOR_E_FAILED;
}

/*
 * May a CPU be entered at this guest physical address? The guest sees INVALID_ADDRESS (before PSCI
 * 1.0: INVALID_PARAMETERS), and nothing has changed. Leave the op out to take any address.
 */
static enum torpor_status op_check_entry(void *ctx, uint64_t ipa)
{
	/* TODO: TORPOR_OK if @ipa is in RAM, or in flash where there is firmware. */
	(void)ctx;
	(void)ipa;
	return TORPOR_OK;
}

/*
 * TODO: of the other ops in <torpor/port.h>, add those that you have means for: allow_cpu_on (a
 * policy), now_us (statistics), migrate, node_hw_state, vendor_reset, mem_protect and
 * mem_protect_range.
 */
static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
	.check_entry = op_check_entry,
};

/*
 * 2. The machine: what it is, said once. What you leave out is zero: no function that needs means
 * of yours, no power states, no tree, no statistics.
 */
int port_machine_init(struct port_machine *machine, uint32_t cpu_count)
{
	struct torpor_cpu_config cpus[PORT_CPU_COUNT_MAX];
	struct torpor_config config = {
		.size = sizeof(config),
		/* There is no default. Pin it for the life of the machine. */
		.psci_version = TORPOR_PSCI_1_3,
		/* TODO: TORPOR_F_* for what your TORPOR_WAIT and power events can do. */
		.flags = 0,
		.cpu_count = cpu_count,
		.boot_cpu = 0,
		.cpu_configs = cpus, /* read by init only: it may be on the stack */
		.cpus = machine->cpus,
		.mpidr_index = machine->mpidr_index,
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.port = &port,
		.ctx = machine,
	};

	if (cpu_count > PORT_CPU_COUNT_MAX) {
		return -1;
	}
	machine->cpu_count = cpu_count;
	for (uint32_t i = 0; i < cpu_count; i++) {
		/* TODO: the affinity fields that the guest reads in MPIDR_EL1 of this CPU. */
		cpus[i] = (struct torpor_cpu_config){.mpidr = i};
	}
	return torpor_machine_init(&machine->machine, &config) == TORPOR_OK ? 0 : -1;
}

/*
 * 3. What you do for the library's answers. The functions below are the places; port_cpu_run() at
 * the end calls them.
 */

/* Sleep until op_start() was called for this CPU; at once if it was since the last time. */
static void wait_for_start(struct port_machine *machine, uint32_t cpu)
{
	/* TODO. The machine may have ended meanwhile: look at torpor_machine_mode() too. */
	(void)machine;
	(void)cpu;
}

/*
 * Sleep until a wake-up event of this CPU: an interrupt that is pending for it. true if one came;
 * false if you were stirred for another reason (the host woke the machine, refused its suspend,
 * forced the CPU off, ended the machine).
 */
static bool wait_for_wake_up(struct port_machine *machine, uint32_t cpu)
{
	/* TODO. Leave all of the guest's registers alone here. */
	(void)machine;
	(void)cpu;
	return true;
}

/*
 * Reset the CPU's registers and let it enter: MMU and caches off, exceptions masked, the width and
 * endianness that start->flags say, start->context in X0 or R0, PC at start->entry (section 6.4 of
 * the standard).
 */
static void reset_and_enter(struct port_machine *machine, uint32_t cpu,
			    const struct torpor_start *start)
{
	/* TODO */
	(void)machine;
	(void)cpu;
	(void)start;
}

/*
 * Run the guest until it executes an SMC or HVC, and fill in its registers. false if it stopped
 * for good (the machine has ended, or you want it to).
 */
static bool run_guest(struct port_machine *machine, uint32_t cpu, struct torpor_call *call)
{
	/*
	 * TODO: x[0] to x[3] from X0 to X3, call->flags from the CPU's state. If reading registers
	 * is costly, torpor_call_args() tells how many of x[1] to x[3] are looked at.
	 */
	(void)machine;
	(void)cpu;
	(void)call;
	return false;
}

/* Put the result into X0 or R0, behind the call, and let the guest run on. */
static void resume_guest(struct port_machine *machine, uint32_t cpu, uint64_t value)
{
	/* TODO */
	(void)machine;
	(void)cpu;
	(void)value;
}

/* The function id is not PSCI's: another service of yours, or an undefined call. */
static void other_call(struct port_machine *machine, uint32_t cpu, struct torpor_call *call)
{
	/* TODO: SMCCC says that an unknown function returns -1 in X0. */
	(void)machine;
	(void)cpu;
	(void)call;
}

/* The machine ended, and exactly one CPU is told: here. */
static void machine_ended(struct port_machine *machine, enum torpor_action how,
			  const struct torpor_call *call)
{
	/*
	 * TODO: stop all CPUs. Then tell off, hibernated, reset and reset2 (call->reset_type,
	 * call->cookie) apart. To run the same machine again: torpor_machine_reset().
	 */
	(void)machine;
	(void)how;
	(void)call;
}

/* 4. The loop. You should not need to change it. */

/* Until the CPU has a place to enter; false if the machine has ended. */
static bool park(struct port_machine *machine, uint32_t cpu)
{
	struct torpor_start start;

	for (;;) {
		wait_for_start(machine, cpu);
		if (torpor_cpu_take(&machine->machine, cpu, &start) == TORPOR_OK) {
			reset_and_enter(machine, cpu, &start);
			return true;
		}
		switch (torpor_machine_mode(&machine->machine)) {
		case TORPOR_MODE_RUNNING:
		case TORPOR_MODE_SUSPENDED:
		case TORPOR_MODE_WAKING:
			break;
		case TORPOR_MODE_OFF:
		case TORPOR_MODE_HIBERNATED:
		case TORPOR_MODE_RESETTING:
			return false;
		}
	}
}

/* One answer of the library. false if this CPU will not run any more. */
static bool act(struct port_machine *machine, uint32_t cpu, enum torpor_action action,
		struct torpor_call *call)
{
	while (action == TORPOR_WAIT || action == TORPOR_WAIT_SYSTEM) {
		action = wait_for_wake_up(machine, cpu)
				 ? torpor_cpu_wake(&machine->machine, cpu, call)
				 : torpor_cpu_poll(&machine->machine, cpu, call);
	}
	switch (action) {
	case TORPOR_NOT_MINE:
		other_call(machine, cpu, call);
		return true;
	case TORPOR_RESUME:
		resume_guest(machine, cpu, call->x[0]);
		return true;
	case TORPOR_ENTER:
		reset_and_enter(machine, cpu, &call->start);
		return true;
	case TORPOR_PARK:
		return park(machine, cpu);
	case TORPOR_MACHINE_OFF:
	case TORPOR_MACHINE_HIBERNATED:
	case TORPOR_MACHINE_RESET:
	case TORPOR_MACHINE_RESET2:
		machine_ended(machine, action, call);
		return false;
	case TORPOR_WAIT:
	case TORPOR_WAIT_SYSTEM:
		break;
	}
	return false;
}

void port_cpu_run(struct port_machine *machine, uint32_t cpu)
{
	struct torpor_call call = {.flags = 0};
	bool on = true;

	/* The boot CPU is on from the start; you entered it before. All others wait for theirs. */
	if (torpor_cpu_state(&machine->machine, cpu) != TORPOR_CPU_ON) {
		on = park(machine, cpu);
	}
	while (on && run_guest(machine, cpu, &call)) {
		on = act(machine, cpu, torpor_call(&machine->machine, cpu, &call), &call);
	}
}
