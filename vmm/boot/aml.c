/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/aml.h"

#include <string.h>

#define OP_ZERO 0x00
#define OP_ONE 0x01
#define OP_NAME 0x08
#define OP_BYTE 0x0A
#define OP_WORD 0x0B
#define OP_DWORD 0x0C
#define OP_STRING 0x0D
#define OP_QWORD 0x0E
#define OP_SCOPE 0x10
#define OP_BUFFER 0x11
#define OP_PACKAGE 0x12
#define OP_METHOD 0x14
#define OP_DUAL_NAME 0x2E
#define OP_MULTI_NAME 0x2F
#define OP_EXT 0x5B
#define OP_EXT_REGION 0x80
#define OP_EXT_FIELD 0x81
#define OP_EXT_DEVICE 0x82
#define OP_ROOT 0x5C
#define OP_IF 0xA0
#define OP_ELSE 0xA1

#define SEGMENT_BYTES 4
#define REGION_SYSTEM_MEMORY 0

/* PkgLength: the low 4 bits, or all 6, stand in its first byte, with the number of others. */
#define PKG_ONE_BYTE_MAX 0x3F
#define PKG_BYTES_MAX 4

void aml_op(struct table_writer *w, enum aml_op op)
{
	table_u8(w, (uint8_t)op);
}

/* Up to four characters, or up to the next dot; where the next segment begins. */
static const char *put_segment(struct table_writer *w, const char *name)
{
	char segment[SEGMENT_BYTES] = {'_', '_', '_', '_'};
	size_t length = strcspn(name, ".");

	memcpy(segment, name, length < sizeof(segment) ? length : sizeof(segment));
	table_bytes(w, segment, sizeof(segment));
	return name[length] == '.' ? name + length + 1 : NULL;
}

void aml_name(struct table_writer *w, const char *name)
{
	size_t count = 1;

	if (name[0] == '\\') {
		table_u8(w, OP_ROOT);
		name++;
	}
	for (const char *c = name; *c != '\0'; c++) {
		count += *c == '.';
	}
	if (count == 2) {
		table_u8(w, OP_DUAL_NAME);
	} else if (count > 2) {
		table_u8(w, OP_MULTI_NAME);
		table_u8(w, (uint8_t)count);
	}
	while (name != NULL) {
		name = put_segment(w, name);
	}
}

void aml_integer(struct table_writer *w, uint64_t value)
{
	if (value <= 1) {
		table_u8(w, value == 0 ? OP_ZERO : OP_ONE);
	} else if (value <= UINT8_MAX) {
		table_u8(w, OP_BYTE);
		table_u8(w, (uint8_t)value);
	} else if (value <= UINT16_MAX) {
		table_u8(w, OP_WORD);
		table_u16(w, (uint16_t)value);
	} else if (value <= UINT32_MAX) {
		table_u8(w, OP_DWORD);
		table_u32(w, (uint32_t)value);
	} else {
		table_u8(w, OP_QWORD);
		table_u64(w, value);
	}
}

void aml_string(struct table_writer *w, const char *text)
{
	table_u8(w, OP_STRING);
	table_bytes(w, text, strlen(text) + 1);
}

/* The bytes of a PkgLength for a value that they are not part of; how many. */
static size_t encode_length(uint8_t bytes[PKG_BYTES_MAX], size_t value)
{
	size_t count = 1;

	if (value <= PKG_ONE_BYTE_MAX) {
		bytes[0] = (uint8_t)value;
		return 1;
	}
	bytes[0] = value & 0xF;
	for (value >>= 4; value != 0 && count < PKG_BYTES_MAX; value >>= 8) {
		bytes[count++] = (uint8_t)value;
	}
	bytes[0] |= (uint8_t)((count - 1) << 6);
	return count;
}

void aml_end(struct table_writer *w, size_t begin)
{
	uint8_t bytes[PKG_BYTES_MAX];
	size_t body = w->used_bytes - begin;
	size_t count = 1;
	uint8_t *to;

	/* The length counts its own bytes. */
	while (encode_length(bytes, body + count) > count) {
		count++;
	}
	to = table_insert(w, begin, count);
	if (to != NULL) {
		memcpy(to, bytes, count);
	}
}

size_t aml_scope(struct table_writer *w, const char *name)
{
	size_t begin;

	table_u8(w, OP_SCOPE);
	begin = w->used_bytes;
	aml_name(w, name);
	return begin;
}

size_t aml_device(struct table_writer *w, const char *name)
{
	size_t begin;

	table_u8(w, OP_EXT);
	table_u8(w, OP_EXT_DEVICE);
	begin = w->used_bytes;
	aml_name(w, name);
	return begin;
}

size_t aml_method(struct table_writer *w, const char *name, unsigned flags)
{
	size_t begin;

	table_u8(w, OP_METHOD);
	begin = w->used_bytes;
	aml_name(w, name);
	table_u8(w, (uint8_t)flags);
	return begin;
}

void aml_define(struct table_writer *w, const char *name)
{
	table_u8(w, OP_NAME);
	aml_name(w, name);
}

void aml_define_integer(struct table_writer *w, const char *name, uint64_t value)
{
	aml_define(w, name);
	aml_integer(w, value);
}

void aml_define_string(struct table_writer *w, const char *name, const char *text)
{
	aml_define(w, name);
	aml_string(w, text);
}

size_t aml_if(struct table_writer *w)
{
	table_u8(w, OP_IF);
	return w->used_bytes;
}

size_t aml_else(struct table_writer *w)
{
	table_u8(w, OP_ELSE);
	return w->used_bytes;
}

size_t aml_package(struct table_writer *w, unsigned count)
{
	size_t begin;

	table_u8(w, OP_PACKAGE);
	begin = w->used_bytes;
	table_u8(w, (uint8_t)count);
	return begin;
}

void aml_buffer(struct table_writer *w, const void *bytes, size_t count)
{
	size_t begin;

	table_u8(w, OP_BUFFER);
	begin = w->used_bytes;
	aml_integer(w, count);
	table_bytes(w, bytes, count);
	aml_end(w, begin);
}

void aml_memory_region(struct table_writer *w, const char *name, uint64_t base, uint64_t len_bytes)
{
	table_u8(w, OP_EXT);
	table_u8(w, OP_EXT_REGION);
	aml_name(w, name);
	table_u8(w, REGION_SYSTEM_MEMORY);
	aml_integer(w, base);
	aml_integer(w, len_bytes);
}

size_t aml_fields(struct table_writer *w, const char *region, unsigned access)
{
	size_t begin;

	table_u8(w, OP_EXT);
	table_u8(w, OP_EXT_FIELD);
	begin = w->used_bytes;
	aml_name(w, region);
	/* No lock; bits that are not written keep their values. */
	table_u8(w, (uint8_t)access);
	return begin;
}

static void put_bits(struct table_writer *w, uint32_t bits)
{
	uint8_t bytes[PKG_BYTES_MAX];

	table_bytes(w, bytes, encode_length(bytes, bits));
}

void aml_field(struct table_writer *w, const char *name, uint32_t bits)
{
	(void)put_segment(w, name);
	put_bits(w, bits);
}

void aml_field_gap(struct table_writer *w, uint32_t bits)
{
	table_u8(w, 0);
	put_bits(w, bits);
}

void aml_set_integer(struct table_writer *w, const char *name, uint64_t value)
{
	aml_op(w, AML_STORE);
	aml_integer(w, value);
	aml_name(w, name);
}

void aml_get(struct table_writer *w, const char *name, unsigned to)
{
	aml_op(w, AML_STORE);
	aml_name(w, name);
	aml_op(w, AML_LOCAL(to));
}

void aml_return_integer(struct table_writer *w, uint64_t value)
{
	aml_op(w, AML_RETURN);
	aml_integer(w, value);
}
