/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/describe.h"

#include <errno.h>

#include "cli/options.h"
#include "machine/description.h"

bool describe_check(struct options_words *words, struct vmm_error *error)
{
	struct run_options options;
	enum options_result result = options_parse(words->argc, words->argv, &options, error);
	bool good = result == OPTIONS_RUN && options_check(&options, error);

	options_free(&options);
	if (!good) {
		error->bad_input = true;
	}
	return good;
}

static void ignore_event(void *ctx, const struct power_event *event)
{
	(void)ctx;
	(void)event;
}

static void ignore_tx(void *ctx, const uint8_t *bytes, size_t count)
{
	(void)ctx;
	(void)bytes;
	(void)count;
}

static size_t ignore_take(void *ctx, const uint8_t *bytes, size_t count, bool last)
{
	(void)ctx;
	(void)bytes;
	(void)last;
	return count;
}

static void ignore_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

int describe_config(const struct machine_config *config, const char *recorded,
		    void (*log)(void *ctx, const char *line), char **text, struct vmm_error *error)
{
	const struct machine_host host = {
		.events = {.emit = ignore_event},
		.console_tx = ignore_tx,
		.console_take = ignore_take,
		.log = log != NULL ? log : ignore_line,
	};
	struct machine_config described = *config;
	struct machine *machine;
	int ret;

	described.recorded = recorded;
	described.describe_only = true;
	machine = machine_create(&described, &host, error);
	ret = machine != NULL ? machine_describe(machine, text, error) : -EIO;
	machine_destroy(machine);
	return ret;
}

int describe_words(struct options_words *words, const char *recorded, char **text,
		   struct vmm_error *error)
{
	struct run_options options;
	int ret = -EINVAL;

	*text = NULL;
	if (options_parse(words->argc, words->argv, &options, error) == OPTIONS_RUN) {
		ret = describe_config(&options.machine, recorded, NULL, text, error);
	}
	options_free(&options);
	return ret;
}
