/* SPDX-License-Identifier: BSD-3-Clause */
/* What a test sets and sees of the machine without KVM, what it is, and its balloon. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "devices/virtio_balloon.h"
#include "fake_machine_internal.h"
#include "machine/description.h"

/* As short as one can be: what tests change. */
int machine_describe(struct machine *machine, char **text, struct vmm_error *error)
{
	const struct machine_config *config = &machine->config;

	if (asprintf(text, "cpu.count %" PRIu32 "\nmachine torpor-1\nram.bytes %" PRIu64 "\n",
		     config->cpu_count, config->memory_bytes) < 0) {
		*text = NULL;
		vmm_error_set(error, "no memory for the machine's description");
		return -ENOMEM;
	}
	return 0;
}

void fake_machine_set(struct machine *machine, enum machine_status status)
{
	(void)pthread_mutex_lock(&machine->lock);
	machine->status = status;
	machine->wake = POWER_REASON_NONE;
	(void)pthread_mutex_unlock(&machine->lock);
}

enum power_reason fake_machine_host_end(struct machine *machine)
{
	return machine->host_end;
}

enum power_key fake_machine_pressed(struct machine *machine, uint32_t *limit_s)
{
	enum power_key key = machine->pressed;

	*limit_s = machine->limit_s;
	machine->pressed = POWER_KEY_NONE;
	return key;
}

bool fake_machine_was_reset(struct machine *machine)
{
	return machine->host_reset;
}

void fake_machine_give_balloon(struct machine *machine, uint64_t size_bytes)
{
	machine->balloon_bytes = size_bytes;
}

bool machine_balloon_resize(struct machine *machine, uint64_t size_bytes)
{
	if (machine->balloon_bytes == 0) {
		return false;
	}
	machine->balloon_bytes = size_bytes;
	return true;
}

bool machine_balloon_size(struct machine *machine, uint64_t *size_bytes)
{
	*size_bytes = machine->balloon_bytes;
	return machine->balloon_bytes != 0;
}

bool machine_balloon_stats(struct machine *machine, struct virtio_balloon_stats *stats)
{
	*stats = (struct virtio_balloon_stats){.known = 1U << 0 | 1U << 15, .updated_s = 7};
	stats->values[0] = UINT64_MAX;
	stats->values[1] = 1;
	stats->values[15] = 15;
	return machine->balloon_bytes != 0;
}
