/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the machine without KVM share. */
#ifndef TESTS_VMM_FAKE_MACHINE_INTERNAL_H
#define TESTS_VMM_FAKE_MACHINE_INTERNAL_H

#include <pthread.h>

#include "devices/dirty_map.h"
#include "devices/disk_file.h"
#include "devices/write_gate.h"
#include "fake_machine.h"

#define INPUT_SIZE 16
#define FAKE_NONCE_SIZE 17

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
	/* fake_machine_disk.c */
	struct write_gate gate;
	struct disk_file disks[MACHINE_DISK_COUNT_MAX];
	struct dirty_map written[MACHINE_DISK_COUNT_MAX];
	size_t open_count;
	/* The guest thread's, until that has ended. */
	int64_t alarm_s;
	uint32_t word; /* of the program */
};

/* fake_machine.c */
void fake_poke(struct machine *machine);
void fake_emit(struct machine *machine, enum power_event_kind kind, enum power_reason reason);
void fake_emit_cpu(struct machine *machine, enum power_event_kind kind, int32_t cpu);
void fake_emit_key(struct machine *machine, enum power_event_kind kind, enum power_reason reason,
		   enum power_key key);
bool fake_is_ended(const struct machine *machine); /* with the lock held */
bool fake_host_ended(struct machine *machine);

/* fake_machine_guest.c: the guest's thread; @machine is a struct machine. */
void *fake_run_guest(void *machine);

/* fake_machine_disk.c: as their names say; writes pass the gate. */
bool fake_disks_open(struct machine *machine, struct vmm_error *error);
void fake_disks_close(struct machine *machine);
int fake_disks_flush(struct machine *machine);
bool fake_disk_write(struct machine *machine, uint64_t offset, const void *bytes, size_t len_bytes);

/* What a guest finds at its boot: REFUSED is for another signature, and the image is gone. */
enum fake_boot {
	FAKE_BOOT_FRESH,
	FAKE_BOOT_RESUMED,
	FAKE_BOOT_REFUSED,
	FAKE_BOOT_FAILED,
};

bool fake_image_save(struct machine *machine, uint32_t next_word, char nonce[FAKE_NONCE_SIZE]);
enum fake_boot fake_image_resume(struct machine *machine, uint32_t *next_word,
				 char nonce[FAKE_NONCE_SIZE]);

#endif /* TESTS_VMM_FAKE_MACHINE_INTERNAL_H */
