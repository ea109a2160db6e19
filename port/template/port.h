/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port of libtorpor, empty: start here. Copy this folder, then go through port.c from the top;
 * each TODO is something that only you know. It compiles as it is, and does nothing yet.
 */
#ifndef PORT_H
#define PORT_H

#include <torpor/torpor.h>

/* TODO: how many CPUs your machines have at most; at most TORPOR_CPU_COUNT_MAX. */
#define PORT_CPU_COUNT_MAX 8

/* A machine of yours. The library keeps pointers into it, so it must not move. */
struct port_machine {
	struct torpor_machine machine;
	struct torpor_cpu cpus[PORT_CPU_COUNT_MAX];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(PORT_CPU_COUNT_MAX)];
	uint32_t cpu_count;
	/* TODO: what you need to reach its CPUs: threads, run queues, mailboxes, ... */
};

/* Set a machine up. 0, or -1 if the library does not like the configuration. */
int port_machine_init(struct port_machine *machine, uint32_t cpu_count);

/* A CPU's whole life, on the thread or the physical CPU that runs it. */
void port_cpu_run(struct port_machine *machine, uint32_t cpu);

#endif /* PORT_H */
