/* SPDX-License-Identifier: BSD-3-Clause */
/* --disk FILE[,OPTION]... */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "cli/options_paths.h"

#define QUEUES_MAX 16

struct choice {
	const char *name;
	int value;
};

static const struct choice switches[] = {{"on", true}, {"off", false}, {NULL, 0}};
static const struct choice aios[] = {{"auto", DISK_AIO_AUTO},
				     {"threads", DISK_AIO_THREADS},
				     {"io_uring", DISK_AIO_IO_URING},
				     {NULL, 0}};

static bool choose(const struct choice *choices, const char *text, int *value)
{
	for (; choices->name != NULL; choices++) {
		if (strcmp(choices->name, text) == 0) {
			*value = choices->value;
			return true;
		}
	}
	return false;
}

static bool set_ro(struct machine_disk_config *disk, const char *text)
{
	(void)text;
	disk->read_only = true;
	return true;
}

static bool set_queues(struct machine_disk_config *disk, const char *text)
{
	const char *end;
	uint64_t number;

	if (!options_parse_number(text, &end, &number) || *end != '\0' || number < 1 ||
	    number > QUEUES_MAX) {
		return false;
	}
	disk->queue_count = (unsigned)number;
	return true;
}

static bool set_discard(struct machine_disk_config *disk, const char *text)
{
	int value;
	bool good = choose(switches, text, &value);

	disk->discard = good && value != 0;
	return good;
}

static bool set_aio(struct machine_disk_config *disk, const char *text)
{
	int value = DISK_AIO_AUTO;
	bool good = choose(aios, text, &value);

	disk->aio = (enum disk_aio)value;
	return good;
}

/* @name with its "=" if it has a value; @expected for the message. */
static const struct disk_option {
	const char *name;
	const char *expected;
	bool (*set)(struct machine_disk_config *disk, const char *text);
} disk_options[] = {
	{"ro", "ro", set_ro},
	{"queues=", "queues=N, N from 1 to 16", set_queues},
	{"discard=", "discard=on or discard=off", set_discard},
	{"aio=", "aio=auto, aio=threads or aio=io_uring", set_aio},
};

#define OPTION_COUNT (sizeof(disk_options) / sizeof(disk_options[0]))

static const struct disk_option *find_option(const char *word)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const char *name = disk_options[i].name;
		size_t length = strlen(name);

		if (name[length - 1] == '=' ? strncmp(word, name, length) == 0
					    : strcmp(word, name) == 0) {
			return &disk_options[i];
		}
	}
	return NULL;
}

/*
 * From the end, as a file's name may have commas: the first word that is no option is its. Cuts
 * the options off @text.
 */
static bool parse(char *text, const char *value, struct machine_disk_config *disk,
		  struct vmm_error *error)
{
	bool given[OPTION_COUNT] = {false};
	char *comma;

	while ((comma = strrchr(text, ',')) != NULL) {
		const struct disk_option *option = find_option(comma + 1);

		if (option == NULL) {
			break;
		}
		if (given[option - disk_options]) {
			vmm_error_set(error, "--disk '%s': '%s' is given twice: expected it once",
				      value, option->name);
			return false;
		}
		given[option - disk_options] = true;
		if (!option->set(disk, comma + 1 + strlen(option->name))) {
			vmm_error_set(error, "--disk '%s': '%s': expected %s", value, comma + 1,
				      option->expected);
			return false;
		}
		*comma = '\0';
	}
	return true;
}

size_t options_disk_path_length(const char *value)
{
	size_t length = strlen(value);

	for (;;) {
		const char *comma = memrchr(value, ',', length);
		size_t word = comma != NULL ? length - (size_t)(comma + 1 - value) : 0;
		char text[32];

		if (comma == NULL || word >= sizeof(text)) {
			return length;
		}
		memcpy(text, comma + 1, word);
		text[word] = '\0';
		if (find_option(text) == NULL) {
			return length;
		}
		length = (size_t)(comma - value);
	}
}

bool options_set_disk(struct run_options *options, const char *value, struct vmm_error *error)
{
	struct machine_config *machine = &options->machine;
	struct machine_disk_config disk = {.discard = true};
	char *path;

	if (machine->disk_count == MACHINE_DISK_COUNT_MAX) {
		vmm_error_set(error, "--disk '%s': expected %d disks at most", value,
			      MACHINE_DISK_COUNT_MAX);
		return false;
	}
	path = strdup(value);
	if (path == NULL) {
		vmm_error_set(error, "--disk '%s': %s", value, strerror(errno));
		return false;
	}
	if (!parse(path, value, &disk, error)) {
		free(path);
		return false;
	}
	if (*path == '\0') {
		vmm_error_set(error, "--disk '%s': names no file: expected FILE[,OPTION]...",
			      value);
		free(path);
		return false;
	}
	disk.path = path;
	options->disk_paths[machine->disk_count] = path;
	machine->disks[machine->disk_count++] = disk;
	return true;
}
