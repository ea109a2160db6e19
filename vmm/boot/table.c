/* SPDX-License-Identifier: BSD-3-Clause */
/* The header is that of ACPI 6.3, 5.2.6. */
#include "boot/table.h"

#include <endian.h>
#include <string.h>

#define HEADER_LENGTH_AT 4
#define HEADER_CHECKSUM_AT 9
/* Who made the tables, and for which machine type; revisions of both. */
#define OEM_ID "TORPOR"
#define OEM_TABLE_ID "TORPOR-1"
#define OEM_REVISION 1
#define CREATOR_ID "TRPR"
#define CREATOR_REVISION 1
#define TABLE_ALIGN_BYTES 16

/* Room for the next bytes, or NULL. */
static uint8_t *claim(struct table_writer *w, size_t count)
{
	uint8_t *to = w->to + w->used_bytes;

	if (w->full || count > w->size_bytes - w->used_bytes) {
		w->full = true;
		return NULL;
	}
	w->used_bytes += count;
	return to;
}

void table_bytes(struct table_writer *w, const void *bytes, size_t count)
{
	uint8_t *to = claim(w, count);

	if (to != NULL) {
		memcpy(to, bytes, count);
	}
}

void table_zeros(struct table_writer *w, size_t count)
{
	uint8_t *to = claim(w, count);

	if (to != NULL) {
		memset(to, 0, count);
	}
}

void table_u8(struct table_writer *w, uint8_t value)
{
	table_bytes(w, &value, sizeof(value));
}

void table_u16(struct table_writer *w, uint16_t value)
{
	uint16_t le = htole16(value);

	table_bytes(w, &le, sizeof(le));
}

void table_u32(struct table_writer *w, uint32_t value)
{
	uint32_t le = htole32(value);

	table_bytes(w, &le, sizeof(le));
}

void table_u64(struct table_writer *w, uint64_t value)
{
	uint64_t le = htole64(value);

	table_bytes(w, &le, sizeof(le));
}

uint64_t table_here(const struct table_writer *w)
{
	return w->ipa + w->used_bytes;
}

void table_align(struct table_writer *w, size_t align_bytes)
{
	size_t over = (size_t)(table_here(w) % align_bytes);

	if (over != 0) {
		table_zeros(w, align_bytes - over);
	}
}

uint8_t *table_insert(struct table_writer *w, size_t at, size_t count)
{
	size_t behind = w->used_bytes - at;

	if (claim(w, count) == NULL) {
		return NULL;
	}
	memmove(w->to + at + count, w->to + at, behind);
	return w->to + at;
}

size_t table_begin(struct table_writer *w, const char *signature, uint8_t revision)
{
	size_t begin;

	table_align(w, TABLE_ALIGN_BYTES);
	begin = w->used_bytes;
	table_bytes(w, signature, TABLE_SIGNATURE_BYTES);
	table_u32(w, 0);
	table_u8(w, revision);
	table_u8(w, 0);
	table_bytes(w, OEM_ID, strlen(OEM_ID));
	table_bytes(w, OEM_TABLE_ID, strlen(OEM_TABLE_ID));
	table_u32(w, OEM_REVISION);
	table_bytes(w, CREATOR_ID, strlen(CREATOR_ID));
	table_u32(w, CREATOR_REVISION);
	return begin;
}

void table_end(struct table_writer *w, size_t begin)
{
	uint32_t length = htole32((uint32_t)(w->used_bytes - begin));

	if (!w->full) {
		memcpy(w->to + begin + HEADER_LENGTH_AT, &length, sizeof(length));
		w->to[begin + HEADER_CHECKSUM_AT] =
			table_checksum(w->to + begin, w->used_bytes - begin);
	}
}

uint8_t table_checksum(const uint8_t *bytes, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += bytes[i];
	}
	return (uint8_t)(0U - sum);
}
