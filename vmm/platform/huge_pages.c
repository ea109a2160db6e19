/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/huge_pages.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/sys/kernel/mm/transparent_hugepage/"
#define TEXT_SIZE 128

bool huge_pages_given(const char *text)
{
	static const char *const given[] = {
		"[always]", "[madvise]", "[advise]", "[within_size]", "[force]",
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (strstr(text, given[i]) != NULL) {
			return true;
		}
	}
	return false;
}

static bool read_switch(const char *path)
{
	char text[TEXT_SIZE] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool given;

	if (fd < 0) {
		return false;
	}
	given = read(fd, text, sizeof(text) - 1) > 0 && huge_pages_given(text);
	(void)close(fd);
	return given;
}

bool huge_pages_anonymous_only(void)
{
	return read_switch(FOLDER "enabled") && !read_switch(FOLDER "shmem_enabled");
}
