/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the machine without KVM share. */
#ifndef TESTS_VMM_FAKE_MACHINE_INTERNAL_H
#define TESTS_VMM_FAKE_MACHINE_INTERNAL_H

#include <pthread.h>

#include "fake_machine.h"

#define INPUT_SIZE 16

/* @lock guards what follows it; @changed is for all of it. */
struct machine {
	struct machine_config config;
	struct machine_host host;
	int fd;
	uint32_t signature;
	pthread_t guest;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum machine_status status;
	enum machine_end end;
	enum power_reason host_end;
	enum power_reason wake;
	enum power_key pressed;
	uint32_t limit_s;
	bool paused;
	bool host_reset;
	bool guest_reset; /* it starts over: to be told by the main thread */
	uint8_t input[INPUT_SIZE];
	size_t input_count;
	bool refused_input;
	unsigned writables; /* main thread only */
	uint64_t balloon_bytes; /* what it leaves of RAM; 0: there is none */
};

#endif /* TESTS_VMM_FAKE_MACHINE_INTERNAL_H */
