/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers and the watchdog: ACPI 6.3, 5.2.24. */
#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define GTDT_REVISION 3
#define GTDT_BYTES 104
/* There is no frame of the counter's in memory. */
#define NO_FRAME UINT64_MAX
/* A level, active high; it goes on while a CPU is suspended, and its interrupt wakes that CPU. */
#define TIMER_ALWAYS_ON (UINT32_C(1) << 2)
#define WATCHDOG_TYPE 1
#define WATCHDOG_BYTES 28
/* A level, active high, not secure. */
#define WATCHDOG_FLAGS 0

static void write_timer(struct table_writer *w, uint32_t ppi)
{
	table_u32(w, LAYOUT_PPI_INTID(ppi));
	table_u32(w, TIMER_ALWAYS_ON);
}

static void write_watchdog(struct table_writer *w)
{
	table_u8(w, WATCHDOG_TYPE);
	table_u16(w, WATCHDOG_BYTES);
	table_u8(w, 0);
	table_u64(w, LAYOUT_WATCHDOG_REFRESH_BASE);
	table_u64(w, LAYOUT_WATCHDOG_CONTROL_BASE);
	table_u32(w, LAYOUT_WATCHDOG_INTID);
	table_u32(w, WATCHDOG_FLAGS);
}

uint64_t acpi_write_gtdt(struct table_writer *w, const struct acpi_config *config)
{
	size_t begin = table_begin(w, "GTDT", GTDT_REVISION);

	table_u64(w, NO_FRAME);
	table_u32(w, 0);
	write_timer(w, LAYOUT_TIMER_S_EL1_PPI);
	write_timer(w, LAYOUT_TIMER_NS_EL1_PPI);
	write_timer(w, LAYOUT_TIMER_VIRT_PPI);
	write_timer(w, LAYOUT_TIMER_NS_EL2_PPI);
	table_u64(w, NO_FRAME);
	table_u32(w, config->has_watchdog ? 1 : 0);
	table_u32(w, config->has_watchdog ? GTDT_BYTES : 0);
	/* EL2's virtual timer: none. */
	table_zeros(w, 8);
	if (config->has_watchdog) {
		write_watchdog(w);
	}
	table_end(w, begin);
	return w->ipa + begin;
}
