/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor status, torpor list */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/keeper.h"
#include "cli/show.h"

#define IMAGE_WIDTH 9

typedef void show_fn(void *ctx, const struct show *show);

/* Each of the machines; one that was deleted since is left out. */
static enum command_status each(struct keeper *keeper, show_fn *take, void *ctx)
{
	char **names = NULL;
	size_t count = 0;
	struct vmm_error error;
	enum command_status status = COMMAND_STATUS_DONE;

	if (store_list(keeper->store, &names, &count, &error) != 0) {
		return keeper_failed(&error);
	}
	for (size_t i = 0; i < count; i++) {
		struct show show;
		enum command_status read = show_read(keeper, names[i], &show);

		if (read == COMMAND_STATUS_DONE) {
			take(ctx, &show);
		} else if (read != COMMAND_STATUS_NO_MACHINE) {
			status = read;
		}
		show_free(&show);
		free(names[i]);
	}
	free(names);
	return status;
}

static void add_json(void *ctx, const struct show *show)
{
	(void)json_object_array_add(ctx, show_json(show));
}

static enum command_status print_all_json(struct keeper *keeper)
{
	struct json_object *array = json_object_new_array();
	enum command_status status = each(keeper, add_json, array);
	enum command_status printed = show_print_json(array);

	return status != COMMAND_STATUS_DONE ? status : printed;
}

static void print_block(void *ctx, const struct show *show)
{
	bool *first = ctx;

	if (!*first) {
		(void)putchar('\n');
	}
	*first = false;
	show_block(show);
}

static enum command_status print_all(struct keeper *keeper)
{
	bool first = true;
	enum command_status status = each(keeper, print_block, &first);

	if (first && status == COMMAND_STATUS_DONE) {
		(void)puts("There are no machines: 'torpor create NAME --kernel FILE' makes one.");
	}
	return show_flush() == COMMAND_STATUS_DONE ? status : COMMAND_STATUS_FAILED;
}

static enum command_status print_one(struct keeper *keeper, const char *name, bool json)
{
	struct show show;
	enum command_status status = show_read(keeper, name, &show);

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

/**
 * struct table - rows of a list
 * @names:  as wide as the widest name
 * @states: as wide as the widest state
 * @print:  the second time round
 * @count:  rows
 */
struct table {
	int names;
	int states;
	bool print;
	size_t count;
};

static int wider(int width, const char *text)
{
	int length = snprintf(NULL, 0, "%s", text);

	return length > width ? length : width;
}

static void take_row(void *ctx, const struct show *show)
{
	struct table *table = ctx;
	char since[SHOW_TIME_SIZE];
	char wake[SHOW_TIME_SIZE] = "";

	if (!table->print) {
		table->names = wider(table->names, show->record.name);
		table->states = wider(table->states, show_state(show));
		table->count++;
		return;
	}
	show_time(show->record.since_ns, since);
	if (show->record.wake != RECORD_WAKE_NONE) {
		show_time(show->record.wake_at_s * INT64_C(1000000000), wake);
	}
	(void)printf("%-*s  %-*s  %-19s  %-*s%s%s\n", table->names, show->record.name,
		     table->states, show_state(show), since, *wake != '\0' ? IMAGE_WIDTH : 0,
		     show_image(show->record.image), *wake != '\0' ? "  " : "", wake);
}

static enum command_status print_table(struct keeper *keeper)
{
	struct table table = {.names = 4, .states = 5};
	enum command_status status = each(keeper, take_row, &table);

	if (status == COMMAND_STATUS_DONE && table.count == 0) {
		(void)puts("There are no machines: 'torpor create NAME --kernel FILE' makes one.");
	} else if (status == COMMAND_STATUS_DONE) {
		(void)printf("%-*s  %-*s  %-19s  %-*s  %s\n", table.names, "NAME", table.states,
			     "STATE", "SINCE", IMAGE_WIDTH, "IMAGE", "WAKE");
		table.print = true;
		status = each(keeper, take_row, &table);
	}
	return show_flush() == COMMAND_STATUS_DONE ? status : COMMAND_STATUS_FAILED;
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
