/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/escape.h"

enum escape_action escape_feed(struct escape *escape, uint8_t key, uint8_t bytes[2], size_t *count)
{
	*count = 0;
	if (!escape->pending) {
		escape->pending = key == ESCAPE_KEY;
		if (!escape->pending) {
			bytes[(*count)++] = key;
		}
		return ESCAPE_NONE;
	}
	escape->pending = false;
	if (escape->attached && (key == 'd' || key == 'D')) {
		return ESCAPE_DETACH;
	}
	switch (key) {
	case 'x':
	case 'X':
		return ESCAPE_END;
	case 'p':
	case 'P':
		return ESCAPE_POWER;
	case 'c':
	case 'h':
	case '?':
		return ESCAPE_HELP;
	case ESCAPE_KEY:
		break;
	default:
		bytes[(*count)++] = ESCAPE_KEY;
		break;
	}
	bytes[(*count)++] = key;
	return ESCAPE_NONE;
}
