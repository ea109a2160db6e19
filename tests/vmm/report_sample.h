/* SPDX-License-Identifier: BSD-3-Clause */
/* Histories to draw, for the unit tests and for the test in a browser. */
#ifndef TESTS_VMM_REPORT_SAMPLE_H
#define TESTS_VMM_REPORT_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/history.h"

/* 2026-11-25 08:00:00 UTC; the samples last 10 hours. */
#define SAMPLE_BEGIN_NS INT64_C(1795593600000000000)
#define SAMPLE_HOUR_NS INT64_C(3600000000000)
#define SAMPLE_NOW_NS (SAMPLE_BEGIN_NS + 10 * SAMPLE_HOUR_NS)

/* What a name, a cause and whoever asked may have in them. */
#define SAMPLE_HOSTILE "</script><script>hacked=1</script><b onclick=\"hacked=1\">'&amp;\x01\xFF"

/**
 * sample_event() - one of @history's last machine, from a state to a state
 * @detail: JSON, or NULL
 */
void sample_event(struct history *history, int64_t time_ns, const char *kind,
		  enum machine_state from, enum machine_state to, const char *cause, const char *by,
		  const char *detail);

/**
 * sample_make() - a settled history, by name
 * @name: "usual": each state for an hour or more, on machines web, build and spare. "none": no
 *        machine. "hostile": words that a page must not take for its own. "many": 100,000 events
 * @limit: as history_init() has it
 *
 * Return: whether there is one of that name; it is for history_free() in any case.
 */
bool sample_make(const char *name, size_t limit, struct history *history);

#endif /* TESTS_VMM_REPORT_SAMPLE_H */
