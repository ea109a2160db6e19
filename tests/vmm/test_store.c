/* SPDX-License-Identifier: BSD-3-Clause */
/* What store.h promises, of the store that is linked: SQLite's and the tests' own. */
#include "temp_file.h"

#include <errno.h>

#include "host/store.h"
#include "leaks.h"

struct fixture {
	struct temp_dir dir;
	struct store *store;
	struct store *other; /* another process's */
	struct leaks leaks;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct vmm_error error = {.text = ""};

	fixture = (struct fixture){.leaks = leaks_begin()};
	temp_dir_make(&fixture.dir);
	assert_int_equal(store_open(&fixture.store, fixture.dir.path, &error), 0);
	assert_int_equal(store_open(&fixture.other, fixture.dir.path, &error), 0);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	store_close(fixture->other);
	store_close(NULL);
	temp_dir_remove(&fixture->dir);
	assert_no_leaks(&fixture->leaks);
	return 0;
}

/* Borrows all texts, so it is not for record_free(). */
static struct machine_record web_record(void)
{
	static char options[] = "[\"--memory\",\"1G\"]";
	static char description[] = "cpus 4\nmemory 1073741824\n";
	struct machine_record record = {
		.name = "web",
		.uuid = "0b0e7a60-3c9f-4f4a-9f0e-0123456789ab",
		.state = MACHINE_STATE_OFF,
		.since_ns = INT64_C(1764000000123456789),
		.boot_id = "11111111-2222-3333-4444-555555555555",
		.created_ns = INT64_C(1763000000987654321),
		.options = options,
		.epoch = 0xFFFFFFFF,
		.signature = 0x80000001,
		.description = description,
	};

	return record;
}

static struct machine_event event_of(const char *kind, enum machine_state from,
				     enum machine_state to)
{
	struct machine_event event = {.time_ns = 42, .from = from, .to = to, .by = "user anna"};

	(void)snprintf(event.kind, sizeof(event.kind), "%s", kind);
	(void)snprintf(event.cause, sizeof(event.cause), "because of %s", kind);
	return event;
}

static struct machine_record add(struct fixture *fixture, const char *name)
{
	struct machine_event event = event_of("CREATE", MACHINE_STATE_OFF, MACHINE_STATE_OFF);
	struct machine_record record = web_record();
	struct vmm_error error = {.text = ""};

	(void)snprintf(record.name, sizeof(record.name), "%s", name);
	assert_int_equal(store_add(fixture->store, &record, &event, &error), 0);
	return record;
}

static void assert_same_disk(const struct record_disk *is, const struct record_disk *want)
{
	assert_string_equal(is->path, want->path);
	assert_true(is->device == want->device && is->inode == want->inode);
	assert_true(is->size_bytes == want->size_bytes);
	assert_true(is->mtime_ns == want->mtime_ns && is->ctime_ns == want->ctime_ns);
	assert_int_equal(is->extent_count, want->extent_count);
	for (size_t i = 0; i < want->extent_count; i++) {
		assert_true(is->extents[i].offset == want->extents[i].offset);
		assert_true(is->extents[i].len_bytes == want->extents[i].len_bytes);
	}
	assert_memory_equal(is->digest, want->digest, RECORD_DIGEST_BYTES);
}

/* What another reads of the machine is all of @want. */
static void assert_kept(struct fixture *fixture, const struct machine_record *want)
{
	struct vmm_error error = {.text = ""};
	struct machine_record is;

	assert_int_equal(store_get(fixture->other, want->name, &is, &error), 0);
	assert_true(is.id == want->id && is.revision == want->revision);
	assert_string_equal(is.name, want->name);
	assert_string_equal(is.uuid, want->uuid);
	assert_int_equal(is.state, want->state);
	assert_true(is.since_ns == want->since_ns && is.created_ns == want->created_ns);
	assert_string_equal(is.boot_id, want->boot_id);
	assert_string_equal(is.options, want->options);
	assert_int_equal(is.image, want->image);
	assert_true(is.epoch == want->epoch && is.signature == want->signature);
	assert_string_equal(is.description, want->description);
	assert_int_equal(is.wake, want->wake);
	assert_true(is.wake_at_s == want->wake_at_s);
	assert_int_equal(is.disk_count, want->disk_count);
	for (size_t i = 0; i < want->disk_count; i++) {
		assert_same_disk(&is.disks[i], &want->disks[i]);
	}
	record_free(&is);
}

static void a_machine_is_kept_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct machine_event event = event_of("CREATE", MACHINE_STATE_OFF, MACHINE_STATE_OFF);
	struct machine_record record = add(fixture, "web");
	struct vmm_error error = {.text = ""};

	assert_true(record.id > 0 && record.revision > 0);
	assert_kept(fixture, &record);
	assert_int_equal(store_add(fixture->other, &record, &event, &error), -EEXIST);
	assert_true(error.text[0] != '\0');
	assert_kept(fixture, &record);
	assert_int_equal(store_get(fixture->store, "none", &record, &error), -ENOENT);
	assert_null(record.options);
}

static char disk_path[] = "/srv/web.img";
static char swap_path[] = "/dev/vg/swap";
static struct record_extent extents[] = {{0, 1 << 20}, {UINT64_C(5) << 40, UINT64_MAX >> 1}};

/* Its disks, numbers of all sizes and the alarm, and that all goes again. */
static void a_hibernation_is_kept_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct machine_event event =
		event_of("SUSPEND_DISK", MACHINE_STATE_OFF, MACHINE_STATE_HIBERNATED);
	struct machine_record record = add(fixture, "web");
	struct vmm_error error = {.text = ""};

	record.state = MACHINE_STATE_HIBERNATED;
	record.image = RECORD_IMAGE_SAVED;
	record.wake = RECORD_WAKE_ALARM;
	record.wake_at_s = INT64_C(1) << 40;
	record.disks[0] = (struct record_disk){.path = disk_path,
					       .device = UINT64_MAX,
					       .inode = 7,
					       .size_bytes = 1 << 30,
					       .mtime_ns = -1,
					       .ctime_ns = INT64_MAX,
					       .extents = extents,
					       .extent_count = 2};
	memset(record.disks[0].digest, 0xA5, RECORD_DIGEST_BYTES);
	record.disks[1] = (struct record_disk){.path = swap_path, .extents = extents};
	record.disk_count = 2;
	assert_int_equal(store_update(fixture->store, &record, &event, &error), 0);
	assert_kept(fixture, &record);
	record.state = MACHINE_STATE_RUNNING;
	record.image = RECORD_IMAGE_MAYBE;
	record.wake = RECORD_WAKE_NONE;
	record.wake_at_s = 0;
	record.disk_count = 0;
	assert_int_equal(store_update(fixture->store, &record, &event, &error), 0);
	assert_kept(fixture, &record);
}

/* All words of the enumerations come back as they went. */
static void every_state_and_image_can_be_kept(void **state)
{
	struct fixture *fixture = *state;
	struct machine_event event = event_of("EDIT", MACHINE_STATE_OFF, MACHINE_STATE_OFF);
	struct machine_record record = add(fixture, "web");
	struct vmm_error error = {.text = ""};

	for (int i = 0; i < MACHINE_STATE_COUNT; i++) {
		for (int j = RECORD_IMAGE_NONE; j <= RECORD_IMAGE_DISCARDED; j++) {
			bool sound = (i == MACHINE_STATE_HIBERNATED) == (j == RECORD_IMAGE_SAVED);

			record.state = (enum machine_state)i;
			record.image = (enum record_image)j;
			record.wake = (enum record_wake)(j % 3);
			assert_int_equal(store_update(fixture->store, &record, &event, &error) == 0,
					 sound);
			if (sound) {
				assert_kept(fixture, &record);
			}
		}
	}
}

/* Who read before another's change changes nothing, and is told. */
static void the_second_of_two_changes_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct machine_event event = event_of("START", MACHINE_STATE_OFF, MACHINE_STATE_STARTING);
	struct machine_record first = add(fixture, "web");
	struct machine_record second = first;
	struct vmm_error error = {.text = ""};

	first.state = MACHINE_STATE_STARTING;
	assert_int_equal(store_update(fixture->store, &first, &event, &error), 0);
	assert_true(first.revision > second.revision);
	second.epoch = 1;
	assert_int_equal(store_update(fixture->other, &second, &event, &error), -ESTALE);
	assert_int_equal(store_remove(fixture->other, &second, &error), -ESTALE);
	assert_kept(fixture, &first);
	assert_int_equal(store_remove(fixture->other, &first, &error), 0);
	assert_int_equal(store_update(fixture->store, &first, &event, &error), -ENOENT);
	assert_int_equal(store_remove(fixture->store, &first, &error), -ENOENT);
	assert_int_equal(store_log(fixture->store, first.id, &event, 1, &error), -ENOENT);
	/* The next of that name is another machine. */
	second = add(fixture, "web");
	assert_true(second.id > first.id);
}

static void names_are_listed_in_order(void **state)
{
	static const char *const names[] = {"b", "a", "c"};
	struct fixture *fixture = *state;
	struct vmm_error error = {.text = ""};
	char **listed;
	size_t count;

	assert_int_equal(store_list(fixture->other, &listed, &count, &error), 0);
	assert_int_equal(count, 0);
	free(listed);
	for (size_t i = 0; i < 3; i++) {
		(void)add(fixture, names[i]);
	}
	assert_int_equal(store_list(fixture->other, &listed, &count, &error), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		char name[2] = {(char)('a' + i), '\0'};

		assert_string_equal(listed[i], name);
		free(listed[i]);
	}
	free(listed);
}

struct taken {
	char text[256];
	int64_t last;
	unsigned most;
};

static bool take(void *ctx, const struct machine_event *event)
{
	struct taken *taken = ctx;
	size_t used = strlen(taken->text);

	assert_true(event->id > taken->last);
	taken->last = event->id;
	(void)snprintf(taken->text + used, sizeof(taken->text) - used, "%s:%s%s ", event->machine,
		       event->kind, event->detail != NULL ? event->detail : "");
	return --taken->most > 0;
}

static struct taken read_history(struct fixture *fixture, const char *name, int64_t after,
				 unsigned most)
{
	struct taken taken = {.last = after, .most = most};
	struct vmm_error error = {.text = ""};

	assert_int_equal(store_events(fixture->other, name, after, take, &taken, &error), 0);
	return taken;
}

static void history_is_told_in_order(void **state)
{
	struct fixture *fixture = *state;
	char detail[] = "{\"cpu\":1}";
	struct machine_event two[] = {
		event_of("SUSPEND", MACHINE_STATE_RUNNING, MACHINE_STATE_SUSPENDED),
		event_of("WAKEUP", MACHINE_STATE_SUSPENDED, MACHINE_STATE_RUNNING),
	};
	struct machine_record web = add(fixture, "web");
	struct machine_record db = add(fixture, "db");
	struct vmm_error error = {.text = ""};
	struct taken taken;

	two[1].detail = detail;
	assert_int_equal(store_log(fixture->store, web.id, two, 2, &error), 0);
	assert_int_equal(store_log(fixture->store, web.id, two, 0, &error), 0);
	taken = read_history(fixture, "web", 0, 99);
	assert_string_equal(taken.text, "web:CREATE web:SUSPEND web:WAKEUP{\"cpu\":1} ");
	taken = read_history(fixture, NULL, 0, 3);
	assert_string_equal(taken.text, "web:CREATE db:CREATE web:SUSPEND ");
	taken = read_history(fixture, NULL, taken.last, 99);
	assert_string_equal(taken.text, "web:WAKEUP{\"cpu\":1} ");
	taken = read_history(fixture, "none", 0, 99);
	assert_string_equal(taken.text, "");
	assert_int_equal(store_remove(fixture->store, &web, &error), 0);
	taken = read_history(fixture, NULL, 0, 99);
	assert_string_equal(taken.text, "db:CREATE ");
	assert_true(db.id != web.id);
}

struct whole {
	struct machine_event event;
};

static bool take_whole(void *ctx, const struct machine_event *event)
{
	((struct whole *)ctx)->event = *event;
	return true;
}

static void an_event_is_kept_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct machine_event put = event_of("MEND", MACHINE_STATE_STOPPING, MACHINE_STATE_CRASHED);
	struct machine_record web = add(fixture, "web");
	struct vmm_error error = {.text = ""};
	struct whole whole;

	put.time_ns = INT64_C(1764000000123456789);
	assert_int_equal(store_log(fixture->store, web.id, &put, 1, &error), 0);
	assert_int_equal(store_events(fixture->other, "web", 1, take_whole, &whole, &error), 0);
	assert_true(whole.event.time_ns == put.time_ns);
	assert_int_equal(whole.event.from, put.from);
	assert_int_equal(whole.event.to, put.to);
	assert_string_equal(whole.event.kind, put.kind);
	assert_string_equal(whole.event.cause, put.cause);
	assert_string_equal(whole.event.by, put.by);
	assert_null(whole.event.detail);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_machine_is_kept_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hibernation_is_kept_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(every_state_and_image_can_be_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(the_second_of_two_changes_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_are_listed_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(history_is_told_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(an_event_is_kept_as_it_is, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
