/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holder - a process of the test guest that keeps one secret in its memory
 *
 * The host gives the secret after boot, over the console, straight to this process: it is in no
 * file, no argument and no shell variable. A guest that prints it later still has this process's
 * memory; one that was booted afresh cannot have it.
 *
 * Usage: holder CONSOLE REQUESTS REPLIES  (a tty and two FIFOs)
 * A request is one line, "set ID" or "get ID". The answer goes to the console, as a line
 * "@torpor ID . KEY VALUE"; the line "done" or "failed" then goes to REPLIES, so that whoever
 * asked knows that the console is free again.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET_MAX 128

static char secret[SECRET_MAX + 1];
static unsigned long asked;

/* The second half of a process's identity: pids are used again, a pid and its start are not. */
static unsigned long long start_ticks(void)
{
	char buf[1024];
	unsigned long long ticks = 0;
	FILE *f = fopen("/proc/self/stat", "re");
	size_t len;
	char *p;

	if (f == NULL) {
		return 0;
	}
	len = fread(buf, 1, sizeof(buf) - 1, f);
	(void)fclose(f);
	buf[len] = '\0';
	/* Field 2, the name, may hold spaces: count from its closing bracket. Start is field 22. */
	p = strrchr(buf, ')');
	for (int field = 2; p != NULL && field < 22; field++) {
		p = strchr(p + 1, ' ');
	}
	if (p != NULL) {
		(void)sscanf(p, "%llu", &ticks);
	}
	return ticks;
}

/* One byte at a time: a read past the end of the line would eat the next command. */
static size_t read_line(int fd, char *line, size_t size)
{
	size_t len = 0;
	char c;

	while (read(fd, &c, 1) == 1 && c != '\n') {
		if (c != '\r' && len + 1 < size) {
			line[len++] = c;
		}
	}
	line[len] = '\0';
	return len;
}

static bool set_secret(int console, const char *id)
{
	char line[SECRET_MAX + 1];
	size_t len;

	dprintf(console, "@torpor %s . send the secret as one line\n", id);
	len = read_line(console, line, sizeof(line));
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)line[i])) {
			len = 0;
		}
	}
	if (len == 0) {
		dprintf(console, "@torpor %s . bad secret: expected 1 to %d hex digits\n", id,
			SECRET_MAX);
		return false;
	}
	memcpy(secret, line, len + 1);
	memset(line, 0, sizeof(line));
	return true;
}

static void print_secret(int console, const char *id)
{
	asked++;
	dprintf(console, "@torpor %s . nonce %s\n", id, secret[0] != '\0' ? secret : "none");
	dprintf(console, "@torpor %s . holder pid=%ld start=%llu asked=%lu\n", id, (long)getpid(),
		start_ticks(), asked);
}

int main(int argc, char **argv)
{
	char line[64];
	char id[32];
	int console;
	int requests;
	int replies;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: holder CONSOLE REQUESTS REPLIES\n");
		return 2;
	}
	/* Read and write, so that a FIFO never reports end of file when its other end goes away. */
	console = open(argv[1], O_RDWR | O_NOCTTY | O_CLOEXEC);
	requests = open(argv[2], O_RDWR | O_CLOEXEC);
	replies = open(argv[3], O_RDWR | O_CLOEXEC);
	if (console < 0 || requests < 0 || replies < 0) {
		perror("holder: cannot open the console or a FIFO");
		return 1;
	}
	for (;;) {
		bool ok = true;

		if (read_line(requests, line, sizeof(line)) == 0) {
			continue;
		}
		if (sscanf(line, "set %31s", id) == 1) {
			ok = set_secret(console, id);
		} else if (sscanf(line, "get %31s", id) == 1) {
			print_secret(console, id);
		} else {
			ok = false;
		}
		dprintf(replies, "%s\n", ok ? "done" : "failed");
	}
}
