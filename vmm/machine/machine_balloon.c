/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/internal.h"

bool machine_balloon_resize(struct machine *machine, uint64_t size_bytes)
{
	if (!machine->config.balloon) {
		return false;
	}
	virtio_balloon_set_size(&machine->board.balloon, size_bytes);
	return true;
}

bool machine_balloon_size(struct machine *machine, uint64_t *size_bytes)
{
	if (!machine->config.balloon) {
		return false;
	}
	*size_bytes = virtio_balloon_size(&machine->board.balloon);
	return true;
}

bool machine_balloon_stats(struct machine *machine, struct virtio_balloon_stats *stats)
{
	if (!machine->config.balloon) {
		return false;
	}
	virtio_balloon_stats(&machine->board.balloon, stats);
	return true;
}
