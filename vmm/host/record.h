/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of a machine: what it is, its power state, and what its hibernation needs.
 *
 * Whoever holds a struct machine_record owns what its pointers lead to; record_free() frees that.
 */
#ifndef VMM_HOST_RECORD_H
#define VMM_HOST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/machine_state.h"

#define RECORD_NAME_SIZE 64
#define RECORD_UUID_SIZE 37
#define RECORD_DISK_COUNT_MAX 16
#define RECORD_DIGEST_BYTES 16

/**
 * enum record_image - whether its disks hold a hibernation image that its guest would resume
 * @RECORD_IMAGE_NONE:   no: its guest powered off, and would have said so
 * @RECORD_IMAGE_MAYBE:  nobody told: a guest below PSCI 1.3, or one that ended in some other way
 * @RECORD_IMAGE_LIKELY: its guest hibernated, but what ran it died before that was safe
 * @RECORD_IMAGE_SAVED:  yes, and its disks have not been written since
 * @RECORD_IMAGE_DISCARDED: one that must never be resumed may still be there
 */
enum record_image {
	RECORD_IMAGE_NONE,
	RECORD_IMAGE_MAYBE,
	RECORD_IMAGE_LIKELY,
	RECORD_IMAGE_SAVED,
	RECORD_IMAGE_DISCARDED,
};

/**
 * enum record_wake - who asked for a start at a time
 * @RECORD_WAKE_NONE:  nobody
 * @RECORD_WAKE_ALARM: the guest, by the alarm of its clock
 * @RECORD_WAKE_USER:  start --at
 */
enum record_wake {
	RECORD_WAKE_NONE,
	RECORD_WAKE_ALARM,
	RECORD_WAKE_USER,
};

/* Bytes of a disk: whole MiB, but for the disk's end. */
struct record_extent {
	uint64_t offset;
	uint64_t len_bytes;
};

/**
 * struct record_disk - a disk when its guest had hibernated
 * @path:         absolute; owned
 * @device:       st_dev
 * @inode:        st_ino
 * @size_bytes:   its size
 * @mtime_ns:     CLOCK_REALTIME, as stat has it
 * @ctime_ns:     likewise
 * @extents:      what the guest wrote since its machine was started, in order; owned
 * @extent_count: of @extents
 * @digest:       of the bytes of @extents, XXH3's 128 bits in its canonical form
 */
struct record_disk {
	char *path;
	uint64_t device;
	uint64_t inode;
	uint64_t size_bytes;
	int64_t mtime_ns;
	int64_t ctime_ns;
	struct record_extent *extents;
	size_t extent_count;
	uint8_t digest[RECORD_DIGEST_BYTES];
};

/**
 * struct machine_record - a machine
 * @id:          the store's
 * @revision:    of the record; each change raises it
 * @name:        1 to 63 of [A-Za-z0-9._-], the first a letter or a digit
 * @uuid:        of the machine, lower case
 * @state:       its power state
 * @since_ns:    when it came to be in it, CLOCK_REALTIME
 * @boot_id:     the host's boot in which it came to be in it
 * @created_ns:  CLOCK_REALTIME
 * @options:     a JSON array of words: the options of `torpor run` that it was created with, its
 *               machine type and PSCI version always among them, all paths absolute; owned
 * @image:       whether a hibernation image may be on its disks
 * @epoch:       raised so that an image made before can't be resumed
 * @signature:   the hardware signature of its last clean boot, or of its creation; never 0
 * @description: its canonical form (machine/description.h) at that time; owned
 * @disks:       with RECORD_IMAGE_SAVED: the first @disk_count are used
 * @disk_count:  of @disks
 * @wake:        who wants it to be started at @wake_at_s
 * @wake_at_s:   CLOCK_REALTIME
 */
struct machine_record {
	int64_t id;
	int64_t revision;
	char name[RECORD_NAME_SIZE];
	char uuid[RECORD_UUID_SIZE];
	enum machine_state state;
	int64_t since_ns;
	char boot_id[RECORD_UUID_SIZE];
	int64_t created_ns;
	char *options;
	enum record_image image;
	uint32_t epoch;
	uint32_t signature;
	char *description;
	struct record_disk disks[RECORD_DISK_COUNT_MAX];
	size_t disk_count;
	enum record_wake wake;
	int64_t wake_at_s;
};

/**
 * struct machine_event - a line of a machine's history
 * @id:      the store's; rises with time
 * @time_ns: CLOCK_REALTIME
 * @machine: its name
 * @kind:    what happened: a power event's name (control/events.h), or CREATE, START, EDIT, MEND,
 *           IMPORT, DISCARD
 * @from:    the state before
 * @to:      the state after; the same unless the event is a transition
 * @cause:   why, in a few words for people
 * @by:      who asked: "guest", "torpor", or "user NAME"
 * @detail:  a JSON object with what else there is (cpu, intid, device …), or NULL; owned
 */
struct machine_event {
	int64_t id;
	int64_t time_ns;
	char machine[RECORD_NAME_SIZE];
	char kind[40];
	enum machine_state from;
	enum machine_state to;
	char cause[160];
	char by[64];
	char *detail;
};

/** record_image_name(), record_wake_name() - its word, "none" and so on; a static string */
const char *record_image_name(enum record_image image);
const char *record_wake_name(enum record_wake wake);

/** record_image_parse(), record_wake_parse() - what has that word; false if nothing has */
bool record_image_parse(const char *name, enum record_image *image);
bool record_wake_parse(const char *name, enum record_wake *wake);

/** record_name_ok() - whether a machine may be called that */
bool record_name_ok(const char *name);

/** record_clear_disks() - free what is known of the disks */
void record_clear_disks(struct machine_record *record);

/** record_free() - free what the record owns, and make it empty; NULL is allowed */
void record_free(struct machine_record *record);

/**
 * record_event() - an event that happens now; the states are its caller's to fill in
 *
 * Words that are too long are cut.
 */
struct machine_event record_event(const char *kind, const char *by, const char *cause);

/** record_event_free() - free what the event owns */
void record_event_free(struct machine_event *event);

#endif /* VMM_HOST_RECORD_H */
