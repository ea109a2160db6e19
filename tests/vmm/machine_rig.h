/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole machine on the fake KVM: a kernel file that holds only a header, disks in a directory
 * that goes with the test, an event log, and a main loop. See power_rig.h for the names of calls.
 */
#ifndef TESTS_VMM_MACHINE_RIG_H
#define TESTS_VMM_MACHINE_RIG_H

#include "faults.h"
#include "platform/layout.h"
#include "machine/machine.h"
#include "power_rig.h"
#include "temp_file.h"

#define MACHINE_RAM_BYTES (UINT64_C(16) << 20)
#define MACHINE_DISK_BYTES 65536

/* What the kernel file says that it needs; the device tree comes after. */
#define MACHINE_KERNEL_BYTES UINT64_C(0x100000)
#define MACHINE_DTB_IPA UINT64_C(0x40200000)

/* RAM that no file is loaded to, for the guest's own use. */
#define MACHINE_FREE_IPA UINT64_C(0x40800000)

struct machine_rig {
	struct temp_dir dir;
	char kernel[128];
	char disk[128];
	struct machine_config config;
	struct machine *machine;
	struct event_log events;
	pthread_mutex_t lock; /* of the two below */
	char log[512]; /* lines for the operator, each followed by a newline */
	char console[256];
	/* As struct machine_host has them; their ctx is the rig, and @order is for them. */
	void (*ending)(void *ctx, const struct power_event *event);
	int (*commit)(void *ctx, const struct power_event *event, struct vmm_error *error);
	int (*first_write)(void *ctx);
	char order[256];
	struct leaks leaks;
};

/* machine_create() with the rig's configuration; NULL with @error filled. */
struct machine *machine_rig_try(struct machine_rig *rig, struct vmm_error *error);

/* Makes the machine; the rig's configuration can be changed before. */
void machine_rig_up(struct machine_rig *rig);

/* machine_rig_up(), and lets CPU 0 run @ops. */
void machine_rig_start(struct machine_rig *rig, const struct fake_op *ops);

/* The main loop, until the machine has ended or there are @events; MACHINE_RUNNING after 20 s. */
enum machine_end machine_rig_run(struct machine_rig *rig, size_t events);

/* The main loop until the end, which is to be this. */
void assert_ends(struct machine_rig *rig, enum machine_end end);

/* Does the operator's log hold this? */
bool machine_rig_logged(struct machine_rig *rig, const char *part);

/* What the console was given so far. */
void machine_rig_console(struct machine_rig *rig, char text[256]);

int machine_rig_setup(void **state);
int machine_rig_teardown(void **state);
void machine_rig_again(void **state);

#define MACHINE_RIG_TEST(name)                                                                     \
	cmocka_unit_test_setup_teardown(name, machine_rig_setup, machine_rig_teardown)

/* A register of disk 0's transport. */
#define DISK_REG(offset) (LAYOUT_VIRTIO_SLOT_BASE(0) + (offset))
#define DISK_SET(offset, value) FAKE_WRITE(DISK_REG(offset), 4, value)

/* Where the guest keeps its queue. */
#define DISK_DESC (MACHINE_FREE_IPA)
#define DISK_AVAIL (MACHINE_FREE_IPA + 0x1000)
#define DISK_USED (MACHINE_FREE_IPA + 0x2000)
#define DISK_HEADER (MACHINE_FREE_IPA + 0x3000)
#define DISK_DATA (MACHINE_FREE_IPA + 0x4000)
#define DISK_STATUS (MACHINE_FREE_IPA + 0x5000)
#define DISK_PATTERN UINT64_C(0x746F72706F722121)

/* A descriptor's second half: length, flags, next. */
#define DISK_SEGMENT(len_bytes, flags, next)                                                       \
	((uint64_t)(len_bytes) | (uint64_t)(flags) << 32 | (uint64_t)(next) << 48)

/* What a guest does to write DISK_PATTERN to sector 0 of disk 0, up to its notification. */
#define DISK_WRITE_OPS                                                                             \
	DISK_SET(0x70, 0), DISK_SET(0x70, 3), DISK_SET(0x24, 1), DISK_SET(0x20, 1),                \
		DISK_SET(0x24, 0), DISK_SET(0x20, 1 << 9), DISK_SET(0x70, 0xB), DISK_SET(0x30, 0), \
		DISK_SET(0x38, 8), DISK_SET(0x80, DISK_DESC), DISK_SET(0x84, 0),                   \
		DISK_SET(0x90, DISK_AVAIL), DISK_SET(0x94, 0), DISK_SET(0xA0, DISK_USED),          \
		DISK_SET(0xA4, 0), DISK_SET(0x44, 1), DISK_SET(0x70, 0xF),                         \
		FAKE_STORE(DISK_DESC, DISK_HEADER),                                                \
		FAKE_STORE(DISK_DESC + 8, DISK_SEGMENT(16, 1, 1)),                                 \
		FAKE_STORE(DISK_DESC + 16, DISK_DATA),                                             \
		FAKE_STORE(DISK_DESC + 24, DISK_SEGMENT(512, 1, 2)),                               \
		FAKE_STORE(DISK_DESC + 32, DISK_STATUS),                                           \
		FAKE_STORE(DISK_DESC + 40, DISK_SEGMENT(1, 2, 0)), FAKE_STORE(DISK_HEADER, 1),     \
		FAKE_STORE(DISK_HEADER + 8, 0), FAKE_STORE(DISK_DATA, DISK_PATTERN),               \
		FAKE_STORE16(DISK_AVAIL + 2, 1), DISK_SET(0x50, 0)

/* The first 8 bytes of disk 0's file. */
uint64_t machine_rig_disk_word(const struct machine_rig *rig);

#endif /* TESTS_VMM_MACHINE_RIG_H */
