/* SPDX-License-Identifier: BSD-3-Clause */
/* A history as Chrome's trace events. */
#ifndef VMM_REPORT_TRACE_H
#define VMM_REPORT_TRACE_H

#include <stdio.h>

#include "report/history.h"

/**
 * trace_write() - write it; a failure shows in the stream
 * @history: settled
 */
void trace_write(FILE *stream, const struct history *history);

#endif /* VMM_REPORT_TRACE_H */
