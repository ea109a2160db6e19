/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a guest's call
 *
 * The CPU that made an SMC or HVC hands its registers in and is told what to do next. Memory and
 * threads: as in <torpor/machine.h>. The functions here act for one CPU and are called on the
 * thread that runs it; those for different CPUs may run at the same time.
 *
 * No register contents whatever can make them fail: an unknown function is NOT_SUPPORTED.
 */
#ifndef TORPOR_CALL_H
#define TORPOR_CALL_H

#include <stdint.h>
#include <torpor/abi.h>
#include <torpor/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum torpor_action - what the caller of torpor_call() does with the CPU now
 * @TORPOR_NOT_MINE:        the id is not in PSCI's ranges (nor one of 0.1's); nothing was done
 * @TORPOR_RESUME:          put x[0] into the guest's X0 or R0 and run on after the call
 * @TORPOR_ENTER:           reset the CPU's registers and enter at @start
 * @TORPOR_PARK:            run no guest code on this CPU until torpor_cpu_take() succeeds; call it
 *                          each time the start op names the CPU. Where the CPU is off, @cpus_on
 *                          tells how many are left; 0: the guest will never run again by itself.
 *                          Also given to a CPU of a machine that has ended.
 * @TORPOR_WAIT:            leave all registers alone and wait for a wake-up event of this CPU,
 *                          then torpor_cpu_wake(); @power_state and @depth tell what was asked
 * @TORPOR_WAIT_SYSTEM:     the machine is suspended: the same, all registers as the guest left
 *                          them until then
 * @TORPOR_MACHINE_OFF:     the machine ended: SYSTEM_OFF. Stop all CPUs. So too:
 * @TORPOR_MACHINE_HIBERNATED: SYSTEM_OFF2
 * @TORPOR_MACHINE_RESET:   SYSTEM_RESET
 * @TORPOR_MACHINE_RESET2:  SYSTEM_RESET2, with @reset_type and @cookie
 *
 * Exactly one CPU is told that the machine ended; others get PARK.
 */
enum torpor_action {
	TORPOR_NOT_MINE = 0,
	TORPOR_RESUME = 1,
	TORPOR_ENTER = 2,
	TORPOR_PARK = 3,
	TORPOR_WAIT = 4,
	TORPOR_WAIT_SYSTEM = 5,
	TORPOR_MACHINE_OFF = 6,
	TORPOR_MACHINE_HIBERNATED = 7,
	TORPOR_MACHINE_RESET = 8,
	TORPOR_MACHINE_RESET2 = 9,
};

/**
 * struct torpor_call - a call's registers in, and what came of it out
 * @x:           in: X0 (the function id in its low 32 bits) to X3, or R0 to R3; out: with
 *               TORPOR_RESUME, x[0] is the return value (zero-extended from 32 bits for SMC32).
 *               x[1] to x[3] are never changed: only x[0] needs to be written back. Which of
 *               x[1] to x[3] a function reads is told by torpor_call_args().
 * @flags:       in: TORPOR_AARCH32 and TORPOR_BIG_ENDIAN, of the caller now. Only CPU_ON and the
 *               suspend calls look at BIG_ENDIAN; reading it can be left to those.
 * @cpus_on:     out, with TORPOR_PARK
 * @power_state: out, with TORPOR_WAIT: the argument, 0 for CPU_DEFAULT_SUSPEND
 * @depth:       out, with TORPOR_WAIT: TORPOR_DEPTH_STANDBY or TORPOR_DEPTH_POWERDOWN
 * @level:       out, with TORPOR_WAIT: highest power level that goes to sleep with the CPU
 * @reset_type:  out, with TORPOR_MACHINE_RESET2
 * @cookie:      out, with TORPOR_MACHINE_RESET2
 * @start:       out, with TORPOR_ENTER; otherwise its contents mean nothing
 */
struct torpor_call {
	uint64_t x[4];
	uint32_t flags;
	uint32_t cpus_on;
	uint32_t power_state;
	uint32_t depth;
	uint32_t level;
	uint32_t reset_type;
	uint64_t cookie;
	struct torpor_start start;
};

/**
 * torpor_call() - answer a guest's SMC or HVC
 * @machine: a machine
 * @cpu:     the CPU that called; it is on
 * @call:    its registers
 *
 * Context: the thread that runs @cpu. May call ops.
 * Return: what to do next; see enum torpor_action. TORPOR_NOT_MINE also if @cpu is out of range.
 * Spec: chapter 5; 5.2 for the conventions
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_action torpor_call(struct torpor_machine *machine,
							    uint32_t cpu, struct torpor_call *call);

/**
 * torpor_call_args() - how many of x[1] to x[3] a call will look at
 * @machine: a machine
 * @fn_id:   the function id
 *
 * For embedders to whom each register costs a system call.
 *
 * Return: 0 to 3.
 */
TORPOR_API uint32_t torpor_call_args(const struct torpor_machine *machine, uint32_t fn_id);

/**
 * torpor_cpu_take() - a started CPU picks up its entry
 * @machine: a machine
 * @cpu:     index
 * @start:   filled on TORPOR_OK
 *
 * The CPU becomes ON; AFFINITY_INFO on any CPU sees that once this has returned.
 *
 * Context: the thread that runs @cpu.
 * Return: TORPOR_OK; TORPOR_E_STATE if no start is pending (none was made, or it was undone by a
 * forced off) or the machine has ended: park again; TORPOR_E_INVAL if @cpu is out of range.
 * Spec: 5.6, 6.4, 6.6
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_cpu_take(struct torpor_machine *machine, uint32_t cpu, struct torpor_start *start);

/**
 * torpor_cpu_wake() - a wake-up event came for a waiting CPU
 * @machine: a machine
 * @cpu:     index
 * @call:    the outputs are filled as for torpor_call()
 *
 * Ends the wait that TORPOR_WAIT or TORPOR_WAIT_SYSTEM began, and with it SYSTEM_SUSPEND: the
 * step that leaves the suspended state is the one that gives the entry.
 *
 * Context: the thread that runs @cpu.
 * Return: TORPOR_RESUME (from standby, or the host had refused), TORPOR_ENTER (from powerdown or
 * SYSTEM_SUSPEND), or TORPOR_PARK (forced off, or the machine has ended; or it was not waiting, or
 * @cpu is out of range).
 * Spec: 5.4.9, 5.20, 6.4
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_action
torpor_cpu_wake(struct torpor_machine *machine, uint32_t cpu, struct torpor_call *call);

/**
 * torpor_cpu_poll() - has somebody else ended a CPU's wait?
 * @machine: a machine
 * @cpu:     index
 * @call:    the outputs are filled as for torpor_call()
 *
 * For a waiting CPU whose thread was woken without a wake-up event of the guest: after
 * torpor_machine_wake(), torpor_machine_refuse_suspend(), torpor_cpu_force_off() or
 * torpor_machine_end(), or for nothing.
 *
 * Context: the thread that runs @cpu.
 * Return: TORPOR_WAIT or TORPOR_WAIT_SYSTEM if it still waits; else as torpor_cpu_wake().
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_action
torpor_cpu_poll(struct torpor_machine *machine, uint32_t cpu, struct torpor_call *call);

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_CALL_H */
