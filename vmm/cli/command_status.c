/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor status, torpor list */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/keeper.h"
#include "cli/show.h"

#define IMAGE_WIDTH 9

/**
 * struct shows - machines, in the order of their names
 * @items: owned
 * @count: of @items
 */
struct shows {
	struct show *items;
	size_t count;
};

static void free_all(struct shows *all)
{
	for (size_t i = 0; i < all->count; i++) {
		show_free(&all->items[i]);
	}
	free(all->items);
}

/* One that was deleted since is left out. */
static enum command_status read_names(struct keeper *keeper, char **names, size_t count,
				      bool with_cause, struct shows *all)
{
	enum command_status status = COMMAND_STATUS_DONE;

	for (size_t i = 0; i < count; i++) {
		struct show *show = &all->items[all->count];
		enum command_status read = show_read(keeper, names[i], show);

		if (read == COMMAND_STATUS_DONE && with_cause) {
			read = show_read_cause(keeper, show);
		}
		if (read == COMMAND_STATUS_DONE) {
			all->count++;
			continue;
		}
		show_free(show);
		if (read != COMMAND_STATUS_NO_MACHINE) {
			status = read;
		}
	}
	return status;
}

/* To be followed by free_all() whatever the result. */
static enum command_status read_all(struct keeper *keeper, bool with_cause, struct shows *all)
{
	char **names = NULL;
	size_t count = 0;
	struct vmm_error error;
	enum command_status status = COMMAND_STATUS_FAILED;

	*all = (struct shows){.items = NULL};
	if (store_list(keeper->store, &names, &count, &error) != 0) {
		return keeper_failed(&error);
	}
	all->items = calloc(count + 1, sizeof(*all->items));
	if (all->items != NULL) {
		status = read_names(keeper, names, count, with_cause, all);
	} else {
		vmm_error_set(&error, "no memory for %zu machines", count);
		status = keeper_failed(&error);
	}
	for (size_t i = 0; i < count; i++) {
		free(names[i]);
	}
	free(names);
	return status;
}

/* Whatever could be read is printed, and then what could not decides. */
static enum command_status flush_after(enum command_status status)
{
	return show_flush() == COMMAND_STATUS_DONE ? status : COMMAND_STATUS_FAILED;
}

static void print_none(void)
{
	(void)puts("There are no machines: 'torpor create NAME --kernel FILE' makes one.");
}

static enum command_status print_all_json(struct keeper *keeper)
{
	struct json_object *array = json_object_new_array();
	struct shows all;
	enum command_status status = read_all(keeper, true, &all);
	enum command_status printed;

	for (size_t i = 0; i < all.count; i++) {
		(void)json_object_array_add(array, show_json(&all.items[i]));
	}
	free_all(&all);
	printed = show_print_json(array);
	return status != COMMAND_STATUS_DONE ? status : printed;
}

static enum command_status print_all(struct keeper *keeper)
{
	struct shows all;
	enum command_status status = read_all(keeper, true, &all);

	for (size_t i = 0; i < all.count; i++) {
		if (i > 0) {
			(void)putchar('\n');
		}
		show_block(&all.items[i]);
	}
	if (all.count == 0 && status == COMMAND_STATUS_DONE) {
		print_none();
	}
	free_all(&all);
	return flush_after(status);
}

static enum command_status print_one(struct keeper *keeper, const char *name, bool json)
{
	struct show show;
	enum command_status status = show_read(keeper, name, &show);

	if (status == COMMAND_STATUS_DONE) {
		status = show_read_cause(keeper, &show);
	}
	if (status == COMMAND_STATUS_DONE && json) {
		status = show_print_json(show_json(&show));
	} else if (status == COMMAND_STATUS_DONE) {
		show_block(&show);
		status = show_flush();
	}
	show_free(&show);
	return status;
}

static enum command_status run_status(const struct command_call *call)
{
	bool json = command_has(&verb_status, call, "json");
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		if (call->name_count > 0) {
			status = print_one(&keeper, call->names[0], json);
		} else {
			status = json ? print_all_json(&keeper) : print_all(&keeper);
		}
	}
	keeper_close(&keeper);
	return status;
}

static int wider(int width, const char *text)
{
	int length = snprintf(NULL, 0, "%s", text);

	return length > width ? length : width;
}

static void print_row(const struct show *show, int name_width, int state_width)
{
	char since[SHOW_TIME_SIZE];
	char wake[SHOW_TIME_SIZE] = "";

	show_time(show->record.since_ns, since);
	if (show->record.wake != RECORD_WAKE_NONE) {
		show_time(show->record.wake_at_s * INT64_C(1000000000), wake);
	}
	(void)printf("%-*s  %-*s  %-19s  %-*s%s%s\n", name_width, show->record.name, state_width,
		     show_state(show), since, *wake != '\0' ? IMAGE_WIDTH : 0,
		     show_image(show->record.image), *wake != '\0' ? "  " : "", wake);
}

static void print_rows(const struct shows *all)
{
	int name_width = (int)strlen("NAME");
	int state_width = (int)strlen("STATE");

	for (size_t i = 0; i < all->count; i++) {
		name_width = wider(name_width, all->items[i].record.name);
		state_width = wider(state_width, show_state(&all->items[i]));
	}
	(void)printf("%-*s  %-*s  %-19s  %-*s  %s\n", name_width, "NAME", state_width, "STATE",
		     "SINCE", IMAGE_WIDTH, "IMAGE", "WAKE");
	for (size_t i = 0; i < all->count; i++) {
		print_row(&all->items[i], name_width, state_width);
	}
}

static enum command_status print_table(struct keeper *keeper)
{
	struct shows all;
	enum command_status status = read_all(keeper, false, &all);

	if (status == COMMAND_STATUS_DONE && all.count == 0) {
		print_none();
	} else if (status == COMMAND_STATUS_DONE) {
		print_rows(&all);
	}
	free_all(&all);
	return flush_after(status);
}

static enum command_status run_list(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = command_has(&verb_list, call, "json") ? print_all_json(&keeper)
							       : print_table(&keeper);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_status = {
	.name = "status",
	.arguments = "[NAME]",
	.summary = "say what a machine is doing, and why; or all of them",
	.options = {{"json", NULL, "for programs: an object, or an array of all", false}},
	.name_count_max = 1,
	.run = run_status,
};

const struct command verb_list = {
	.name = "list",
	.arguments = "",
	.summary = "list the machines, a line each",
	.options = {{"json", NULL, "for programs, as status --json", false}},
	.run = run_list,
};
