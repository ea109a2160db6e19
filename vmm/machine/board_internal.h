/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the board share: one file a group of devices, each with one function that
 * board_init() calls.
 */
#ifndef VMM_MACHINE_BOARD_INTERNAL_H
#define VMM_MACHINE_BOARD_INTERNAL_H

#include "devices/device.h"
#include "devices/irq_line.h"
#include "machine/board.h"

/* Lets the machine have @device from now on, board_destroy() included. 0 or -ENOSPC. */
int board_add(struct board *board, const struct device *device);

/* A wire to the GIC's input @intid. */
struct irq_line board_wire(struct board *board, uint32_t intid);

/* Puts registers on the bus. 0 or -errno of mmio_bus_add(). */
int board_map(struct board *board, const char *name, uint64_t base, uint64_t size_bytes,
	      const struct mmio_ops *ops, void *dev);

/* The same for a virtio device, in its slot; the slot then counts as taken. */
int board_map_virtio(struct board *board, const char *name, unsigned slot,
		     struct virtio_mmio *mmio);

/* Fills @error for devices that fail for want of memory or threads alone; returns @ret. */
int board_failed(int ret, const char *name, struct vmm_error *error);

/* board_platform.c: what every machine has. */
int board_add_platform(struct board *board, struct vmm_error *error);

/* board_platform.c: whether the GPIO controller interrupts for the RTC, and for no key. */
bool board_rtc_interrupts(struct board *board);

/* board_keys.c: what the host presses to ask for a power state. */
int board_add_keys(struct board *board, struct vmm_error *error);

/* board_disks.c */
int board_add_disks(struct board *board, struct vmm_error *error);

/* board_watch.c */
int board_add_watch(struct board *board, struct vmm_error *error);

/* board_console.c */
int board_add_console(struct board *board, struct vmm_error *error);
/* board_vsock.c */
int board_add_vsock(struct board *board, struct vmm_error *error);

/* board_balloon.c */
int board_add_balloon(struct board *board, struct vmm_error *error);

/* board_flash.c */
int board_add_flash(struct board *board, struct vmm_error *error);

/* board_net.c */
int board_add_nets(struct board *board, struct vmm_error *error);

#endif /* VMM_MACHINE_BOARD_INTERNAL_H */
