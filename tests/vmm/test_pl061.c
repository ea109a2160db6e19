/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/pl061.h, with register sequences as drivers use them. */
#include "check.h"

#include <string.h>

#include "devices/pl061.h"

enum {
	DATA = 0x000,
	DIR = 0x400,
	IS = 0x404,
	IBE = 0x408,
	IEV = 0x40C,
	IE = 0x410,
	RIS = 0x414,
	MIS = 0x418,
	IC = 0x41C,
	AFSEL = 0x420,
};

#define LINE 3U
#define BIT (1U << LINE)
/* GPIODATA's address for some lines alone. */
#define DATA_OF(lines) (DATA + ((lines) << 2))

struct fixture {
	struct pl061 gpio;
	struct irq_probe irq;
};

static int setup(void **state)
{
	static struct fixture fixture;
	const struct irq_line line = irq_probe_line(&fixture.irq);

	memset(&fixture, 0, sizeof(fixture));
	*state = &fixture;
	return pl061_init(&fixture.gpio, &line);
}

static int teardown(void **state)
{
	pl061_destroy(&((struct fixture *)*state)->gpio);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)pl061_mmio_ops.read(&f->gpio, offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	pl061_mmio_ops.write(&f->gpio, offset, 4, value);
}

static void drive(struct fixture *f, bool high)
{
	pl061_set_input(&f->gpio, LINE, high);
}

static void id_is_that_of_an_arm_pl061(void **state)
{
	static const uint32_t id[8] = {0x61, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(get(*state, 0xFE0 + 4 * i), id[i]);
	}
}

/* All registers but the identification are 0 at first and after a reset; the inputs stay. */
static void reset_clears_all_but_the_inputs(void **state)
{
	static const uint64_t kept[] = {DIR, IS, IBE, IEV, IE, AFSEL};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_int_equal(get(f, kept[i]), 0);
		set(f, kept[i], 0x1A5);
		assert_int_equal(get(f, kept[i]), 0xA5);
	}
	set(f, DATA_OF(0xFFU), 0xFF);
	drive(f, true);
	pl061_reset(&f->gpio);
	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_int_equal(get(f, kept[i]), 0);
	}
	assert_int_equal(get(f, RIS), 0);
	assert_int_equal(get(f, DATA_OF(0xFFU)), BIT);
	assert_false(f->irq.level);
}

/* Bits 9 to 2 of the address choose the lines that an access reads and changes. */
static void address_masks_the_data(void **state)
{
	struct fixture *f = *state;

	set(f, DIR, 0xF0);
	set(f, DATA_OF(0xFFU), 0xFF);
	assert_int_equal(get(f, DATA_OF(0xFFU)), 0xF0);
	set(f, DATA_OF(0x30U), 0x10);
	assert_int_equal(get(f, DATA_OF(0xFFU)), 0xD0);
	assert_int_equal(get(f, DATA_OF(0x50U)), 0x50);
	assert_int_equal(get(f, DATA_OF(0x00U)), 0);
	for (unsigned line = 0; line < 4; line++) {
		pl061_set_input(&f->gpio, line, true);
	}
	assert_int_equal(get(f, DATA_OF(0x05U)), 0x05);
}

/* An input is the host's, an output the guest's; each comes back when the direction does. */
static void direction_says_who_drives(void **state)
{
	struct fixture *f = *state;

	set(f, DATA_OF(BIT), BIT);
	assert_int_equal(get(f, DATA_OF(BIT)), 0);
	set(f, DIR, BIT);
	set(f, DATA_OF(BIT), BIT);
	drive(f, true);
	drive(f, false);
	assert_int_equal(get(f, DATA_OF(BIT)), BIT);
	set(f, DIR, 0);
	assert_int_equal(get(f, DATA_OF(BIT)), 0);
	drive(f, true);
	assert_int_equal(get(f, DATA_OF(BIT)), BIT);
}

static const struct {
	uint32_t sense;
	uint32_t both;
	uint32_t event;
	/* RIS after each of: high, low, and each of the two cleared at once. */
	bool on_high;
	bool on_low;
	bool high_cleared;
	bool low_cleared;
} triggers[] = {
	{0, 0, BIT, true, false, false, false},	   {0, 0, 0, false, true, false, false},
	{0, BIT, 0, true, true, false, false},	   {0, BIT, BIT, true, true, false, false},
	{BIT, 0, BIT, true, false, true, false},   {BIT, 0, 0, false, true, false, true},
	{BIT, BIT, BIT, true, false, true, false},
};

/* An edge is kept until it is cleared; a level goes when it goes, and only then. */
static void trigger_is_edge_or_level(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		pl061_reset(&f->gpio);
		drive(f, false);
		set(f, IS, triggers[i].sense);
		set(f, IBE, triggers[i].both);
		set(f, IEV, triggers[i].event);
		set(f, IC, 0xFF);
		drive(f, true);
		drive(f, true);
		assert_int_equal(get(f, RIS) & BIT, triggers[i].on_high ? BIT : 0);
		set(f, IC, BIT);
		assert_int_equal(get(f, RIS) & BIT, triggers[i].high_cleared ? BIT : 0);
		drive(f, false);
		assert_int_equal(get(f, RIS) & BIT, triggers[i].on_low ? BIT : 0);
		set(f, IC, BIT);
		assert_int_equal(get(f, RIS) & BIT, triggers[i].low_cleared ? BIT : 0);
	}
}

/* Clearing one line leaves the others' edges. */
static void lines_are_apart(void **state)
{
	struct fixture *f = *state;

	set(f, IEV, 0xFF);
	for (unsigned line = 0; line < PL061_LINE_COUNT; line++) {
		pl061_set_input(&f->gpio, line, true);
		assert_int_equal(get(f, RIS), (2U << line) - 1);
	}
	set(f, IC, BIT);
	assert_int_equal(get(f, RIS), 0xFF & ~BIT);
}

/* The line to the GIC follows MIS: up with an enabled line, down once that is cleared or masked. */
static void interrupt_follows_the_mask(void **state)
{
	struct fixture *f = *state;

	set(f, IBE, BIT);
	drive(f, true);
	assert_false(f->irq.level);
	assert_int_equal(get(f, MIS), 0);
	set(f, IE, BIT);
	assert_true(f->irq.level);
	assert_int_equal(get(f, MIS), BIT);
	assert_int_equal(pl061_interrupting(&f->gpio), BIT);
	set(f, IE, 0);
	assert_false(f->irq.level);
	set(f, IE, 0xFF);
	set(f, IC, BIT);
	assert_false(f->irq.level);
	drive(f, false);
	assert_true(f->irq.level);
	pl061_reset(&f->gpio);
	assert_false(f->irq.level);
	assert_int_equal(f->irq.rises, 3);
}

/* The host changes a line that the guest drives: the guest hears nothing of it. */
static void output_does_not_interrupt(void **state)
{
	struct fixture *f = *state;

	set(f, DIR, BIT);
	set(f, IBE, BIT);
	set(f, IE, BIT);
	drive(f, true);
	set(f, DATA_OF(BIT), BIT);
	assert_int_equal(get(f, RIS), 0);
	assert_false(f->irq.level);
}

/* Seen is a level that the guest has read from the data register, through a mask with its bit. */
static void host_learns_that_it_was_seen(void **state)
{
	struct fixture *f = *state;

	assert_true(pl061_input_seen(&f->gpio, LINE));
	drive(f, true);
	assert_false(pl061_input_seen(&f->gpio, LINE));
	(void)get(f, MIS);
	(void)get(f, DATA_OF(0xFFU & ~BIT));
	assert_false(pl061_input_seen(&f->gpio, LINE));
	(void)get(f, DATA_OF(BIT));
	assert_true(pl061_input_seen(&f->gpio, LINE));
	drive(f, true);
	assert_true(pl061_input_seen(&f->gpio, LINE));
	drive(f, false);
	assert_false(pl061_input_seen(&f->gpio, LINE));
}

/* Any access of any width has an answer, and nothing undefined takes a value. */
static void any_access_is_answered(void **state)
{
	static const unsigned widths[] = {1, 2, 4, 8};
	struct fixture *f = *state;

	for (uint64_t offset = 0; offset < 0x1000; offset++) {
		for (unsigned i = 0; i < 4; i++) {
			pl061_mmio_ops.write(&f->gpio, offset, widths[i], UINT64_MAX);
			(void)pl061_mmio_ops.read(&f->gpio, offset, widths[i]);
		}
	}
	assert_int_equal(get(f, 0x424), 0);
	assert_int_equal(get(f, IC), 0);
	set(f, DIR, 0);
	assert_int_equal(pl061_mmio_ops.read(&f->gpio, DIR + 1, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(id_is_that_of_an_arm_pl061, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_clears_all_but_the_inputs, setup, teardown),
		cmocka_unit_test_setup_teardown(address_masks_the_data, setup, teardown),
		cmocka_unit_test_setup_teardown(direction_says_who_drives, setup, teardown),
		cmocka_unit_test_setup_teardown(trigger_is_edge_or_level, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupt_follows_the_mask, setup, teardown),
		cmocka_unit_test_setup_teardown(output_does_not_interrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(host_learns_that_it_was_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(any_access_is_answered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
