/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of users and guests, in a page or in JSON.
 *
 * What is no UTF-8 becomes U+FFFD, what is a control character a blank. A failure to write shows
 * in the stream.
 */
#ifndef VMM_REPORT_TEXT_H
#define VMM_REPORT_TEXT_H

#include <stdint.h>
#include <stdio.h>

#define TEXT_TIME_SIZE 32

/** text_html() - as the text of an element or the value of a quoted attribute */
void text_html(FILE *stream, const char *text);

/** text_json() - as a JSON string with its quotes, which may stand in an HTML script element */
void text_json(FILE *stream, const char *text);

/** text_time() - of CLOCK_REALTIME as "2026-11-25 22:15:07.123", UTC */
void text_time(int64_t time_ns, char text[TEXT_TIME_SIZE]);

#endif /* VMM_REPORT_TEXT_H */
