/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/thread.h"

#include <signal.h>

int thread_start_quiet(pthread_t *thread, void *(*main)(void *arg), void *arg)
{
	sigset_t all;
	sigset_t old;
	int err;

	/* Before it begins, as it takes over this mask. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(thread, NULL, main, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}
