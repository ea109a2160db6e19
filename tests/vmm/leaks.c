/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <time.h>

#include "leaks.h"

#define WAIT_MS 20000
#define NS_PER_MS 1000000L

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		count++;
	}
	closedir(dir);
	return count;
}

static void *return_at_once(void *arg)
{
	return arg;
}

/* A sanitizer may start a thread of its own, together with the first of ours. */
static void start_first_thread(void)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, return_at_once, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

struct leaks leaks_begin(void)
{
	start_first_thread();
	return (struct leaks){
		.threads = count_entries("/proc/self/task"),
		.fds = count_entries("/proc/self/fd"),
	};
}

void assert_no_leaks(const struct leaks *before)
{
	const struct timespec nap = {.tv_nsec = NS_PER_MS};

	for (int ms = 0; ms < WAIT_MS && count_entries("/proc/self/task") > before->threads; ms++) {
		(void)nanosleep(&nap, NULL);
	}
	assert_in_range(count_entries("/proc/self/task"), 0, before->threads);
	assert_in_range(count_entries("/proc/self/fd"), 0, before->fds);
}
