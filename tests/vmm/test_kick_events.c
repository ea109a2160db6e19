/* SPDX-License-Identifier: BSD-3-Clause */
/* A kick that interrupts the wait for the events' reader must not turn it into one for ever. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/events.h"

static void ignore_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static void on_signal(int number)
{
	(void)number;
}

static void *write_one(void *arg)
{
	const struct power_event event = {.kind = POWER_EVENT_CPU_ON};

	events_write(arg, &event);
	return NULL;
}

static void interrupted_wait(void **state)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct event_log events = {.path = "pipe", .line_end = "\n", .log = ignore_line};
	struct timespec limit;
	pthread_t thread;
	int pipes[2];

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	while (write(pipes[1], "x", 1) == 1) {
	}
	assert_int_equal(fcntl(pipes[1], F_SETFL, 0), 0);
	events.fd = pipes[1];
	assert_int_equal(pthread_create(&thread, NULL, write_one, &events), 0);
	(void)usleep(200000);
	assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &limit), 0);
	limit.tv_sec += 10;
	assert_int_equal(pthread_timedjoin_np(thread, NULL, &limit), 0);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupted_wait),
	};

	return cmocka_run_group_tests_name("kick_events", tests, NULL, NULL);
}
