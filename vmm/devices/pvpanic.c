/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/pvpanic.h"

#define EVENTS ((uint32_t)PVPANIC_PANICKED | PVPANIC_CRASH_LOADED | PVPANIC_SHUTDOWN)

static uint64_t pvpanic_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	(void)dev;
	(void)len_bytes;
	return offset == 0 ? EVENTS : 0;
}

static void pvpanic_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct pvpanic *pvpanic = dev;
	uint32_t bits = offset == 0 ? (uint32_t)value & EVENTS : 0;
	/* Of several the lowest counts, as in QEMU. */
	uint32_t event = bits & -bits;

	(void)len_bytes;
	if (event != 0 &&
	    (__atomic_fetch_or(&pvpanic->told, event, __ATOMIC_RELAXED) & event) == 0) {
		pvpanic->event(pvpanic->ctx, (enum pvpanic_event)event);
	}
}

const struct mmio_ops pvpanic_mmio_ops = {
	.read = pvpanic_read,
	.write = pvpanic_write,
};

void pvpanic_init(struct pvpanic *pvpanic, void (*event)(void *ctx, enum pvpanic_event event),
		  void *ctx)
{
	pvpanic->event = event;
	pvpanic->ctx = ctx;
	pvpanic->told = 0;
}

void pvpanic_reset(struct pvpanic *pvpanic)
{
	__atomic_store_n(&pvpanic->told, 0, __ATOMIC_RELAXED);
}
