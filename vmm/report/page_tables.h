/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the page that is text: what there is, what is not, and the events as tables. */
#ifndef VMM_REPORT_PAGE_TABLES_H
#define VMM_REPORT_PAGE_TABLES_H

#include <stdio.h>

#include "report/history.h"

/** page_summary() - how many machines, from when to when */
void page_summary(FILE *stream, const struct history *history);

/** page_notes() - what a reader must know: events that are left out, a clock that was wrong */
void page_notes(FILE *stream, const struct history *history);

/** page_tables() - a table a machine */
void page_tables(FILE *stream, const struct history *history);

/** page_detail() - an event's detail as "cpu 0, intid 34", by @put */
void page_detail(FILE *stream, const struct history_event *event,
		 void (*put)(FILE *stream, const char *text));

#endif /* VMM_REPORT_PAGE_TABLES_H */
