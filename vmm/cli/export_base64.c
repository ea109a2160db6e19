/* SPDX-License-Identifier: BSD-3-Clause */
/* Base 64, RFC 4648, section 4. */
#include <stdlib.h>
#include <string.h>

#include "cli/export.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *export_base64(const struct export_blob *blob)
{
	char *text = malloc((blob->count + 2) / 3 * 4 + 1);
	char *out = text;

	if (text == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < blob->count; i += 3) {
		size_t left = blob->count - i;
		uint32_t group = (uint32_t)blob->bytes[i] << 16;

		group |= left > 1 ? (uint32_t)blob->bytes[i + 1] << 8 : 0;
		group |= left > 2 ? blob->bytes[i + 2] : 0;
		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[group & 63] : '=';
	}
	*out = '\0';
	return text;
}

/* Four digits, of which the last @padding are '='; false if one is no digit. */
static bool read_group(const char *text, size_t padding, uint32_t *group)
{
	*group = 0;
	for (size_t i = 0; i < 4; i++) {
		const char *digit = i < 4 - padding ? strchr(digits, text[i]) : digits;

		if (digit == NULL || *digit == '\0') {
			return false;
		}
		*group = *group << 6 | (uint32_t)(digit - digits);
	}
	return true;
}

bool export_base64_read(const char *text, struct export_blob *blob)
{
	size_t length = strlen(text);
	size_t used = 0;

	*blob = (struct export_blob){.bytes = malloc(length / 4 * 3 + 1)};
	for (size_t i = 0; blob->bytes != NULL && i + 4 <= length; i += 4) {
		bool last = i + 4 == length;
		size_t padding = last && text[i + 3] == '=' ? 1 + (text[i + 2] == '=') : 0;
		uint32_t group;

		if (!read_group(text + i, padding, &group)) {
			break;
		}
		for (size_t j = 0; j < 3 - padding; j++) {
			blob->bytes[blob->count++] = (uint8_t)(group >> (16 - 8 * j));
		}
		used = i + 4;
	}
	if (blob->bytes == NULL || used != length) {
		free(blob->bytes);
		*blob = (struct export_blob){.bytes = NULL};
		return false;
	}
	return true;
}
