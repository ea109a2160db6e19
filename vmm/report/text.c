/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define REPLACEMENT 0xFFFDU

/* A lead byte's mask and value, and the least code point that needs so many bytes. */
static const struct utf8_form {
	uint8_t mask;
	uint8_t lead;
	uint32_t least;
} utf8_forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

static bool is_scalar(uint32_t code)
{
	return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

/* The next code point of a string that is not at its end; what is malformed is one a byte. */
static uint32_t next(const char **text)
{
	const unsigned char *bytes = (const unsigned char *)*text;

	for (size_t more = 0; more < sizeof(utf8_forms) / sizeof(utf8_forms[0]); more++) {
		const struct utf8_form *form = &utf8_forms[more];
		uint32_t code = bytes[0] & (uint8_t)~form->mask;
		size_t i = 1;

		if ((bytes[0] & form->mask) != form->lead) {
			continue;
		}
		while (i <= more && (bytes[i] & 0xC0) == 0x80) {
			code = code << 6 | (bytes[i] & 0x3F);
			i++;
		}
		if (i <= more || code < form->least || !is_scalar(code)) {
			break;
		}
		*text += i;
		return code < 0x20 || (code >= 0x7F && code < 0xA0) ? ' ' : code;
	}
	*text += 1;
	return REPLACEMENT;
}

static void put_utf8(FILE *stream, uint32_t code)
{
	if (code < 0x80) {
		(void)putc((int)code, stream);
		return;
	}
	if (code < 0x800) {
		(void)putc((int)(0xC0 | code >> 6), stream);
	} else {
		if (code < 0x10000) {
			(void)putc((int)(0xE0 | code >> 12), stream);
		} else {
			(void)putc((int)(0xF0 | code >> 18), stream);
			(void)putc((int)(0x80 | (code >> 12 & 0x3F)), stream);
		}
		(void)putc((int)(0x80 | (code >> 6 & 0x3F)), stream);
	}
	(void)putc((int)(0x80 | (code & 0x3F)), stream);
}

void text_html(FILE *stream, const char *text)
{
	while (*text != '\0') {
		uint32_t code = next(&text);

		switch (code) {
		case '<':
		case '>':
		case '&':
		case '"':
		case '\'':
			(void)fprintf(stream, "&#%u;", code);
			break;
		default:
			put_utf8(stream, code);
			break;
		}
	}
}

void text_json(FILE *stream, const char *text)
{
	(void)putc('"', stream);
	while (*text != '\0') {
		uint32_t code = next(&text);

		/* Those of HTML too: a script element ends at "</script", whatever is in it. */
		if (code < 0x80 && strchr("\"\\<>&", (int)code) != NULL) {
			(void)fprintf(stream, "\\u%04x", code);
		} else {
			put_utf8(stream, code);
		}
	}
	(void)putc('"', stream);
}

void text_time(int64_t time_ns, char text[TEXT_TIME_SIZE])
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm tm;
	size_t length;

	if (gmtime_r(&seconds, &tm) == NULL) {
		(void)snprintf(text, TEXT_TIME_SIZE, "?");
		return;
	}
	length = strftime(text, TEXT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(text + length, TEXT_TIME_SIZE - length, ".%03u",
		       (unsigned)(time_ns / 1000000 % 1000));
}
