/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads of devices.
 */
#ifndef VMM_PLATFORM_THREAD_H
#define VMM_PLATFORM_THREAD_H

#include <pthread.h>

/**
 * thread_start_quiet() - start a thread that no signal is delivered to
 * @thread: set; join it with pthread_join()
 * @main:   what it runs
 * @arg:    argument of @main
 *
 * All signals are blocked there: they are the main thread's business.
 *
 * Context: any thread, whose own mask is left as it was.
 * Return: 0; -errno of pthread_create().
 */
int thread_start_quiet(pthread_t *thread, void *(*main)(void *arg), void *arg);

#endif /* VMM_PLATFORM_THREAD_H */
