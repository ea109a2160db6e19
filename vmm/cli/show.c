/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cli/options_words.h"

#define NS_PER_S INT64_C(1000000000)

static bool take_event(void *ctx, const struct machine_event *event)
{
	struct machine_event *last = ctx;

	if (event->from != event->to || last->kind[0] == '\0') {
		*last = *event;
		last->detail = NULL;
	}
	return true;
}

enum command_status show_read(struct keeper *keeper, const char *name, struct show *show)
{
	enum command_status status;

	*show = (struct show){.process = false};
	/* In this order: a process that is gone has left its last record. */
	show->process = record_name_ok(name) && keeper_running(keeper, name);
	status = keeper_get(keeper, name, &show->record);
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	if (show->process && !machine_state_needs_process(show->record.state)) {
		show->process = keeper_running(keeper, name);
	}
	return COMMAND_STATUS_DONE;
}

enum command_status show_read_cause(struct keeper *keeper, struct show *show)
{
	struct vmm_error error;

	if (store_events(keeper->store, show->record.name, 0, take_event, &show->last, &error) !=
	    0) {
		return keeper_failed(&error);
	}
	return COMMAND_STATUS_DONE;
}

void show_free(struct show *show)
{
	record_free(&show->record);
}

/* What the options say, for a moment. */
static const char *option(const struct options_words *words, const char *name)
{
	const char *value = options_words_value(words, name);

	return value != NULL ? value : "unknown";
}

static void print_wake(const struct machine_record *record)
{
	char when[SHOW_TIME_SIZE];

	if (record->wake != RECORD_WAKE_NONE) {
		show_time(record->wake_at_s * NS_PER_S, when);
		(void)printf("  wake        %s, %s\n", when,
			     record->wake == RECORD_WAKE_ALARM ? "the guest's alarm"
							       : "asked for by start --at");
	}
}

void show_block(const struct show *show)
{
	const struct machine_record *record = &show->record;
	struct options_words words = {.argc = 0};
	struct vmm_error error;
	char since[SHOW_TIME_SIZE];
	char age[SHOW_TIME_SIZE];

	show_time(record->since_ns, since);
	show_age(record->since_ns, age);
	(void)options_words_read(record->options, &words, &error);
	(void)printf("%s\n", record->name);
	(void)printf("  state       %s\n", show_state(show));
	(void)printf("  since       %s (%s)\n", since, age);
	if (show->last.kind[0] != '\0') {
		(void)printf("  cause       %s\n", show->last.cause);
		(void)printf("  asked by    %s\n", show->last.by);
	}
	(void)printf("  process     %s\n", show->process ? "runs it" : "none");
	(void)printf("  image       %s\n", show_image(record->image));
	(void)printf("  signature   0x%08x, epoch %u\n", (unsigned)record->signature,
		     (unsigned)record->epoch);
	(void)printf("  machine     %s, PSCI %s\n", option(&words, "machine"),
		     option(&words, "psci"));
	print_wake(record);
	options_words_free(&words);
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name,
				     text != NULL ? json_object_new_string(text) : NULL);
}

static void add_time(struct json_object *object, const char *name, int64_t time_ns)
{
	char text[SHOW_TIME_SIZE];

	show_time_utc(time_ns, text);
	add_text(object, name, text);
}

static struct json_object *wake_json(const struct machine_record *record)
{
	struct json_object *wake;

	if (record->wake == RECORD_WAKE_NONE) {
		return NULL;
	}
	wake = json_object_new_object();
	add_time(wake, "at", record->wake_at_s * NS_PER_S);
	(void)json_object_object_add(wake, "at_s", json_object_new_int64(record->wake_at_s));
	add_text(wake, "by", show_wake(record->wake));
	return wake;
}

static void add_options(struct json_object *object, const struct machine_record *record)
{
	struct options_words words = {.argc = 0};
	struct vmm_error error;

	(void)options_words_read(record->options, &words, &error);
	add_text(object, "machine", words.argc > 0 ? options_words_value(&words, "machine") : NULL);
	add_text(object, "psci", words.argc > 0 ? options_words_value(&words, "psci") : NULL);
	options_words_free(&words);
	(void)json_object_object_add(object, "options", json_tokener_parse(record->options));
}

struct json_object *show_json(const struct show *show)
{
	const struct machine_record *record = &show->record;
	struct json_object *object = json_object_new_object();
	char signature[16];

	(void)snprintf(signature, sizeof(signature), "0x%08x", (unsigned)record->signature);
	add_text(object, "name", record->name);
	add_text(object, "uuid", record->uuid);
	add_text(object, "state", machine_state_name(record->state));
	add_time(object, "since", record->since_ns);
	(void)json_object_object_add(object, "since_ns", json_object_new_int64(record->since_ns));
	add_text(object, "cause", show->last.kind[0] != '\0' ? show->last.cause : NULL);
	add_text(object, "by", show->last.kind[0] != '\0' ? show->last.by : NULL);
	(void)json_object_object_add(object, "process", json_object_new_boolean(show->process));
	(void)json_object_object_add(object, "resuming",
				     json_object_new_boolean(show_resuming(show)));
	add_text(object, "image", show_image(record->image));
	add_text(object, "signature", signature);
	(void)json_object_object_add(object, "epoch", json_object_new_int64(record->epoch));
	(void)json_object_object_add(object, "wake", wake_json(record));
	add_time(object, "created", record->created_ns);
	add_options(object, record);
	return object;
}

enum command_status show_flush(void)
{
	struct vmm_error error;

	if (fflush(stdout) == 0 && ferror(stdout) == 0) {
		return COMMAND_STATUS_DONE;
	}
	vmm_error_set(&error, "standard output: %s", strerror(errno));
	return keeper_failed(&error);
}

enum command_status show_print_json(struct json_object *value)
{
	(void)puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_SPACED |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(value);
	return show_flush();
}
