/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A store that forgets: host/store.h in memory, to be linked in the place of SQLite.
 *
 * All that are open at one folder are one, until the program ends.
 */
#include "host/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINES 16
#define EVENTS 4096

struct kept_event {
	int64_t machine;
	struct machine_event event;
};

/* What is kept of one folder. */
struct shelf {
	char home[128];
	struct machine_record machines[MACHINES];
	size_t machine_count;
	struct kept_event events[EVENTS];
	size_t event_count;
	int64_t last_id;
	int64_t last_event;
};

struct store {
	struct shelf *shelf;
};

static struct shelf shelves[8];

static void *must(void *memory)
{
	if (memory == NULL) {
		abort();
	}
	return memory;
}

static char *copy_text(const char *text)
{
	return text != NULL ? must(strdup(text)) : NULL;
}

static void copy_record(struct machine_record *to, const struct machine_record *from)
{
	*to = *from;
	to->options = copy_text(from->options);
	to->description = copy_text(from->description);
	for (size_t i = 0; i < from->disk_count; i++) {
		const struct record_disk *disk = &from->disks[i];
		size_t size = disk->extent_count * sizeof(*disk->extents);

		to->disks[i].path = copy_text(disk->path);
		to->disks[i].extents = must(malloc(size + 1));
		if (size > 0) {
			memcpy(to->disks[i].extents, disk->extents, size);
		}
	}
}

int store_open(struct store **store, const char *home, struct vmm_error *error)
{
	struct shelf *shelf = shelves;

	(void)error;
	while (shelf->home[0] != '\0' && strcmp(shelf->home, home) != 0) {
		shelf++;
		if (shelf == shelves + sizeof(shelves) / sizeof(shelves[0])) {
			abort();
		}
	}
	(void)snprintf(shelf->home, sizeof(shelf->home), "%s", home);
	*store = must(malloc(sizeof(**store)));
	(*store)->shelf = shelf;
	return 0;
}

void store_close(struct store *store)
{
	free(store);
}

static struct machine_record *find(struct shelf *shelf, const char *name)
{
	for (size_t i = 0; i < shelf->machine_count; i++) {
		if (strcmp(shelf->machines[i].name, name) == 0) {
			return &shelf->machines[i];
		}
	}
	return NULL;
}

static struct machine_record *find_id(struct shelf *shelf, int64_t id)
{
	for (size_t i = 0; i < shelf->machine_count; i++) {
		if (shelf->machines[i].id == id) {
			return &shelf->machines[i];
		}
	}
	return NULL;
}

static int fail(int ret, struct vmm_error *error)
{
	vmm_error_set(error, "fake store: %s", strerror(-ret));
	return ret;
}

int store_get(struct store *store, const char *name, struct machine_record *record,
	      struct vmm_error *error)
{
	const struct machine_record *kept = find(store->shelf, name);

	memset(record, 0, sizeof(*record));
	if (kept == NULL) {
		return fail(-ENOENT, error);
	}
	copy_record(record, kept);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(struct store *store, char ***names, size_t *count, struct vmm_error *error)
{
	const struct shelf *shelf = store->shelf;

	(void)error;
	*count = shelf->machine_count;
	*names = must(calloc(*count + 1, sizeof(**names)));
	for (size_t i = 0; i < *count; i++) {
		(*names)[i] = copy_text(shelf->machines[i].name);
	}
	qsort(*names, *count, sizeof(**names), compare);
	return 0;
}

static void put_event(struct shelf *shelf, const struct machine_record *machine,
		      const struct machine_event *event)
{
	struct kept_event *kept = &shelf->events[shelf->event_count++];

	if (shelf->event_count > EVENTS) {
		abort();
	}
	kept->machine = machine->id;
	kept->event = *event;
	kept->event.id = ++shelf->last_event;
	(void)snprintf(kept->event.machine, sizeof(kept->event.machine), "%s", machine->name);
	kept->event.detail = copy_text(event->detail);
}

/* What the tables' CHECK says. */
static bool is_sound(const struct machine_record *record)
{
	return (record->state == MACHINE_STATE_HIBERNATED) == (record->image == RECORD_IMAGE_SAVED);
}

int store_add(struct store *store, struct machine_record *record, const struct machine_event *event,
	      struct vmm_error *error)
{
	struct shelf *shelf = store->shelf;
	struct machine_record *kept = &shelf->machines[shelf->machine_count];

	if (find(shelf, record->name) != NULL) {
		return fail(-EEXIST, error);
	}
	if (!is_sound(record)) {
		return fail(-EIO, error);
	}
	if (++shelf->machine_count > MACHINES) {
		abort();
	}
	record->id = ++shelf->last_id;
	record->revision = 1;
	copy_record(kept, record);
	put_event(shelf, kept, event);
	return 0;
}

/* The machine that the record was read of, if it is still so. */
static int find_same(struct shelf *shelf, const struct machine_record *record,
		     struct machine_record **kept, struct vmm_error *error)
{
	*kept = find_id(shelf, record->id);
	if (*kept == NULL) {
		return fail(-ENOENT, error);
	}
	return (*kept)->revision == record->revision ? 0 : fail(-ESTALE, error);
}

int store_update(struct store *store, struct machine_record *record,
		 const struct machine_event *event, struct vmm_error *error)
{
	struct machine_record *kept;
	struct machine_record changed;
	int ret = find_same(store->shelf, record, &kept, error);

	if (ret != 0) {
		return ret;
	}
	if (!is_sound(record)) {
		return fail(-EIO, error);
	}
	record->revision++;
	copy_record(&changed, record);
	/* What never changes. */
	memcpy(changed.name, kept->name, sizeof(changed.name));
	memcpy(changed.uuid, kept->uuid, sizeof(changed.uuid));
	changed.created_ns = kept->created_ns;
	record_free(kept);
	*kept = changed;
	put_event(store->shelf, kept, event);
	return 0;
}

int store_remove(struct store *store, const struct machine_record *record, struct vmm_error *error)
{
	struct shelf *shelf = store->shelf;
	struct machine_record *kept;
	int ret = find_same(shelf, record, &kept, error);
	size_t left = 0;

	if (ret != 0) {
		return ret;
	}
	for (size_t i = 0; i < shelf->event_count; i++) {
		if (shelf->events[i].machine == record->id) {
			record_event_free(&shelf->events[i].event);
		} else {
			shelf->events[left++] = shelf->events[i];
		}
	}
	shelf->event_count = left;
	record_free(kept);
	*kept = shelf->machines[--shelf->machine_count];
	return 0;
}

int store_log(struct store *store, int64_t id, const struct machine_event *events, size_t count,
	      struct vmm_error *error)
{
	const struct machine_record *kept = find_id(store->shelf, id);

	for (size_t i = 0; kept != NULL && i < count; i++) {
		put_event(store->shelf, kept, &events[i]);
	}
	return kept != NULL ? 0 : fail(-ENOENT, error);
}

int store_events(struct store *store, const char *name, int64_t after,
		 bool (*take)(void *ctx, const struct machine_event *event), void *ctx,
		 struct vmm_error *error)
{
	const struct shelf *shelf = store->shelf;
	bool more = true;

	(void)error;
	for (size_t i = 0; more && i < shelf->event_count; i++) {
		struct machine_event event = shelf->events[i].event;

		if (event.id > after && (name == NULL || strcmp(name, event.machine) == 0)) {
			/* A copy, so that who keeps it is found out. */
			event.detail = copy_text(event.detail);
			more = take(ctx, &event);
			record_event_free(&event);
		}
	}
	return 0;
}
