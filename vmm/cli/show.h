/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what is known of a machine, for people and for programs; the same words everywhere
 */
#ifndef VMM_CLI_SHOW_H
#define VMM_CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/keeper.h"

#define SHOW_TIME_SIZE 40

struct json_object;

/**
 * struct show - a machine
 * @record:  what is kept of it
 * @process: a process has it
 * @last:    the event that made it what it is; its kind is "" if there is none, or it was not read
 */
struct show {
	struct machine_record record;
	bool process;
	struct machine_event last;
};

/** show_read() - mend and read a machine; to be followed by show_free() whatever the result */
enum command_status show_read(struct keeper *keeper, const char *name, struct show *show);

/** show_read_cause() - read what made it what it is, which takes its whole history */
enum command_status show_read_cause(struct keeper *keeper, struct show *show);

/** show_free() - free what is owned */
void show_free(struct show *show);

/** show_resuming() - whether a start is resuming it, and its image is not consumed yet */
bool show_resuming(const struct show *show);

/** show_state() - its state in a word or two; a static string */
const char *show_state(const struct show *show);

/** show_image() - "none", "maybe", "likely", "saved" or "discarded" */
const char *show_image(enum record_image image);

/** show_image_parse() - the value of that word; false if there is none */
bool show_image_parse(const char *name, enum record_image *image);

/** show_wake() - "none", "alarm" or "user" */
const char *show_wake(enum record_wake wake);

/** show_time() - CLOCK_REALTIME as local time */
void show_time(int64_t time_ns, char text[SHOW_TIME_SIZE]);

/** show_time_utc() - CLOCK_REALTIME as ISO 8601 has it, in UTC */
void show_time_utc(int64_t time_ns, char text[SHOW_TIME_SIZE]);

/** show_age() - how long ago that was, roughly, as "5 min ago" */
void show_age(int64_t time_ns, char text[SHOW_TIME_SIZE]);

/** show_block() - print all of it, for people */
void show_block(const struct show *show);

/** show_json() - all of it, for programs */
struct json_object *show_json(const struct show *show);

/** show_print_json() - print it, and free it */
enum command_status show_print_json(struct json_object *value);

/** show_flush() - see that all output has been taken */
enum command_status show_flush(void);

#endif /* VMM_CLI_SHOW_H */
