/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/pvpanic.h. */
#include "check.h"

#include "devices/pvpanic.h"

#define NONE 0

struct fixture {
	struct pvpanic pvpanic;
	unsigned count;
	uint32_t last;
};

static void take(void *ctx, enum pvpanic_event event)
{
	struct fixture *f = ctx;

	f->count++;
	f->last = (uint32_t)event;
}

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.count = 0};
	pvpanic_init(&fixture.pvpanic, take, &fixture);
	*state = &fixture;
	return 0;
}

/* Linux registers for those bits only that it reads. */
static void knows_three_events(void **state)
{
	struct fixture *f = *state;

	for (unsigned len_bytes = 1; len_bytes <= 8; len_bytes *= 2) {
		assert_int_equal(pvpanic_mmio_ops.read(&f->pvpanic, 0, len_bytes), 7);
		assert_int_equal(pvpanic_mmio_ops.read(&f->pvpanic, len_bytes, len_bytes), 0);
	}
	assert_int_equal(f->count, 0);
}

static void passes_on_what_it_knows(void **state)
{
	static const struct {
		uint64_t offset;
		unsigned len_bytes;
		uint64_t value;
		uint32_t event;
	} writes[] = {
		{0, 1, 1, PVPANIC_PANICKED},
		{0, 1, 2, PVPANIC_CRASH_LOADED},
		{0, 1, 4, PVPANIC_SHUTDOWN},
		/* Of several the lowest. */
		{0, 1, 7, PVPANIC_PANICKED},
		{0, 1, 6, PVPANIC_CRASH_LOADED},
		{0, 4, 0xFFFFFF01, PVPANIC_PANICKED},
		{0, 8, UINT64_C(0x100000004), PVPANIC_SHUTDOWN},
		{0, 1, 0, NONE},
		{0, 1, 0xF8, NONE},
		{0, 8, UINT64_C(0x700000000), NONE},
		{1, 1, 1, NONE},
		{2, 2, 1, NONE},
		{0xFFF, 1, 1, NONE},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		f->count = 0;
		f->last = NONE;
		pvpanic_reset(&f->pvpanic);
		pvpanic_mmio_ops.write(&f->pvpanic, writes[i].offset, writes[i].len_bytes,
				       writes[i].value);
		assert_int_equal(f->last, writes[i].event);
		assert_int_equal(f->count, writes[i].event != NONE);
	}
}

/* A guest in a loop is heard once, of each event, in each boot. */
static void tells_once_a_boot(void **state)
{
	struct fixture *f = *state;

	for (unsigned boot = 1; boot <= 3; boot++) {
		for (unsigned i = 0; i < 1000; i++) {
			pvpanic_mmio_ops.write(&f->pvpanic, 0, 1, UINT64_C(1) << i % 8);
		}
		assert_int_equal(f->count, 3 * boot);
		pvpanic_reset(&f->pvpanic);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup(test, setup)
	const struct CMUnitTest tests[] = {
		T(knows_three_events),
		T(passes_on_what_it_knows),
		T(tells_once_a_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
