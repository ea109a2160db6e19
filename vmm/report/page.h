/* SPDX-License-Identifier: BSD-3-Clause */
/* A history as a page for a browser. */
#ifndef VMM_REPORT_PAGE_H
#define VMM_REPORT_PAGE_H

#include <stdio.h>

#include "report/history.h"

/* The page with its style and script, where @NAME@ stands for what page.c writes there. */
extern const char page_template[];

/**
 * page_write() - write it; a failure shows in the stream
 * @history: settled
 */
void page_write(FILE *stream, const struct history *history);

#endif /* VMM_REPORT_PAGE_H */
