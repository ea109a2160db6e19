/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vsock - the test guest's end of sockets of family AF_VSOCK: sends back all that it gets
 *
 * Usage: vsock listen PORT    for every connection to this port, each in a process of its own
 *        vsock connect PORT   for one, which it makes to the host
 *
 * A connection that ends says so in a line on standard output: "PORT BYTES REASON", the bytes that
 * were sent back, and "closed" or what errno says.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the socket header, whose types it uses. */
#include <linux/vm_sockets.h>

#define CHUNK (64 << 10)

static int fail(const char *what)
{
	(void)fprintf(stderr, "vsock: %s: %s\n", what, strerror(errno));
	return 1;
}

static int write_whole(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0) {
			return -1;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

static int send_back(int fd, unsigned port)
{
	static char chunk[CHUNK];
	unsigned long long total = 0;
	const char *reason = "closed";

	for (;;) {
		ssize_t len = recv(fd, chunk, sizeof(chunk), 0);

		if (len < 0 || (len > 0 && write_whole(fd, chunk, (size_t)len) != 0)) {
			reason = strerror(errno);
			break;
		}
		if (len == 0) {
			break;
		}
		total += (unsigned long long)len;
	}
	(void)printf("%u %llu %s\n", port, total, reason);
	(void)fflush(stdout);
	(void)close(fd);
	return 0;
}

static int serve(int fd, const struct sockaddr_vm *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
		return fail("bind");
	}
	if (listen(fd, 8) != 0) {
		return fail("listen");
	}
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int connection = accept(fd, NULL, NULL);

		if (connection < 0) {
			return fail("accept");
		}
		if (fork() == 0) {
			return send_back(connection, address->svm_port);
		}
		(void)close(connection);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_vm address = {.svm_family = AF_VSOCK};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (argc != 3) {
		(void)fprintf(stderr, "usage: vsock listen|connect PORT\n");
		return 2;
	}
	if (fd < 0) {
		return fail("socket");
	}
	address.svm_port = (unsigned)strtoul(argv[2], NULL, 10);
	if (strcmp(argv[1], "listen") == 0) {
		address.svm_cid = VMADDR_CID_ANY;
		return serve(fd, &address);
	}
	address.svm_cid = VMADDR_CID_HOST;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		return fail("connect");
	}
	return send_back(fd, address.svm_port);
}
