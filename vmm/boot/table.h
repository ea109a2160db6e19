/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Little-endian tables being written, front to back, into memory of the caller's that a guest will
 * find at some address.
 *
 * Once there is no more room nothing more is written, so that is looked at once, at the end. One
 * thread.
 */
#ifndef VMM_BOOT_TABLE_H
#define VMM_BOOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the header that all ACPI tables but RSDP and FACS have. */
#define TABLE_HEADER_BYTES 36U
#define TABLE_SIGNATURE_BYTES 4U

/**
 * struct table_writer - memory being filled
 * @to:         where to
 * @ipa:        where the guest finds its first byte
 * @size_bytes: room there
 * @used_bytes: written so far; 0 at first
 * @full:       there was no room for something
 */
struct table_writer {
	uint8_t *to;
	uint64_t ipa;
	size_t size_bytes;
	size_t used_bytes;
	bool full;
};

/* The next bytes. */
void table_bytes(struct table_writer *w, const void *bytes, size_t count);
void table_zeros(struct table_writer *w, size_t count);
void table_u8(struct table_writer *w, uint8_t value);
void table_u16(struct table_writer *w, uint16_t value);
void table_u32(struct table_writer *w, uint32_t value);
void table_u64(struct table_writer *w, uint64_t value);

/** table_align() - zeros up to the next multiple of @align_bytes of the guest's address */
void table_align(struct table_writer *w, size_t align_bytes);

/** table_here() - the guest's address of the next byte */
uint64_t table_here(const struct table_writer *w);

/**
 * table_insert() - make room among what was written
 * @at:    a former @used_bytes; what is there and after moves up
 * @count: bytes
 *
 * Return: the room, to be filled; NULL if there is none.
 */
uint8_t *table_insert(struct table_writer *w, size_t at, size_t count);

/**
 * table_begin() - an ACPI table's header, at a multiple of 16
 * @signature: four characters
 * @revision:  of the table
 *
 * Return: for table_end().
 */
size_t table_begin(struct table_writer *w, const char *signature, uint8_t revision);

/** table_end() - fill in length and checksum of what table_begin() began */
void table_end(struct table_writer *w, size_t begin);

/** table_checksum() - the byte that makes the sum of all 0, while itself is 0 */
uint8_t table_checksum(const uint8_t *bytes, size_t count);

#endif /* VMM_BOOT_TABLE_H */
