/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/power_keys.h, as a guest sees them on the PL061. */
#include "check.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "devices/power_keys.h"
#include "platform/layout.h"

enum {
	DATA_ALL = 0x3FC,
	IBE = 0x408,
	IE = 0x410,
	IC = 0x41C,
};

#define ALL_KEYS                                                                                   \
	(1U << LAYOUT_GPIO_LINE_POWER | 1U << LAYOUT_GPIO_LINE_SLEEP |                             \
	 1U << LAYOUT_GPIO_LINE_HIBERNATE)
/* For what is to happen on a machine that is busy. */
#define PATIENCE_MS 20000

static const struct {
	enum power_key key;
	unsigned line;
} keys[] = {
	{POWER_KEY_POWER, LAYOUT_GPIO_LINE_POWER},
	{POWER_KEY_SLEEP, LAYOUT_GPIO_LINE_SLEEP},
	{POWER_KEY_HIBERNATE, LAYOUT_GPIO_LINE_HIBERNATE},
};

struct fixture {
	struct pl061 gpio;
	struct power_keys keys;
	struct irq_probe irq;
};

static int setup(void **state)
{
	static struct fixture fixture;
	const struct irq_line line = irq_probe_line(&fixture.irq);

	memset(&fixture, 0, sizeof(fixture));
	*state = &fixture;
	return pl061_init(&fixture.gpio, &line) != 0 ||
	       power_keys_init(&fixture.keys, &fixture.gpio) != 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	power_keys_destroy(&f->keys);
	pl061_destroy(&f->gpio);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Which lines are high; the host does not learn of this look. */
static uint8_t high(const struct fixture *f)
{
	return f->gpio.input;
}

static void guest_reads(struct fixture *f)
{
	(void)pl061_mmio_ops.read(&f->gpio, DATA_ALL, 4);
}

/* The main loop's turn: false if nothing is due for @ms. */
static bool turn(struct fixture *f, int ms)
{
	struct pollfd due = {.fd = power_keys_fd(&f->keys), .events = POLLIN};

	if (poll(&due, 1, ms) == 0) {
		return false;
	}
	power_keys_dispatch(&f->keys);
	return true;
}

/* Runs the loop until the lines are @wanted, and says how long that took. */
static int64_t until(struct fixture *f, uint8_t wanted)
{
	int64_t start_ms = now_ms();

	while (high(f) != wanted) {
		assert_true(turn(f, PATIENCE_MS));
	}
	return now_ms() - start_ms;
}

/* Nothing costs any time once all keys are at rest. */
static void until_rest(struct fixture *f)
{
	int64_t start_ms = now_ms();

	while (turn(f, 4 * POWER_KEYS_DOWN_MS_MIN)) {
		assert_true(now_ms() - start_ms < PATIENCE_MS);
	}
}

/* Each key is on its own line; it comes up once it was read, not before its time. */
static void press_is_seen_and_released(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++) {
		power_keys_press(&f->keys, keys[i].key);
		assert_int_equal(high(f), 1U << keys[i].line);
		guest_reads(f);
		assert_true(until(f, 0) >= POWER_KEYS_DOWN_MS_MIN);
		until_rest(f);
	}
}

/* A guest that is slow to read has all the time it needs, and one that never does is given up. */
static void key_waits_to_be_read(void **state)
{
	struct fixture *f = *state;
	int64_t start_ms;

	power_keys_press(&f->keys, POWER_KEY_POWER);
	start_ms = now_ms();
	while (now_ms() - start_ms < 10 * POWER_KEYS_DOWN_MS_MIN) {
		assert_int_equal(high(f), 1U << LAYOUT_GPIO_LINE_POWER);
		assert_true(turn(f, PATIENCE_MS));
	}
	guest_reads(f);
	assert_true(until(f, 0) < POWER_KEYS_DOWN_MS_MAX / 2);
	until_rest(f);
	power_keys_press(&f->keys, POWER_KEY_POWER);
	assert_true(until(f, 0) >= POWER_KEYS_DOWN_MS_MAX - POWER_KEYS_DOWN_MS_MIN);
}

/* Presses that come while a key is down or has just come up are one more press, with a gap. */
static void press_again_follows(void **state)
{
	struct fixture *f = *state;
	const uint8_t line = 1U << LAYOUT_GPIO_LINE_SLEEP;

	power_keys_press(&f->keys, POWER_KEY_SLEEP);
	power_keys_press(&f->keys, POWER_KEY_SLEEP);
	power_keys_press(&f->keys, POWER_KEY_SLEEP);
	guest_reads(f);
	(void)until(f, 0);
	power_keys_press(&f->keys, POWER_KEY_SLEEP);
	assert_true(until(f, line) >= POWER_KEYS_DOWN_MS_MIN);
	guest_reads(f);
	(void)until(f, 0);
	until_rest(f);
	assert_int_equal(high(f), 0);
}

/* It is up for so long before it is pressed, whether it was just released or at rest. */
static void press_later_waits(void **state)
{
	const uint8_t line = 1U << LAYOUT_GPIO_LINE_POWER;
	const unsigned delay_ms = 8 * POWER_KEYS_DOWN_MS_MIN;
	struct fixture *f = *state;

	power_keys_press(&f->keys, POWER_KEY_POWER);
	power_keys_press_later(&f->keys, POWER_KEY_POWER, delay_ms);
	guest_reads(f);
	(void)until(f, 0);
	assert_true(until(f, line) >= delay_ms - POWER_KEYS_DOWN_MS_MIN);
	guest_reads(f);
	until_rest(f);
	assert_int_equal(high(f), 0);
	power_keys_press_later(&f->keys, POWER_KEY_POWER, delay_ms);
	assert_int_equal(high(f), 0);
	assert_true(until(f, line) >= delay_ms - POWER_KEYS_DOWN_MS_MIN);
}

/* Who presses it meanwhile need not wait for that, and a reset forgets it. */
static void press_later_is_overtaken(void **state)
{
	const uint8_t line = 1U << LAYOUT_GPIO_LINE_POWER;
	struct fixture *f = *state;

	power_keys_press_later(&f->keys, POWER_KEY_POWER, 1000 * PATIENCE_MS);
	power_keys_press(&f->keys, POWER_KEY_POWER);
	(void)until(f, line);
	guest_reads(f);
	until_rest(f);
	power_keys_press_later(&f->keys, POWER_KEY_POWER, 10 * POWER_KEYS_DOWN_MS_MIN);
	power_keys_reset(&f->keys);
	assert_false(turn(f, 20 * POWER_KEYS_DOWN_MS_MIN));
	assert_int_equal(high(f), 0);
}

/* One key does not shorten another's press. */
static void keys_are_apart(void **state)
{
	struct fixture *f = *state;
	int64_t start_ms;

	power_keys_press(&f->keys, POWER_KEY_POWER);
	guest_reads(f);
	assert_true(turn(f, PATIENCE_MS));
	power_keys_press(&f->keys, POWER_KEY_HIBERNATE);
	start_ms = now_ms();
	guest_reads(f);
	assert_int_equal(high(f), 1U << LAYOUT_GPIO_LINE_POWER | 1U << LAYOUT_GPIO_LINE_HIBERNATE);
	(void)until(f, 0);
	assert_true(now_ms() - start_ms >= POWER_KEYS_DOWN_MS_MIN);
}

/* While the guest does not run no key comes up; then it has its whole time. */
static void held_keys_stay(void **state)
{
	struct fixture *f = *state;

	power_keys_hold(&f->keys, true);
	power_keys_press(&f->keys, POWER_KEY_POWER);
	assert_int_equal(high(f), 1U << LAYOUT_GPIO_LINE_POWER);
	assert_false(turn(f, 3 * POWER_KEYS_DOWN_MS_MIN));
	power_keys_hold(&f->keys, false);
	guest_reads(f);
	assert_true(until(f, 0) >= POWER_KEYS_DOWN_MS_MIN);
}

/* A reset lets go of all keys, and forgets what was to follow. */
static void reset_lets_go(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++) {
		power_keys_press(&f->keys, keys[i].key);
		power_keys_press(&f->keys, keys[i].key);
	}
	assert_int_equal(high(f), ALL_KEYS);
	power_keys_reset(&f->keys);
	assert_int_equal(high(f), 0);
	assert_false(turn(f, 4 * POWER_KEYS_DOWN_MS_MIN));
	power_keys_press(&f->keys, POWER_KEY_POWER);
	assert_int_equal(high(f), 1U << LAYOUT_GPIO_LINE_POWER);
}

/* What woke the guest is the key whose interrupt it has enabled and not cleared. */
static void interrupting_key_is_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(power_keys_interrupting(&f->keys), POWER_KEY_NONE);
	for (unsigned i = 0; i < 3; i++) {
		pl061_mmio_ops.write(&f->gpio, IBE, 4, ALL_KEYS);
		pl061_mmio_ops.write(&f->gpio, IE, 4, 0);
		power_keys_press(&f->keys, keys[i].key);
		assert_int_equal(power_keys_interrupting(&f->keys), POWER_KEY_NONE);
		pl061_mmio_ops.write(&f->gpio, IE, 4, ALL_KEYS);
		assert_true(f->irq.level);
		assert_int_equal(power_keys_interrupting(&f->keys), keys[i].key);
		pl061_mmio_ops.write(&f->gpio, IC, 4, ALL_KEYS);
		assert_int_equal(power_keys_interrupting(&f->keys), POWER_KEY_NONE);
		power_keys_reset(&f->keys);
		pl061_reset(&f->gpio);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(press_is_seen_and_released, setup, teardown),
		cmocka_unit_test_setup_teardown(key_waits_to_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(press_again_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(press_later_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(press_later_is_overtaken, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_are_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(held_keys_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_lets_go, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupting_key_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
