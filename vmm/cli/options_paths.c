/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options_paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * enum value_kind - what a value is
 * @VALUE_PLAIN:   no path
 * @VALUE_PATH:    begins with one
 * @VALUE_SOCKET:  is one, or "stdio"
 * @VALUE_PORT:    has one after "NAME="
 * @VALUE_NET:     has one after "stream="
 * @VALUE_PROCESS: is for one process only
 */
enum value_kind {
	VALUE_PLAIN,
	VALUE_PATH,
	VALUE_SOCKET,
	VALUE_PORT,
	VALUE_NET,
	VALUE_PROCESS,
};

static const struct {
	const char *name;
	enum value_kind kind;
	const char *instead;
} kinds[] = {
	{"kernel", VALUE_PATH, NULL},
	{"initrd", VALUE_PATH, NULL},
	{"disk", VALUE_PATH, NULL},
	{"firmware", VALUE_PATH, NULL},
	{"variables", VALUE_PATH, NULL},
	{"variables-template", VALUE_PATH, NULL},
	{"virtio-console", VALUE_SOCKET, NULL},
	{"virtio-port", VALUE_PORT, NULL},
	{"net", VALUE_NET, NULL},
	{"events", VALUE_PROCESS, "'torpor events' has a machine's history"},
	{"control", VALUE_PROCESS, "a machine's control socket is in its own folder"},
	{"pidfile", VALUE_PROCESS, "'torpor status' says whether a process runs it"},
	{"hardware-signature", VALUE_PROCESS, "torpor computes and keeps it"},
};

static enum value_kind kind_of(const char *name, const char **instead)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*instead = kinds[i].instead;
			return kinds[i].kind;
		}
	}
	return VALUE_PLAIN;
}

/* Of @value, from @at on there is a path. */
static char *insert_folder(const char *value, size_t at, struct vmm_error *error)
{
	char *folder = value[at] == '/' ? strdup("") : getcwd(NULL, 0);
	char *whole = NULL;

	if (folder == NULL || asprintf(&whole, "%.*s%s%s%s", (int)at, value, folder,
				       *folder != '\0' ? "/" : "", value + at) < 0) {
		vmm_error_set(error, "'%.120s': no absolute path: %s", value, strerror(errno));
		whole = NULL;
	}
	free(folder);
	return whole;
}

static char *absolute_net(const char *value, struct vmm_error *error)
{
	static const char stream[] = "stream=";

	if (strncmp(value, "tapfd=", 6) == 0) {
		vmm_error_set(error,
			      "--net '%.80s': is for one process: expected tap=INTERFACE, passt or "
			      "stream=SOCKET for a machine that is kept",
			      value);
		return NULL;
	}
	if (strncmp(value, stream, strlen(stream)) == 0) {
		return insert_folder(value, strlen(stream), error);
	}
	return strdup(value);
}

char *options_absolute(const char *name, const char *value, struct vmm_error *error)
{
	const char *instead = NULL;
	const char *equals;

	vmm_error_set(error, "--%s: %s", name, strerror(ENOMEM));
	switch (kind_of(name, &instead)) {
	case VALUE_PATH:
		return insert_folder(value, 0, error);
	case VALUE_SOCKET:
		return strcmp(value, "stdio") == 0 ? strdup(value) : insert_folder(value, 0, error);
	case VALUE_PORT:
		equals = strchr(value, '=');
		return equals == NULL ? strdup(value)
				      : insert_folder(value, (size_t)(equals + 1 - value), error);
	case VALUE_NET:
		return absolute_net(value, error);
	case VALUE_PROCESS:
		vmm_error_set(error, "--%s is not for a machine that is kept by name: %s", name,
			      instead);
		return NULL;
	case VALUE_PLAIN:
		break;
	}
	return strdup(value);
}
