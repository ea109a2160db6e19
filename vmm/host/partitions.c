/* SPDX-License-Identifier: BSD-3-Clause */
/* "GUID Partition Table (GPT) Disk Layout" of the UEFI standard, section 5. */
#include "host/partitions.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define GPT_SIGNATURE "EFI PART"
#define GPT_ENTRY_BYTES_MAX 4096
#define MBR_ENTRIES_AT 446
#define MBR_ENTRY_COUNT 4
#define MBR_SIGNATURE_AT 510
#define MBR_TYPE_GPT 0xEE

struct gpt_header {
	char signature[8];
	uint8_t not_used[64];
	uint64_t entries_lba;
	uint32_t entry_count;
	uint32_t entry_bytes;
} __attribute__((packed));

struct gpt_entry {
	uint8_t type[16];
	uint8_t id[16];
	uint64_t first_lba;
	uint64_t last_lba;
} __attribute__((packed));

struct mbr_entry {
	uint8_t not_used[4];
	uint8_t type;
	uint8_t not_used_either[3];
	uint32_t first_lba;
	uint32_t count;
} __attribute__((packed));

/* The disk that is looked at, and what was found. */
struct search {
	int fd;
	uint64_t size_bytes;
	uint64_t *starts;
	size_t count;
};

static bool read_at(const struct search *search, uint64_t offset, void *to, size_t len_bytes)
{
	return offset <= search->size_bytes && len_bytes <= search->size_bytes - offset &&
	       pread(search->fd, to, len_bytes, (off_t)offset) == (ssize_t)len_bytes;
}

static void add(struct search *search, uint64_t lba, uint64_t lba_bytes)
{
	if (search->count < PARTITIONS_MAX && lba != 0 && lba < search->size_bytes / lba_bytes) {
		search->starts[search->count++] = lba * lba_bytes;
	}
}

static bool find_gpt(struct search *search, uint64_t lba_bytes)
{
	static const uint8_t unused[16];
	struct gpt_header header;
	uint64_t at;
	uint32_t entry_bytes;

	if (!read_at(search, lba_bytes, &header, sizeof(header)) ||
	    memcmp(header.signature, GPT_SIGNATURE, sizeof(header.signature)) != 0) {
		return false;
	}
	entry_bytes = le32toh(header.entry_bytes);
	if (le64toh(header.entries_lba) >= search->size_bytes / lba_bytes ||
	    entry_bytes < sizeof(struct gpt_entry) || entry_bytes > GPT_ENTRY_BYTES_MAX) {
		return false;
	}
	at = le64toh(header.entries_lba) * lba_bytes;
	for (uint32_t i = 0; i < le32toh(header.entry_count) && i < PARTITIONS_MAX; i++) {
		struct gpt_entry entry;

		if (!read_at(search, at + (uint64_t)i * entry_bytes, &entry, sizeof(entry))) {
			break;
		}
		if (memcmp(entry.type, unused, sizeof(unused)) != 0) {
			add(search, le64toh(entry.first_lba), lba_bytes);
		}
	}
	return true;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0F || type == 0x85;
}

static bool read_mbr(const struct search *search, uint64_t lba,
		     struct mbr_entry entries[MBR_ENTRY_COUNT])
{
	uint8_t sector[SECTOR_BYTES];

	if (lba >= search->size_bytes / SECTOR_BYTES ||
	    !read_at(search, lba * SECTOR_BYTES, sector, sizeof(sector)) ||
	    sector[MBR_SIGNATURE_AT] != 0x55 || sector[MBR_SIGNATURE_AT + 1] != 0xAA) {
		return false;
	}
	memcpy(entries, sector + MBR_ENTRIES_AT, MBR_ENTRY_COUNT * sizeof(*entries));
	return true;
}

/* A chain of tables, each with a partition and a link: relative to itself, and to the first. */
static void find_logical(struct search *search, uint64_t first_lba)
{
	struct mbr_entry entries[MBR_ENTRY_COUNT];
	uint64_t lba = first_lba;

	for (unsigned links = 0; links < PARTITIONS_MAX; links++) {
		if (!read_mbr(search, lba, entries)) {
			return;
		}
		if (entries[0].type != 0) {
			add(search, lba + le32toh(entries[0].first_lba), SECTOR_BYTES);
		}
		if (!is_extended(entries[1].type)) {
			return;
		}
		lba = first_lba + le32toh(entries[1].first_lba);
	}
}

static void find_mbr(struct search *search)
{
	struct mbr_entry entries[MBR_ENTRY_COUNT];

	if (!read_mbr(search, 0, entries)) {
		return;
	}
	for (size_t i = 0; i < MBR_ENTRY_COUNT; i++) {
		if (is_extended(entries[i].type)) {
			find_logical(search, le32toh(entries[i].first_lba));
		} else if (entries[i].type != 0 && entries[i].type != MBR_TYPE_GPT) {
			add(search, le32toh(entries[i].first_lba), SECTOR_BYTES);
		}
	}
}

size_t partitions_find(int fd, uint64_t size_bytes, uint64_t starts[PARTITIONS_MAX])
{
	struct search search = {.fd = fd, .size_bytes = size_bytes, .starts = starts};

	/* The guest's sectors have 512 bytes; the table may come from a disk with larger ones. */
	if (!find_gpt(&search, SECTOR_BYTES) && !find_gpt(&search, 8 * SECTOR_BYTES)) {
		find_mbr(&search);
	}
	return search.count;
}
