/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device tree of boot/fdt.h, built and read back with libfdt, and dtc's opinion of it.
 */
#ifndef TESTS_VMM_FDT_TREE_H
#define TESTS_VMM_FDT_TREE_H

#include "check.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/fdt.h"
#include "temp_file.h"

#define TREE_BYTES 65536

/* The caller's: test_free() it. */
static inline void *build(const struct fdt_config *config)
{
	void *fdt = test_malloc(TREE_BYTES);
	struct vmm_error err = {.text = ""};

	if (fdt_build(config, fdt, TREE_BYTES, &err) != 0) {
		fail_msg("no tree: %s", err.text);
	}
	assert_int_equal(fdt_check_full(fdt, TREE_BYTES), 0);
	return fdt;
}

static inline bool has(const void *fdt, const char *path)
{
	return fdt_path_offset(fdt, path) >= 0;
}

/* NULL if the node, which must be there, has no such property. */
static inline const void *prop(const void *fdt, const char *path, const char *name, int *len)
{
	int node = fdt_path_offset(fdt, path);

	if (node < 0) {
		fail_msg("there is no %s", path);
	}
	return fdt_getprop(fdt, node, name, len);
}

static inline uint32_t cell(const void *fdt, const char *path, const char *name, unsigned index)
{
	int len;
	const fdt32_t *cells = prop(fdt, path, name, &len);

	assert_non_null(cells);
	assert_true((unsigned)len >= 4 * (index + 1));
	return fdt32_ld(&cells[index]);
}

static inline uint64_t cell64(const void *fdt, const char *path, const char *name, unsigned index)
{
	return (uint64_t)cell(fdt, path, name, 2 * index) << 32 |
	       cell(fdt, path, name, 2 * index + 1);
}

static inline void assert_strings(const void *fdt, const char *path, const char *name,
				  const char *want, size_t want_bytes)
{
	int len;
	const char *have = prop(fdt, path, name, &len);

	assert_int_equal(len, want_bytes);
	assert_memory_equal(have, want, want_bytes);
}

/* Cell @index is the phandle of the node at @to. */
static inline void assert_points(const void *fdt, const char *path, const char *name,
				 unsigned index, const char *to)
{
	assert_int_equal(cell(fdt, path, name, index), cell(fdt, to, "phandle", 0));
}

/* dtc checks addresses, names, references and interrupts; a warning is a failure. */
static inline void assert_dtc_is_content(const struct fdt_config *config)
{
	void *fdt = build(config);
	struct temp_dir dir;
	char command[256];
	char line[256];
	FILE *dtc;

	temp_dir_make(&dir);
	temp_write(&dir, "tree.dtb", fdt, fdt_totalsize(fdt));
	(void)snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null %s 2>&1",
		       temp_path(&dir, "tree.dtb"));
	dtc = popen(command, "r");
	assert_non_null(dtc);
	if (fgets(line, sizeof(line), dtc) != NULL) {
		fail_msg("dtc: %s", line);
	}
	assert_int_equal(pclose(dtc), 0);
	test_free(fdt);
	temp_dir_remove(&dir);
}

static inline void skip_without_dtc(void)
{
	if (system("dtc --version >/dev/null 2>&1") != 0) {
		print_message("dtc is not installed\n");
		skip();
	}
}

#endif /* TESTS_VMM_FDT_TREE_H */
