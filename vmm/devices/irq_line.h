/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wire from a device to the interrupt controller.
 *
 * Small enough to be copied by value; whoever made it keeps what @ctx points to alive for as long
 * as the device lives. Devices hold their own lock while they drive the wire, so that levels
 * arrive in order: @set may block for an ioctl, but must not call back into the device.
 */
#ifndef VMM_DEVICES_IRQ_LINE_H
#define VMM_DEVICES_IRQ_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct irq_line - one interrupt input of the guest's GIC
 * @set:   told the level, true for asserted; may be called again with the level it has; called on
 *         any thread. NULL: nothing is connected
 * @ctx:   first argument of @set
 * @intid: the GIC's INTID (an SPI's number plus 32)
 */
struct irq_line {
	void (*set)(void *ctx, uint32_t intid, bool level);
	void *ctx;
	uint32_t intid;
};

/**
 * irq_line_set() - drive the wire
 * @line:  the wire; its @set may be NULL
 * @level: true asserts it
 *
 * Context: any thread, also several at once as far as @set allows it.
 */
static inline void irq_line_set(const struct irq_line *line, bool level)
{
	if (line->set != NULL) {
		line->set(line->ctx, line->intid, level);
	}
}

#endif /* VMM_DEVICES_IRQ_LINE_H */
