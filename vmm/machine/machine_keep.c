/* SPDX-License-Identifier: BSD-3-Clause */
/* What is to be kept of a machine that hibernates. */
#include "machine/internal.h"
#include "platform/wall_clock.h"

#define NS_PER_S INT64_C(1000000000)
/* Half of the clock's 32 bits. An alarm that is further off lies behind, and waits for a wrap. */
#define ALARM_MAX_S (INT64_C(1) << 31)

int machine_disk_fd(const struct machine *machine, size_t disk)
{
	return disk < machine->config.disk_count ? machine->board.disks[disk].file.fd : -1;
}

bool machine_disk_written(const struct machine *machine, size_t disk, uint64_t from,
			  uint64_t *offset, uint64_t *len_bytes)
{
	return disk < machine->config.disk_count &&
	       board_disk_written(&machine->board, disk, from, offset, len_bytes);
}

bool machine_alarm(struct machine *machine, int64_t *when_s)
{
	int64_t alarm_ns = pl031_next_alarm_ns(&machine->board.rtc);
	int64_t now_s = wall_clock_ns() / NS_PER_S;

	*when_s = alarm_ns / NS_PER_S;
	return alarm_ns != INT64_MAX && *when_s > now_s && *when_s - now_s < ALARM_MAX_S;
}
