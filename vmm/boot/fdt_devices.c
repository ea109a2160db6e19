/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices on the bus. */
#include <inttypes.h>
#include <linux/input-event-codes.h>

#include "boot/fdt_internal.h"
#include "platform/layout.h"

/* Of the bindings of GPIO and gpio-keys. */
#define GPIO_ACTIVE_HIGH 0
#define EV_ACT_ASSERTED 1

static void write_uart(struct fdt_writer *w)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char clock_names[] = "uartclk\0apb_pclk";

	fdt_writer_begin_named(w, "pl011@%" PRIx64, LAYOUT_UART_BASE);
	fdt_writer_put(w, "compatible", compatible, sizeof(compatible));
	fdt_writer_reg(w, LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES);
	fdt_writer_spi(w, LAYOUT_UART_SPI, FDT_IRQ_LEVEL_HIGH);
	fdt_writer_cells(w, "clocks", (uint32_t[]){FDT_PHANDLE_CLOCK, FDT_PHANDLE_CLOCK}, 2);
	fdt_writer_put(w, "clock-names", clock_names, sizeof(clock_names));
	fdt_writer_end(w);
}

static void write_rtc(struct fdt_writer *w)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	fdt_writer_begin_named(w, "pl031@%" PRIx64, LAYOUT_RTC_BASE);
	fdt_writer_put(w, "compatible", compatible, sizeof(compatible));
	fdt_writer_reg(w, LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES);
	fdt_writer_spi(w, LAYOUT_RTC_SPI, FDT_IRQ_LEVEL_HIGH);
	fdt_writer_u32(w, "clocks", FDT_PHANDLE_CLOCK);
	fdt_writer_string(w, "clock-names", "apb_pclk");
	fdt_writer_end(w);
}

static void write_gpio(struct fdt_writer *w)
{
	static const char compatible[] = "arm,pl061\0arm,primecell";

	fdt_writer_begin_named(w, "pl061@%" PRIx64, LAYOUT_GPIO_BASE);
	fdt_writer_put(w, "compatible", compatible, sizeof(compatible));
	fdt_writer_reg(w, LAYOUT_GPIO_BASE, LAYOUT_GPIO_SIZE_BYTES);
	fdt_writer_spi(w, LAYOUT_GPIO_SPI, FDT_IRQ_LEVEL_HIGH);
	fdt_writer_put(w, "gpio-controller", NULL, 0);
	fdt_writer_u32(w, "#gpio-cells", 2);
	fdt_writer_put(w, "interrupt-controller", NULL, 0);
	fdt_writer_u32(w, "#interrupt-cells", 2);
	fdt_writer_u32(w, "#address-cells", 0);
	fdt_writer_u32(w, "clocks", FDT_PHANDLE_CLOCK);
	fdt_writer_string(w, "clock-names", "apb_pclk");
	fdt_writer_u32(w, "phandle", FDT_PHANDLE_GPIO);
	fdt_writer_end(w);
}

/*
 * A press wakes the guest, a release does not: otherwise one that suspends at once would be woken
 * by the key that made it.
 */
static void write_key(struct fdt_writer *w, const char *name, const char *label, unsigned line,
		      uint32_t code)
{
	fdt_writer_begin(w, name);
	fdt_writer_string(w, "label", label);
	fdt_writer_u32(w, "linux,code", code);
	fdt_writer_cells(w, "gpios", (uint32_t[]){FDT_PHANDLE_GPIO, line, GPIO_ACTIVE_HIGH}, 3);
	fdt_writer_put(w, "wakeup-source", NULL, 0);
	fdt_writer_u32(w, "wakeup-event-action", EV_ACT_ASSERTED);
	fdt_writer_end(w);
}

static void write_keys(struct fdt_writer *w)
{
	fdt_writer_begin(w, "gpio-keys");
	fdt_writer_string(w, "compatible", "gpio-keys");
	write_key(w, "poweroff", "GPIO Key Poweroff", LAYOUT_GPIO_LINE_POWER, KEY_POWER);
	write_key(w, "suspend", "GPIO Key Suspend", LAYOUT_GPIO_LINE_SLEEP, KEY_SLEEP);
	write_key(w, "hibernate", "GPIO Key Hibernate", LAYOUT_GPIO_LINE_HIBERNATE, KEY_SUSPEND);
	fdt_writer_end(w);
}

/* In order of address, which is the order in which Linux names what it finds. */
static void write_virtio(struct fdt_writer *w, uint32_t slots)
{
	for (uint32_t slot = 0; slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		if ((slots & (UINT32_C(1) << slot)) == 0) {
			continue;
		}
		fdt_writer_begin_named(w, "virtio_mmio@%" PRIx64, LAYOUT_VIRTIO_SLOT_BASE(slot));
		fdt_writer_string(w, "compatible", "virtio,mmio");
		fdt_writer_reg(w, LAYOUT_VIRTIO_SLOT_BASE(slot), LAYOUT_VIRTIO_STRIDE_BYTES);
		/* Edge, as QEMU's: each new reason comes after an acknowledge took the line low. */
		fdt_writer_spi(w, LAYOUT_VIRTIO_SLOT_SPI(slot), FDT_IRQ_EDGE_RISING);
		fdt_writer_put(w, "dma-coherent", NULL, 0);
		fdt_writer_end(w);
	}
}

/* The control frame comes first (arm,sbsa-gwdt). */
static void write_watchdog(struct fdt_writer *w)
{
	const uint32_t reg[] = {
		(uint32_t)(LAYOUT_WATCHDOG_CONTROL_BASE >> 32),
		(uint32_t)LAYOUT_WATCHDOG_CONTROL_BASE,
		0,
		(uint32_t)LAYOUT_WATCHDOG_FRAME_SIZE_BYTES,
		(uint32_t)(LAYOUT_WATCHDOG_REFRESH_BASE >> 32),
		(uint32_t)LAYOUT_WATCHDOG_REFRESH_BASE,
		0,
		(uint32_t)LAYOUT_WATCHDOG_FRAME_SIZE_BYTES,
	};

	fdt_writer_begin_named(w, "watchdog@%" PRIx64, LAYOUT_WATCHDOG_CONTROL_BASE);
	fdt_writer_string(w, "compatible", "arm,sbsa-gwdt");
	fdt_writer_cells(w, "reg", reg, sizeof(reg) / sizeof(reg[0]));
	fdt_writer_spi(w, LAYOUT_WATCHDOG_SPI, FDT_IRQ_LEVEL_HIGH);
	fdt_writer_end(w);
}

static void write_pvpanic(struct fdt_writer *w)
{
	fdt_writer_begin_named(w, "pvpanic@%" PRIx64, LAYOUT_PVPANIC_BASE);
	fdt_writer_string(w, "compatible", "qemu,pvpanic-mmio");
	fdt_writer_reg(w, LAYOUT_PVPANIC_BASE, LAYOUT_PVPANIC_SIZE_BYTES);
	fdt_writer_end(w);
}

/*
 * The second bank alone, as it is the one that takes commands. EDK2 leaves out the one that it runs
 * from, and Linux would give up both for one that is no flash.
 */
static void write_flash(struct fdt_writer *w)
{
	const uint64_t base = LAYOUT_FLASH_BASE + LAYOUT_FLASH_BANK_SIZE_BYTES;

	fdt_writer_begin_named(w, "flash@%" PRIx64, base);
	fdt_writer_string(w, "compatible", "cfi-flash");
	fdt_writer_reg(w, base, LAYOUT_FLASH_BANK_SIZE_BYTES);
	fdt_writer_u32(w, "bank-width", 4);
	fdt_writer_end(w);
}

void fdt_write_devices(struct fdt_writer *w, const struct fdt_config *config)
{
	write_uart(w);
	write_rtc(w);
	write_gpio(w);
	write_keys(w);
	write_virtio(w, config->virtio_slots);
	if (config->has_watchdog) {
		write_watchdog(w);
	}
	write_pvpanic(w);
	if (config->has_flash) {
		write_flash(w);
	}
}
