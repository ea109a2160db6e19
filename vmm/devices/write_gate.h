/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A gate that the first write to any of a machine's disks has to open, and that is open from then
 * on: what must be on record before a disk changes is put there meanwhile.
 *
 * The caller owns the struct, which must not move between write_gate_init() and
 * write_gate_destroy().
 */
#ifndef VMM_DEVICES_WRITE_GATE_H
#define VMM_DEVICES_WRITE_GATE_H

#include <pthread.h>
#include <stdint.h>

/**
 * struct write_gate - a gate; members are its own
 * @passed: it is open; atomic
 * @lock:   one asks at a time
 * @open:   see write_gate_init()
 * @ctx:    likewise
 */
struct write_gate {
	uint32_t passed;
	pthread_mutex_t lock;
	int (*open)(void *ctx);
	void *ctx;
};

/**
 * write_gate_init() - a closed gate
 * @open: asked by the first write, on its thread, which waits for the answer as all later ones do;
 *        0 opens the gate, -errno fails the write and leaves it to the next to ask. NULL: the gate
 *        is open from the start
 * @ctx:  passed to @open
 *
 * Return: 0, or -errno of pthread_mutex_init().
 */
int write_gate_init(struct write_gate *gate, int (*open)(void *ctx), void *ctx);

/** write_gate_destroy() - free what write_gate_init() took; nobody is at the gate */
void write_gate_destroy(struct write_gate *gate);

/**
 * write_gate_pass() - before each write; waits while another write asks
 *
 * Context: any thread. Once the gate is open this is a load.
 *
 * Return: 0; -errno if the write must not be done.
 */
int write_gate_pass(struct write_gate *gate);

#endif /* VMM_DEVICES_WRITE_GATE_H */
