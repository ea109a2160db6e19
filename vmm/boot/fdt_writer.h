/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device tree being written, front to back, in memory of the caller's.
 *
 * After the first error nothing more is done, so it is looked at once, at the end. One thread.
 */
#ifndef VMM_BOOT_FDT_WRITER_H
#define VMM_BOOT_FDT_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* Triggers of the GIC's binding. */
#define FDT_IRQ_EDGE_RISING 1
#define FDT_IRQ_LEVEL_HIGH 4

/* As many as one property takes of fdt_writer_cells(). */
#define FDT_WRITER_CELLS_MAX 64

/**
 * struct fdt_writer - a tree being written
 * @fdt:   where to, after fdt_create() and fdt_finish_reservemap()
 * @error: of libfdt, 0 so far
 */
struct fdt_writer {
	void *fdt;
	int error;
};

/* A node, up to its fdt_writer_end(). The second takes its name as printf does, 47 bytes of it. */
void fdt_writer_begin(struct fdt_writer *w, const char *name);
void fdt_writer_begin_named(struct fdt_writer *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void fdt_writer_end(struct fdt_writer *w);

/* Properties of the node that was begun last: bytes, a string, one number, 32-bit cells. */
void fdt_writer_put(struct fdt_writer *w, const char *name, const void *value, size_t len_bytes);
void fdt_writer_string(struct fdt_writer *w, const char *name, const char *value);
void fdt_writer_u32(struct fdt_writer *w, const char *name, uint32_t value);
void fdt_writer_u64(struct fdt_writer *w, const char *name, uint64_t value);
void fdt_writer_cells(struct fdt_writer *w, const char *name, const uint32_t *values, size_t count);

/* "reg" of one address and size, two cells each. */
void fdt_writer_reg(struct fdt_writer *w, uint64_t base, uint64_t size_bytes);

/* "interrupts" of one shared interrupt; @trigger is FDT_IRQ_*. */
void fdt_writer_spi(struct fdt_writer *w, uint32_t spi, uint32_t trigger);

#endif /* VMM_BOOT_FDT_WRITER_H */
