/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of RAM that the guest's kernel keeps its hands off. */
#include <inttypes.h>

#include "boot/fdt_internal.h"

/* The values of mem-type: this is "cached". */
#define RAMOOPS_CACHED 2
#define RAMOOPS_RECORD_BYTES 0x4000

/*
 * Linux's ramoops, which leaves there what it had to say before a crash: half of the region for
 * dumps, each of them as long as pstore makes one by default; a quarter for the console and one
 * for user space. Mapped as the rest of RAM is, so that no address has two kinds of mapping; and
 * within what a hibernation saves, so that a resumed guest finds it as it left it.
 */
void fdt_write_reserved(struct fdt_writer *w, const struct fdt_config *config)
{
	uint64_t size_bytes = config->ramoops_size_bytes;
	uint64_t base = config->ram_ipa + config->ram_size_bytes - size_bytes;

	if (size_bytes == 0) {
		return;
	}
	fdt_writer_begin(w, "reserved-memory");
	fdt_writer_u32(w, "#address-cells", 2);
	fdt_writer_u32(w, "#size-cells", 2);
	fdt_writer_put(w, "ranges", NULL, 0);
	fdt_writer_begin_named(w, "ramoops@%" PRIx64, base);
	fdt_writer_string(w, "compatible", "ramoops");
	fdt_writer_reg(w, base, size_bytes);
	fdt_writer_u32(w, "record-size", RAMOOPS_RECORD_BYTES);
	fdt_writer_u32(w, "console-size", (uint32_t)(size_bytes / 4));
	fdt_writer_u32(w, "pmsg-size", (uint32_t)(size_bytes / 4));
	fdt_writer_u32(w, "mem-type", RAMOOPS_CACHED);
	fdt_writer_end(w);
	fdt_writer_end(w);
}
