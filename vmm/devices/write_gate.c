/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/write_gate.h"

#include <stddef.h>

int write_gate_init(struct write_gate *gate, int (*open)(void *ctx), void *ctx)
{
	gate->passed = open == NULL ? 1 : 0;
	gate->open = open;
	gate->ctx = ctx;
	return -pthread_mutex_init(&gate->lock, NULL);
}

void write_gate_destroy(struct write_gate *gate)
{
	(void)pthread_mutex_destroy(&gate->lock);
}

int write_gate_pass(struct write_gate *gate)
{
	int ret = 0;

	if (__atomic_load_n(&gate->passed, __ATOMIC_ACQUIRE) != 0) {
		return 0;
	}
	(void)pthread_mutex_lock(&gate->lock);
	if (gate->passed == 0) {
		ret = gate->open(gate->ctx);
		if (ret == 0) {
			__atomic_store_n(&gate->passed, 1, __ATOMIC_RELEASE);
		}
	}
	(void)pthread_mutex_unlock(&gate->lock);
	return ret;
}
