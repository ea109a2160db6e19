/* SPDX-License-Identifier: BSD-3-Clause */
/* A network device's throughput: one TCP stream each way, to stream.c on the host. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "guest_work.h"
#include "stream.h"

#define WAIT_MS 10000
#define SPAN_NS INT64_C(2000000000)
#define DEVICE "eth0"

static char bytes[STREAM_CHUNK_BYTES];

static int set_up(void)
{
	struct ifreq request = {.ifr_name = DEVICE};
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	for (int n = 0; n < WAIT_MS / 10 && ret != 0; n++) {
		ret = ioctl(fd, SIOCGIFFLAGS, &request);
		if (ret != 0) {
			(void)usleep(10000);
		}
	}
	(void)inet_pton(AF_INET, STREAM_GUEST, &address.sin_addr);
	memcpy(&request.ifr_addr, &address, sizeof(address));
	if (ret == 0) {
		ret = ioctl(fd, SIOCSIFADDR, &request);
	}
	(void)inet_pton(AF_INET, "255.255.255.0", &address.sin_addr);
	memcpy(&request.ifr_netmask, &address, sizeof(address));
	if (ret == 0) {
		ret = ioctl(fd, SIOCSIFNETMASK, &request);
	}
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ret == 0) {
		ret = ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
	return ret;
}

static int reach(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, STREAM_HOST, &address.sin_addr);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		say("@fail net: %s\n", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void receive_all(void)
{
	int fd = reach(STREAM_SENDS_PORT);
	int64_t begun = now_ns();
	uint64_t total = 0;
	ssize_t count = 1;

	while (fd >= 0 && count > 0 && now_ns() - begun < SPAN_NS) {
		count = read(fd, bytes, sizeof(bytes));
		total += count > 0 ? (uint64_t)count : 0;
	}
	say("@bench net-receive %llu %lld\n", (unsigned long long)total,
	    (long long)(now_ns() - begun));
	close(fd);
}

/* The end counts too: the host closes when it has everything. */
static void send_all(void)
{
	int fd = reach(STREAM_TAKES_PORT);
	int64_t begun = now_ns();
	uint64_t total = 0;
	ssize_t count = 1;

	while (fd >= 0 && count > 0 && now_ns() - begun < SPAN_NS) {
		count = write(fd, bytes, sizeof(bytes));
		total += count > 0 ? (uint64_t)count : 0;
	}
	(void)shutdown(fd, SHUT_WR);
	(void)read(fd, bytes, 1);
	say("@bench net-send %llu %lld\n", (unsigned long long)total,
	    (long long)(now_ns() - begun));
	close(fd);
}

void work_net(void)
{
	if (set_up() != 0) {
		say("@fail " DEVICE ": %s\n", strerror(errno));
		return;
	}
	send_all();
	receive_all();
}
