/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's end of the network: sends to who connects to one port, takes from who to the other. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "stream.h"

static char bytes[STREAM_CHUNK_BYTES];

static int listen_at(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 4) != 0) {
		perror("stream: listen");
		_exit(1);
	}
	return fd;
}

static void serve(int listener, ssize_t (*transfer)(int fd))
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		while (transfer(fd) > 0) {
		}
		close(fd);
	}
}

static ssize_t give(int fd)
{
	return send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
}

static ssize_t take(int fd)
{
	return read(fd, bytes, sizeof(bytes));
}

int main(void)
{
	int sends = listen_at(STREAM_SENDS_PORT);
	int takes = listen_at(STREAM_TAKES_PORT);

	puts("ready");
	(void)fflush(stdout);
	if (fork() == 0) {
		serve(sends, give);
	}
	serve(takes, take);
	return 0;
}
