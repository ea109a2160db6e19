/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The history of machines as something to look at: a page for a browser, or a trace for Perfetto.
 *
 * Both are files that are written whole or not at all: what was there before stays until the new
 * one is complete and on the disk. The same history at the same @now_ns gives the same bytes.
 */
#ifndef VMM_REPORT_REPORT_H
#define VMM_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host/store.h"

/**
 * report_html() - one self-contained page with each machine's power states over time
 * @names:  of the machines, in the order in which they are to be shown; NULL for all
 * @count:  of @names
 * @path:   of the file, or "-" for standard output
 * @now_ns: CLOCK_REALTIME; where the bars end
 *
 * A long history is cut at its old end, and the page says so.
 *
 * Return: 0; -ENOENT if there is no machine of one of the @names, or another -errno; then with
 * @error filled.
 */
int report_html(struct store *store, const char *const *names, size_t count, const char *path,
		int64_t now_ns, struct vmm_error *error);

/**
 * report_trace() - the same as Chrome's trace events, a form of JSON that Perfetto opens
 *
 * One process a machine, with a track of its states and one of each of its CPUs.
 *
 * Return: as report_html().
 */
int report_trace(struct store *store, const char *const *names, size_t count, const char *path,
		 int64_t now_ns, struct vmm_error *error);

#endif /* VMM_REPORT_REPORT_H */
