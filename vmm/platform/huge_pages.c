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

/* "" where it can't be read. */
static void read_switch(const char *path, char text[TEXT_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(text, 0, TEXT_SIZE);
	if (fd >= 0) {
		if (read(fd, text, TEXT_SIZE - 1) < 0) {
			text[0] = '\0';
		}
		(void)close(fd);
	}
}

bool huge_pages_anonymous_only(void)
{
	char anonymous[TEXT_SIZE];
	char shared[TEXT_SIZE];

	read_switch(FOLDER "enabled", anonymous);
	read_switch(FOLDER "shmem_enabled", shared);
	return huge_pages_given(anonymous) && !huge_pages_given(shared);
}

bool huge_pages_of_tmpfs(void)
{
	char shared[TEXT_SIZE];

	read_switch(FOLDER "shmem_enabled", shared);
	return shared[0] != '\0' && strstr(shared, "[deny]") == NULL;
}
