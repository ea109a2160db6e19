/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a hosted port
 *
 * A machine whose CPUs are threads of this process, and whose guest is a function in C. For tests
 * and examples. A CPU's thread parks on a condition until the start op names it.
 *
 * Memory: the embedder owns struct torpor_pthread and struct torpor_pthread_cpu; they stay where
 * they are until torpor_pthread_join() has returned.
 *
 * Threads: torpor_pthread_call() on the CPU's own thread, from the guest; torpor_pthread_init()
 * before and torpor_pthread_join() after all others; everything else from any thread. The machine
 * itself may be used by <torpor/machine.h> from any thread; after a wake, refusal, forced off or
 * end by the host, torpor_pthread_kick() the CPUs that it concerns.
 */
#ifndef TORPOR_PTHREAD_H
#define TORPOR_PTHREAD_H

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <torpor/torpor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TORPOR_PTHREAD_CPU_COUNT_MAX 64

struct torpor_pthread;

/**
 * struct torpor_pthread_cpu - a CPU's thread
 * @owner:  its machine
 * @index:  its CPU
 * @start:  where it entered last
 * @thread: the rest is the port's
 */
struct torpor_pthread_cpu {
	struct torpor_pthread *owner;
	uint32_t index;
	struct torpor_start start;
	pthread_t thread;
	pthread_cond_t stirred;
	bool kicked;
	bool wake_up;
	jmp_buf loop;
};

/**
 * typedef torpor_pthread_guest - what a guest does from an entry on
 * @cpu: the CPU that it runs on; @cpu->start tells its entry and context
 *
 * A guest that returns turns its CPU off.
 */
typedef void torpor_pthread_guest(struct torpor_pthread_cpu *cpu);

/**
 * struct torpor_pthread - a machine on threads
 * @machine: for the functions of <torpor/machine.h>
 * @guest:   what its CPUs run
 * @arg:     the guest's
 * @ended:   what told the end: TORPOR_MACHINE_*, or 0 if the host ended it. The rest is the port's.
 */
struct torpor_pthread {
	struct torpor_machine machine;
	torpor_pthread_guest *guest;
	void *arg;
	enum torpor_action ended;
	uint32_t cpu_count;
	bool stop;
	pthread_mutex_t lock;
	struct torpor_pthread_cpu cpus[TORPOR_PTHREAD_CPU_COUNT_MAX];
	struct torpor_cpu records[TORPOR_PTHREAD_CPU_COUNT_MAX];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(TORPOR_PTHREAD_CPU_COUNT_MAX)];
};

/**
 * torpor_pthread_init() - set a machine up and run it
 * @host:      memory to use
 * @cpu_count: 1 .. TORPOR_PTHREAD_CPU_COUNT_MAX; CPU n has the MPIDR n
 * @guest:     what a CPU runs when it enters
 * @arg:       the guest's
 *
 * CPU 0 enters the guest at once, with an entry of 0.
 *
 * Return: 0, or -1 if a thread could not be had.
 */
int torpor_pthread_init(struct torpor_pthread *host, uint32_t cpu_count,
			torpor_pthread_guest *guest, void *arg);

/**
 * torpor_pthread_call() - the guest's SMC
 * @cpu:  the CPU, on whose thread this is
 * @call: its registers
 *
 * Returns only where the guest runs on after the call: it waits where the CPU waits, and leaves
 * for the next entry where the CPU is reset.
 *
 * Return: x[0].
 */
uint64_t torpor_pthread_call(struct torpor_pthread_cpu *cpu, struct torpor_call *call);

/**
 * torpor_pthread_smc() - the same, with the registers as arguments
 * @cpu: the CPU
 * @fn:  the function id
 * @x1:  first argument
 * @x2:  second argument
 * @x3:  third argument
 *
 * Return: x[0], as the signed number that it is in PSCI.
 */
int64_t torpor_pthread_smc(struct torpor_pthread_cpu *cpu, uint32_t fn, uint64_t x1, uint64_t x2,
			   uint64_t x3);

/**
 * torpor_pthread_interrupt() - a wake-up event of a CPU
 * @host: a machine
 * @cpu:  index
 *
 * It is kept until the CPU waits.
 */
void torpor_pthread_interrupt(struct torpor_pthread *host, uint32_t cpu);

/**
 * torpor_pthread_kick() - have a CPU's thread look again at what the host did
 * @host: a machine
 * @cpu:  index
 */
void torpor_pthread_kick(struct torpor_pthread *host, uint32_t cpu);

/**
 * torpor_pthread_join() - wait until the machine has ended, and its threads with it
 * @host: a machine
 *
 * Return: how it ended.
 */
enum torpor_machine_mode torpor_pthread_join(struct torpor_pthread *host);

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_PTHREAD_H */
