/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: where a QMP message ends
 *
 * QMP has no framing but JSON's own, and a parser that meets a syntax error cannot say where the
 * next message starts. So messages are cut out first, by their brackets and quotes alone, and
 * each is parsed whole. After an error a control character (a newline, say), an opening bracket or
 * the byte 0xFF, which is never part of JSON, starts afresh.
 *
 * The caller owns the struct; no thread but one at a time.
 */
#ifndef VMM_CONTROL_QMP_FRAME_H
#define VMM_CONTROL_QMP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QMP_MESSAGE_SIZE_MAX ((size_t)64 << 10)

/**
 * struct qmp_frame - a message that is being received
 * @bytes:    its text so far; not terminated
 * @count:    in bytes
 * @capacity: of @bytes
 * @depth:    brackets that are open
 * @quote:    that ends the string we are in, or 0
 * @escaped:  the next byte belongs to a backslash
 * @skipping: this is the rest of something that was no message
 */
struct qmp_frame {
	char *bytes;
	size_t count;
	size_t capacity;
	size_t depth;
	char quote;
	bool escaped;
	bool skipping;
};

/**
 * enum qmp_frame_result - what a byte did
 * @QMP_FRAME_MORE:    go on
 * @QMP_FRAME_MESSAGE: @bytes is whole: parse it, then qmp_frame_reset()
 * @QMP_FRAME_BAD:     this can't become a message; told once, the frame looks for the next
 * @QMP_FRAME_TOO_BIG: over QMP_MESSAGE_SIZE_MAX, or out of memory: close the connection
 */
enum qmp_frame_result {
	QMP_FRAME_MORE,
	QMP_FRAME_MESSAGE,
	QMP_FRAME_BAD,
	QMP_FRAME_TOO_BIG,
};

/** qmp_frame_push() - the next byte */
enum qmp_frame_result qmp_frame_push(struct qmp_frame *frame, uint8_t byte);

/** qmp_frame_reset() - forget the message */
void qmp_frame_reset(struct qmp_frame *frame);

/** qmp_frame_free() - give the memory back; the frame can be used again */
void qmp_frame_free(struct qmp_frame *frame);

#endif /* VMM_CONTROL_QMP_FRAME_H */
