/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices on the bus. */
#include <inttypes.h>

#include "boot/fdt_internal.h"
#include "platform/layout.h"

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

void fdt_write_devices(struct fdt_writer *w, const struct fdt_config *config)
{
	write_uart(w);
	write_rtc(w);
	write_virtio(w, config->virtio_slots);
}
