/* SPDX-License-Identifier: BSD-3-Clause */
/* What every cmocka test includes, in the order that cmocka asks for, and a recording irq line. */
#ifndef TESTS_VMM_CHECK_H
#define TESTS_VMM_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/irq_line.h"

/**
 * struct irq_probe - stands in for the interrupt controller
 * @level: the level now
 * @rises: how often it went from low to high; what an edge-triggered input sees
 */
struct irq_probe {
	bool level;
	unsigned rises;
};

static inline void irq_probe_set(void *ctx, uint32_t intid, bool level)
{
	struct irq_probe *probe = ctx;

	(void)intid;
	if (level && !__atomic_load_n(&probe->level, __ATOMIC_SEQ_CST)) {
		(void)__atomic_add_fetch(&probe->rises, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&probe->level, level, __ATOMIC_SEQ_CST);
}

static inline struct irq_line irq_probe_line(struct irq_probe *probe)
{
	return (struct irq_line){.set = irq_probe_set, .ctx = probe, .intid = 48};
}

#endif /* TESTS_VMM_CHECK_H */
