/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/cfi_flash.h: what drivers for it do, and what none does. */
#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "devices/cfi_flash.h"
#include "temp_file.h"

#define BANK_BYTES UINT64_C(0x100000)
#define DUAL(value) ((uint64_t)(value) << 16 | (value))
#define READY DUAL(CFI_FLASH_READY)
#define BOTH_ERRORS DUAL(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR | CFI_FLASH_PROGRAM_ERROR)

struct rig {
	struct temp_dir dir;
	char path[160];
	struct flash_store store;
	struct cfi_flash flash;
	unsigned shows;
	bool memory;
	unsigned lines;
};

static void show(void *ctx, bool memory)
{
	struct rig *rig = ctx;

	assert_int_not_equal(rig->memory, memory);
	rig->memory = memory;
	rig->shows++;
}

static void log_line(void *ctx, const char *line)
{
	struct rig *rig = ctx;

	assert_non_null(strstr(line, rig->path));
	rig->lines++;
}

static int setup(void **state)
{
	static struct rig rig;
	struct cfi_flash_config config = {
		.store = &rig.store, .show = show, .log = log_line, .ctx = &rig};
	struct vmm_error error;

	memset(&rig, 0, sizeof(rig));
	rig.memory = true;
	temp_dir_make(&rig.dir);
	(void)snprintf(rig.path, sizeof(rig.path), "%s", temp_path(&rig.dir, "vars"));
	assert_int_equal(flash_store_open(&rig.store, rig.path, NULL, BANK_BYTES, &error), 0);
	assert_int_equal(cfi_flash_init(&rig.flash, &config), 0);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	cfi_flash_destroy(&rig->flash);
	flash_store_close(&rig->store);
	temp_dir_remove(&rig->dir);
	return 0;
}

static uint64_t load(struct rig *rig, uint64_t offset, unsigned len_bytes)
{
	uint64_t value = cfi_flash_mmio_ops.read(&rig->flash, offset, len_bytes);

	return len_bytes == 8 ? value : value & ((UINT64_C(1) << 8 * len_bytes) - 1);
}

static void store(struct rig *rig, uint64_t offset, uint64_t value)
{
	cfi_flash_mmio_ops.write(&rig->flash, offset, 4, value);
}

static uint32_t in_file(const struct rig *rig, uint64_t offset)
{
	uint32_t value = 0;
	int fd = open(rig->path, O_RDONLY);

	assert_int_equal(pread(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	(void)close(fd);
	return value;
}

/* What a driver does in one go: stores, then a load that must give @expect. */
struct sequence {
	const char *what;
	struct {
		uint64_t offset;
		uint64_t value;
	} stores[8];
	unsigned count;
	uint64_t offset;
	unsigned len_bytes;
	uint64_t expect;
	bool memory; /* the guest reads memory afterwards */
};

static const struct sequence sequences[] = {
	{"nothing: erased memory", {{0}}, 0, 0x40, 4, 0xFFFFFFFF, true},
	{"U-Boot looks for CFI", {{0x154, DUAL(0x98)}}, 1, 0x40, 4, DUAL('Q'), false},
	{"and for its other letters", {{0x154, DUAL(0x98)}}, 1, 0x48, 4, DUAL('Y'), false},
	{"by 16 bits", {{0x154, DUAL(0x98)}}, 1, 0x44, 2, 'R', false},
	{"by 8 bits, a chip's upper byte", {{0x154, DUAL(0x98)}}, 1, 0x45, 1, 0, false},
	{"by 64 bits", {{0x154, DUAL(0x98)}}, 1, 0x40, 8, DUAL('Q') << 32 | DUAL('Q'), false},
	{"Intel's command set", {{0x154, DUAL(0x98)}}, 1, 0x13 * 4, 4, DUAL(1), false},
	{"a chip has half the bank", {{0x154, DUAL(0x98)}}, 1, 0x27 * 4, 4, DUAL(19), false},
	{"four sectors", {{0x154, DUAL(0x98)}}, 1, 0x2D * 4, 4, DUAL(3), false},
	{"of 128 KiB a chip", {{0x154, DUAL(0x98)}}, 1, 0x30 * 4, 4, DUAL(2), false},
	{"past the table", {{0x154, DUAL(0x98)}}, 1, 0xFFFFC, 4, 0, false},
	{"maker", {{0, DUAL(0x90)}}, 1, 0, 4, DUAL(0x89), false},
	{"device", {{0, DUAL(0x90)}}, 1, 4, 4, DUAL(0x18), false},
	{"no sector is locked", {{0, DUAL(0x90)}}, 1, 0x40008, 4, 0, false},
	{"status", {{0, DUAL(0x70)}}, 1, 0, 4, READY, false},
	{"back to memory", {{0, DUAL(0x70)}, {0, DUAL(0xFF)}}, 2, 0, 4, 0xFFFFFFFF, true},
	{"as AMD's chips", {{0, DUAL(0x98)}, {0, DUAL(0xF0)}}, 2, 0, 4, 0xFFFFFFFF, true},
	{"clear status changes no mode", {{0, DUAL(0x50)}}, 1, 0, 4, 0xFFFFFFFF, true},
	{"an unknown command is forgotten", {{0, DUAL(0xAA)}}, 1, 0, 4, 0xFFFFFFFF, true},
	{"program", {{8, DUAL(0x40)}, {8, 0x12345678}}, 2, 8, 4, READY, false},
	{"unlock", {{0, DUAL(0x60)}, {0, DUAL(0xD0)}}, 2, 0, 4, READY, false},
	{"lock", {{0, DUAL(0x60)}, {0, DUAL(0x01)}}, 2, 0, 4, READY, false},
	{"lock with nonsense", {{0, DUAL(0x60)}, {0, DUAL(0x33)}}, 2, 0, 4, BOTH_ERRORS, false},
	{"erase with nonsense", {{0, DUAL(0x20)}, {0, DUAL(0x33)}}, 2, 0, 4, BOTH_ERRORS, false},
	{"errors stay until cleared",
	 {{0, DUAL(0x20)}, {0, DUAL(0x33)}, {0, DUAL(0x70)}},
	 3,
	 0,
	 4,
	 BOTH_ERRORS,
	 false},
	{"and are then",
	 {{0, DUAL(0x20)}, {0, DUAL(0x33)}, {0, DUAL(0x50)}},
	 3,
	 0,
	 4,
	 READY,
	 false},
	{"erase called off", {{0, DUAL(0x20)}, {0, DUAL(0xFF)}}, 2, 0, 4, 0xFFFFFFFF, true},
	{"a buffer of too many words",
	 {{0, DUAL(0xE8)}, {0, DUAL(0x400)}},
	 2,
	 0,
	 4,
	 BOTH_ERRORS,
	 false},
	{"buffer data in two pieces of memory",
	 {{0, DUAL(0xE8)}, {0, DUAL(1)}, {0xFFC, 1}, {0x1000, 2}},
	 4,
	 0,
	 4,
	 BOTH_ERRORS,
	 false},
	{"a buffer that is not confirmed",
	 {{0, DUAL(0xE8)}, {0, DUAL(0)}, {0, 1}, {0, DUAL(0x33)}},
	 4,
	 0,
	 4,
	 BOTH_ERRORS,
	 false},
	{"a buffer called off",
	 {{0, DUAL(0xE8)}, {0, DUAL(0)}, {0, 1}, {0, DUAL(0xFF)}},
	 4,
	 0,
	 4,
	 0xFFFFFFFF,
	 true},
};

static void sequences_are_answered(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *s = &sequences[i];
		uint64_t got;

		cfi_flash_reset(&rig->flash);
		rig->memory = true;
		for (unsigned n = 0; n < s->count; n++) {
			store(rig, s->stores[n].offset, s->stores[n].value);
		}
		got = load(rig, s->offset, s->len_bytes);
		if (got != s->expect || rig->memory != s->memory) {
			fail_msg("%s: 0x%llx, expected 0x%llx; memory %d", s->what,
				 (unsigned long long)got, (unsigned long long)s->expect,
				 rig->memory);
		}
	}
}

static void program(struct rig *rig, uint64_t offset, uint32_t value)
{
	store(rig, offset, DUAL(0x40));
	store(rig, offset, value);
	assert_int_equal(load(rig, offset, 4), READY);
	store(rig, offset, DUAL(0xFF));
}

/* A program clears bits, an erase sets a sector's; each is in the file when it is over. */
static void changes_are_kept(void **state)
{
	struct rig *rig = *state;

	program(rig, 0x40010, 0xFFFF00FF);
	program(rig, 0x40010, 0x0F0F0F0F);
	program(rig, 0x3FFFC, 0x11111111);
	assert_int_equal(load(rig, 0x40010, 4), 0x0F0F000F);
	assert_int_equal(in_file(rig, 0x40010), 0x0F0F000F);
	store(rig, 0x7FFFC, DUAL(0x20));
	store(rig, 0x7FFFC, DUAL(0xD0));
	assert_int_equal(in_file(rig, 0x40010), 0xFFFFFFFF);
	assert_int_equal(in_file(rig, 0x3FFFC), 0x11111111);
}

static void a_buffer_is_programmed(void **state)
{
	struct rig *rig = *state;

	store(rig, 0x80000, DUAL(0xE8));
	assert_int_equal(load(rig, 0x80000, 4), READY);
	store(rig, 0x80000, DUAL(2));
	store(rig, 0x80004, 1);
	store(rig, 0x80008, 2);
	store(rig, 0x8000C, 3);
	assert_int_equal(in_file(rig, 0x80008), 0xFFFFFFFF);
	store(rig, 0x80000, DUAL(0xD0));
	assert_int_equal(load(rig, 0x80000, 4), READY);
	assert_int_equal(in_file(rig, 0x80004), 1);
	assert_int_equal(in_file(rig, 0x8000C), 3);
	assert_int_equal(in_file(rig, 0x80010), 0xFFFFFFFF);
}

/* A reset forgets a command half given, and the contents stay. */
static void a_reset_keeps_memory(void **state)
{
	struct rig *rig = *state;

	program(rig, 0, 7);
	store(rig, 0, DUAL(0x20));
	cfi_flash_reset(&rig->flash);
	rig->memory = true;
	store(rig, 0, DUAL(0xD0));
	assert_int_equal(load(rig, 0, 4), 7);
}

/* What cannot be written is told to the guest each time, and to the operator once. */
static void a_failed_write_is_told(void **state)
{
	struct rig *rig = *state;

	(void)close(rig->store.fd);
	rig->store.fd = open("/dev/full", O_RDWR);
	for (unsigned i = 0; i < 3; i++) {
		store(rig, 0, DUAL(0x50));
		store(rig, 0, DUAL(0x40));
		store(rig, 0, 0);
		assert_int_equal(load(rig, 0, 4), DUAL(0x90));
	}
	store(rig, 0, DUAL(0x20));
	store(rig, 0, DUAL(0xD0));
	assert_int_equal(load(rig, 0, 4), DUAL(0xB0));
	assert_int_equal(rig->lines, 1);
}

/* Nothing that a guest does reaches past the bank, at any width and place. */
static void nonsense_is_survived(void **state)
{
	struct rig *rig = *state;
	uint64_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned len_bytes = 1U << (seed >> 33) % 4;
		uint64_t offset;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		offset = (seed >> 20) % (BANK_BYTES - len_bytes + 1);
		/* An erase is a large write: none, or this takes long. */
		if ((seed >> 8 & 0xFF) != 0x20) {
			cfi_flash_mmio_ops.write(&rig->flash, offset, len_bytes, seed >> 8);
		}
		(void)load(rig, offset, len_bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sequences_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_buffer_is_programmed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_keeps_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_write_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_survived, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
