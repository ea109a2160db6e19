/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

#include <errno.h>

#include "report/history.h"
#include "report/page.h"
#include "report/trace.h"
#include "report/whole_file.h"

/* What a browser draws at once, and what Perfetto reads in seconds. */
#define PAGE_EVENTS 10000
#define TRACE_EVENTS 1000000

static int write_file(const struct history *history, const char *path,
		      void (*write)(FILE *stream, const struct history *history),
		      struct vmm_error *error)
{
	struct whole_file file;
	int result = whole_file_open(&file, path, error);

	if (result != 0) {
		return result;
	}
	write(file.stream, history);
	return whole_file_commit(&file, error);
}

static int report(struct store *store, const char *const *names, size_t count, size_t total,
		  int64_t now_ns, const char *path,
		  void (*write)(FILE *stream, const struct history *history),
		  struct vmm_error *error)
{
	struct history history;
	int result;

	history_init(&history, total);
	result = history_read(&history, store, names, count, total, error);
	if (result == 0 && history_settle(&history, now_ns) != 0) {
		vmm_error_set(error, "%s: the history is larger than the memory that is free",
			      path);
		result = -ENOMEM;
	}
	if (result == 0) {
		result = write_file(&history, path, write, error);
	}
	history_free(&history);
	return result;
}

int report_html(struct store *store, const char *const *names, size_t count, const char *path,
		int64_t now_ns, struct vmm_error *error)
{
	return report(store, names, count, PAGE_EVENTS, now_ns, path, page_write, error);
}

int report_trace(struct store *store, const char *const *names, size_t count, const char *path,
		 int64_t now_ns, struct vmm_error *error)
{
	return report(store, names, count, TRACE_EVENTS, now_ns, path, trace_write, error);
}
