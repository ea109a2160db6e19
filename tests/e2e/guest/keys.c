/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys - prints the name of each power key that is pressed, one a line
 *
 * Looks for them on all of /dev/input, since which is gpio-keys' depends on what else there is.
 * Prints "ready" first. Usage: keys
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES_MAX 16

static const struct {
	unsigned code;
	const char *name;
} keys[] = {
	{KEY_POWER, "power"},
	{KEY_SLEEP, "sleep"},
	{KEY_SUSPEND, "hibernate"},
};

static unsigned open_all(struct pollfd devices[DEVICES_MAX])
{
	unsigned count = 0;
	struct dirent *entry;
	DIR *folder = opendir("/dev/input");

	while (folder != NULL && count < DEVICES_MAX && (entry = readdir(folder)) != NULL) {
		if (strncmp(entry->d_name, "event", 5) == 0) {
			devices[count].fd = openat(dirfd(folder), entry->d_name, O_RDONLY);
			devices[count].events = POLLIN;
			count += devices[count].fd >= 0;
		}
	}
	return count;
}

static void tell(const struct input_event *event)
{
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (event->type == EV_KEY && event->code == keys[i].code && event->value == 1) {
			puts(keys[i].name);
		}
	}
}

int main(void)
{
	struct pollfd devices[DEVICES_MAX];
	unsigned count = open_all(devices);
	struct input_event event;

	if (count == 0) {
		fputs("keys: no /dev/input/event*\n", stderr);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (poll(devices, count, -1) >= 0) {
		for (unsigned i = 0; i < count; i++) {
			if ((devices[i].revents & POLLIN) != 0 &&
			    read(devices[i].fd, &event, sizeof(event)) == sizeof(event)) {
				tell(&event);
			}
		}
	}
	return 1;
}
