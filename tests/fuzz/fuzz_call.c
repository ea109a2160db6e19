/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No register contents, from any CPU in any state, can make torpor_call() fail; the count of CPUs
 * that are not off stays true; and at the end the machine can be saved and brought back.
 */
#include "machine.h"
#include <string.h>

static void count_is_true(const struct fuzz *f)
{
	uint32_t on = 0;

	for (uint32_t cpu = 0; cpu < FUZZ_CPUS; cpu++) {
		enum torpor_cpu_state state = torpor_cpu_state(&f->machine, cpu);

		on += state != TORPOR_CPU_OFF && state != TORPOR_CPU_DISABLED;
	}
	PROMISE(torpor_machine_mode(&f->machine) >= TORPOR_MODE_OFF ||
		torpor_machine_cpus_on(&f->machine) == on);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t saved[4096], again[4096];
	struct input in = {data, size};
	size_t len_bytes;
	static struct fuzz f;

	fuzz_up(&f, &in);
	while (in.left > 0) {
		fuzz_step(&f, &in);
		count_is_true(&f);
	}
	f.now_us = 0;
	len_bytes = torpor_machine_save_size(&f.machine);
	PROMISE(len_bytes <= sizeof(saved));
	PROMISE(torpor_machine_save(&f.machine, saved, len_bytes) == TORPOR_OK);
	f.now_us = 0;
	PROMISE(torpor_machine_restore(&f.machine, saved, len_bytes) == TORPOR_OK);
	f.now_us = 0;
	PROMISE(torpor_machine_save(&f.machine, again, len_bytes) == TORPOR_OK);
	PROMISE(memcmp(saved, again, len_bytes) == 0);
	return 0;
}
