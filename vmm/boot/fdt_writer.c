/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/fdt_writer.h"

#include <endian.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Interrupt specifiers of the GIC's binding. */
#define GIC_SPI 0

void fdt_writer_begin(struct fdt_writer *w, const char *name)
{
	if (w->error == 0) {
		w->error = fdt_begin_node(w->fdt, name);
	}
}

void fdt_writer_begin_named(struct fdt_writer *w, const char *format, ...)
{
	char name[48];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	fdt_writer_begin(w, name);
}

void fdt_writer_end(struct fdt_writer *w)
{
	if (w->error == 0) {
		w->error = fdt_end_node(w->fdt);
	}
}

void fdt_writer_put(struct fdt_writer *w, const char *name, const void *value, size_t len_bytes)
{
	if (w->error == 0) {
		w->error = fdt_property(w->fdt, name, value, (int)len_bytes);
	}
}

void fdt_writer_string(struct fdt_writer *w, const char *name, const char *value)
{
	fdt_writer_put(w, name, value, strlen(value) + 1);
}

void fdt_writer_u32(struct fdt_writer *w, const char *name, uint32_t value)
{
	uint32_t cell = htobe32(value);

	fdt_writer_put(w, name, &cell, sizeof(cell));
}

void fdt_writer_u64(struct fdt_writer *w, const char *name, uint64_t value)
{
	uint64_t cells = htobe64(value);

	fdt_writer_put(w, name, &cells, sizeof(cells));
}

void fdt_writer_cells(struct fdt_writer *w, const char *name, const uint32_t *values, size_t count)
{
	uint32_t cells[FDT_WRITER_CELLS_MAX];

	for (size_t i = 0; i < count; i++) {
		cells[i] = htobe32(values[i]);
	}
	fdt_writer_put(w, name, cells, count * sizeof(cells[0]));
}

/* One address and size, two cells each. */
void fdt_writer_reg(struct fdt_writer *w, uint64_t base, uint64_t size_bytes)
{
	uint64_t reg[2] = {htobe64(base), htobe64(size_bytes)};

	fdt_writer_put(w, "reg", reg, sizeof(reg));
}

void fdt_writer_spi(struct fdt_writer *w, uint32_t spi, uint32_t trigger)
{
	fdt_writer_cells(w, "interrupts", (uint32_t[]){GIC_SPI, spi, trigger}, 3);
}
