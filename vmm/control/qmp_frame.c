/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp_frame.h"

#include <stdlib.h>

#define RESYNC 0xFF
#define FIRST_CAPACITY ((size_t)512)

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == RESYNC;
}

static bool append(struct qmp_frame *frame, uint8_t byte)
{
	if (frame->count == frame->capacity) {
		size_t capacity = frame->capacity == 0 ? FIRST_CAPACITY : frame->capacity * 2;
		char *bytes = frame->count < QMP_MESSAGE_SIZE_MAX ? realloc(frame->bytes, capacity)
								  : NULL;

		if (bytes == NULL) {
			return false;
		}
		frame->bytes = bytes;
		frame->capacity = capacity;
	}
	frame->bytes[frame->count++] = (char)byte;
	return true;
}

/* Between messages. */
static enum qmp_frame_result push_outside(struct qmp_frame *frame, uint8_t byte)
{
	bool was_skipping = frame->skipping;

	if (byte == '{' || byte == '[') {
		frame->skipping = false;
		frame->depth = 1;
		return append(frame, byte) ? QMP_FRAME_MORE : QMP_FRAME_TOO_BIG;
	}
	if (is_control(byte)) {
		frame->skipping = false;
		return is_space(byte) || byte == RESYNC || was_skipping ? QMP_FRAME_MORE
									: QMP_FRAME_BAD;
	}
	if (was_skipping || is_space(byte)) {
		return QMP_FRAME_MORE;
	}
	frame->skipping = true;
	return QMP_FRAME_BAD;
}

static void push_string(struct qmp_frame *frame, uint8_t byte)
{
	if (frame->escaped) {
		frame->escaped = false;
	} else if (byte == '\\') {
		frame->escaped = true;
	} else if ((char)byte == frame->quote) {
		frame->quote = 0;
	}
}

static void push_structure(struct qmp_frame *frame, uint8_t byte)
{
	switch (byte) {
	case '"':
	case '\'':
		frame->quote = (char)byte;
		break;
	case '{':
	case '[':
		frame->depth++;
		break;
	case '}':
	case ']':
		frame->depth--;
		break;
	default:
		break;
	}
}

enum qmp_frame_result qmp_frame_push(struct qmp_frame *frame, uint8_t byte)
{
	if (frame->depth == 0) {
		return push_outside(frame, byte);
	}
	if (is_control(byte) && (frame->quote != 0 || !is_space(byte))) {
		qmp_frame_reset(frame);
		return QMP_FRAME_BAD;
	}
	if (!append(frame, byte)) {
		return QMP_FRAME_TOO_BIG;
	}
	if (frame->quote != 0) {
		push_string(frame, byte);
	} else {
		push_structure(frame, byte);
	}
	return frame->depth == 0 ? QMP_FRAME_MESSAGE : QMP_FRAME_MORE;
}

void qmp_frame_reset(struct qmp_frame *frame)
{
	frame->count = 0;
	frame->depth = 0;
	frame->quote = 0;
	frame->escaped = false;
	frame->skipping = false;
}

void qmp_frame_free(struct qmp_frame *frame)
{
	free(frame->bytes);
	*frame = (struct qmp_frame){0};
}
