/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/sbsa_gwdt.h. Most tests run on a counter of their own. */
#include "check.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "devices/sbsa_gwdt.h"
#include "leaks.h"

enum {
	WRR = 0x000,
	WCS = 0x000,
	WOR = 0x008,
	WOR_HIGH = 0x00C,
	WCV = 0x010,
	WCV_HIGH = 0x014,
	W_IIDR = 0xFCC,
	EN = 1,
	WS0 = 2,
	WS1 = 4,
};

#define HZ UINT64_C(1000000)
#define START UINT64_C(0x500000000)
#define NOT_EXPIRED 0

struct fixture {
	struct sbsa_gwdt watchdog;
	struct irq_probe irq;
	uint64_t now;
	unsigned bites;
};

static uint64_t fake_counter(void *ctx)
{
	return ((struct fixture *)ctx)->now;
}

static void count_bite(void *ctx)
{
	struct fixture *f = ctx;

	/* With no lock held: the device may be used. */
	(void)sbsa_gwdt_control_ops.read(&f->watchdog, WCS, 4);
	f->bites++;
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct sbsa_gwdt_config config = {
		.counter = fake_counter,
		.bite = count_bite,
		.ctx = &fixture,
		.frequency_hz = HZ,
		.irq = irq_probe_line(&fixture.irq),
	};

	memset(&fixture, 0, sizeof(fixture));
	fixture.now = START;
	*state = &fixture;
	return sbsa_gwdt_init(&fixture.watchdog, &config);
}

static int teardown(void **state)
{
	sbsa_gwdt_destroy(&((struct fixture *)*state)->watchdog);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)sbsa_gwdt_control_ops.read(&f->watchdog, offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	sbsa_gwdt_control_ops.write(&f->watchdog, offset, 4, value);
}

static void pet(struct fixture *f)
{
	sbsa_gwdt_refresh_ops.write(&f->watchdog, WRR, 4, 0);
}

static void pass(struct fixture *f, uint64_t ticks)
{
	f->now += ticks;
	sbsa_gwdt_timer_expired(&f->watchdog);
}

static void start(struct fixture *f, uint32_t offset)
{
	set(f, WOR, offset);
	set(f, WCS, EN);
}

/* Linux takes bits 16 to 19 of it for the revision, in which 1 means an offset of 48 bits. */
static void identifies_as_revision_1(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, W_IIDR) >> 16 & 0xF, 1);
	assert_int_equal(sbsa_gwdt_refresh_ops.read(&f->watchdog, W_IIDR, 4), get(f, W_IIDR));
	assert_int_equal(sbsa_gwdt_refresh_ops.read(&f->watchdog, WRR, 4), 0);
}

static void is_off_at_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, WCS) | get(f, WCV), 0);
	pass(f, UINT64_C(1) << 40);
	assert_int_equal(get(f, WCS), 0);
	assert_false(f->irq.level);
	/* A refresh does not turn it on. */
	set(f, WOR, 1);
	pet(f);
	pass(f, 100);
	assert_int_equal(get(f, WCS), 0);
}

/* One offset to the interrupt, one more to the bite, and one bite only. */
static void raises_ws0_then_bites(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	assert_int_equal(get(f, WCV), (uint32_t)(START + 1000));
	assert_int_equal(get(f, WCV_HIGH), (uint32_t)((START + 1000) >> 32));
	pass(f, 999);
	assert_int_equal(get(f, WCS), EN);
	assert_false(f->irq.level);
	pass(f, 1);
	assert_int_equal(get(f, WCS), EN | WS0);
	assert_true(f->irq.level);
	assert_int_equal(get(f, WCV), (uint32_t)(START + 2000));
	pass(f, 999);
	assert_int_equal(f->bites, 0);
	pass(f, 1);
	assert_int_equal(get(f, WCS), EN | WS0 | WS1);
	assert_int_equal(f->bites, 1);
	pass(f, 10000);
	assert_int_equal(f->bites, 1);
}

enum refresh_by {
	BY_WRR,
	BY_WCS,
	BY_WOR,
	BY_WOR_HIGH,
};

static void refresh_by(struct fixture *f, enum refresh_by how)
{
	switch (how) {
	case BY_WRR:
		pet(f);
		break;
	case BY_WCS:
		set(f, WCS, EN);
		break;
	case BY_WOR:
		set(f, WOR, 1000);
		break;
	case BY_WOR_HIGH:
		set(f, WOR_HIGH, 0);
		break;
	}
}

/* All four refresh it, in the first stage and in the second, and it never bites. */
static void refresh_starts_over(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	for (enum refresh_by how = BY_WRR; how <= BY_WOR_HIGH; how++) {
		pass(f, 900);
		refresh_by(f, how);
		assert_int_equal(get(f, WCV), (uint32_t)(f->now + 1000));
		pass(f, 900);
		assert_int_equal(get(f, WCS), EN);
		pass(f, 100);
		assert_int_equal(get(f, WCS), EN | WS0);
		refresh_by(f, how);
		assert_int_equal(get(f, WCS), EN);
		assert_false(f->irq.level);
	}
	assert_int_equal(f->bites, 0);
	assert_int_equal(f->irq.rises, BY_WOR_HIGH + 1);
}

/* What the guest does before the main loop comes to it is in time. */
static void late_refresh_is_in_time(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	f->now += 5000;
	pet(f);
	sbsa_gwdt_timer_expired(&f->watchdog);
	assert_int_equal(get(f, WCS), EN);
}

static void is_turned_off(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	pass(f, 1000);
	assert_true(f->irq.level);
	set(f, WCS, 0);
	assert_int_equal(get(f, WCS), 0);
	assert_false(f->irq.level);
	pass(f, 100000);
	assert_int_equal(f->bites, 0);
}

static void offset_has_48_bits(void **state)
{
	struct fixture *f = *state;

	set(f, WOR_HIGH, UINT32_MAX);
	set(f, WOR, UINT32_MAX);
	assert_int_equal(get(f, WOR_HIGH), 0xFFFF);
	assert_int_equal(get(f, WOR), UINT32_MAX);
	set(f, WCS, EN);
	pass(f, (UINT64_C(1) << 48) - 2);
	assert_int_equal(get(f, WCS), EN);
	pass(f, 1);
	assert_int_equal(get(f, WCS), EN | WS0);
}

/* As a Linux that resumed from hibernation does, which has written it on the machine before. */
static void start_without_an_offset_is_safe(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2; i++) {
		set(f, WCS, EN);
		pass(f, SBSA_GWDT_RESET_OFFSET_S * HZ - 1);
		assert_int_equal(get(f, WCS), EN);
		pass(f, 1);
		assert_int_equal(get(f, WCS), EN | WS0);
		set(f, WOR, 5);
		sbsa_gwdt_reset(&f->watchdog);
	}
}

static void compare_can_be_written(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	set(f, WCV_HIGH, (uint32_t)(START >> 32) + 1);
	set(f, WCV, 5);
	pass(f, (UINT64_C(1) << 32) + 4 - (START & UINT32_MAX));
	assert_int_equal(get(f, WCS), EN);
	pass(f, 1);
	assert_int_equal(get(f, WCS), EN | WS0);
}

/* WS1 tells who made the reset, until the guest's driver or the next reset clears it. */
static void reset_after_a_bite_shows_it(void **state)
{
	struct fixture *f = *state;

	start(f, 10);
	pass(f, 10);
	pass(f, 10);
	assert_int_equal(f->bites, 1);
	sbsa_gwdt_reset(&f->watchdog);
	assert_int_equal(get(f, WCS), WS1);
	assert_false(f->irq.level);
	assert_int_equal(get(f, WCV), 0);
	pass(f, 100);
	assert_int_equal(f->bites, 1);
	set(f, WOR, 10);
	assert_int_equal(get(f, WCS), 0);
	/* And with it not cleared. */
	set(f, WCS, EN);
	pass(f, 10);
	pass(f, 10);
	sbsa_gwdt_reset(&f->watchdog);
	sbsa_gwdt_reset(&f->watchdog);
	assert_int_equal(get(f, WCS), 0);
}

static void reset_turns_it_off(void **state)
{
	struct fixture *f = *state;

	start(f, 10);
	pass(f, 10);
	sbsa_gwdt_reset(&f->watchdog);
	assert_int_equal(get(f, WCS), 0);
	assert_false(f->irq.level);
	pass(f, 1000);
	assert_int_equal(f->bites, 0);
}

/* However long the host's timer runs meanwhile; the guest's counter stands still with it. */
static void stands_still_while_paused(void **state)
{
	struct fixture *f = *state;

	start(f, 1000);
	pass(f, 700);
	sbsa_gwdt_pause(&f->watchdog, true);
	pass(f, 0);
	sbsa_gwdt_pause(&f->watchdog, false);
	pass(f, 299);
	assert_int_equal(get(f, WCS), EN);
	pass(f, 1);
	assert_int_equal(get(f, WCS), EN | WS0);
}

/* Even if the counter went on, nothing is raised in the pause; also if a reset comes in it. */
static void raises_nothing_while_paused(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2; i++) {
		start(f, 10);
		sbsa_gwdt_pause(&f->watchdog, true);
		pass(f, 1000);
		assert_int_equal(get(f, WCS), EN);
		sbsa_gwdt_reset(&f->watchdog);
		start(f, 10);
		pass(f, 1000);
		assert_int_equal(get(f, WCS), EN);
		sbsa_gwdt_pause(&f->watchdog, false);
		pass(f, 0);
		assert_int_equal(get(f, WCS), EN | WS0);
	}
}

/* Whatever is not an aligned word of a register reads as 0 and changes nothing. */
static void other_accesses_do_nothing(void **state)
{
	static const struct {
		uint64_t offset;
		unsigned len_bytes;
	} accesses[] = {
		{WCS, 1},	 {WCS, 2},    {WCS, 8},	  {WCS + 1, 4}, {WCS + 2, 2},
		{WOR, 8},	 {4, 4},      {WOR, 1},	  {WCV, 8},	{0x18, 4},
		{W_IIDR + 1, 1}, {W_IIDR, 8}, {0xFC8, 4}, {0xFF8, 8},	{0xFFF, 1},
	};
	struct fixture *f = *state;

	start(f, 1000);
	f->now += 10;
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		uint64_t offset = accesses[i].offset;
		unsigned len_bytes = accesses[i].len_bytes;

		assert_int_equal(sbsa_gwdt_control_ops.read(&f->watchdog, offset, len_bytes), 0);
		assert_int_equal(sbsa_gwdt_refresh_ops.read(&f->watchdog, offset, len_bytes), 0);
		sbsa_gwdt_control_ops.write(&f->watchdog, offset, len_bytes, 0);
		sbsa_gwdt_refresh_ops.write(&f->watchdog, offset, len_bytes, 0);
		assert_int_equal(get(f, WCS), EN);
		assert_int_equal(get(f, WOR), 1000);
		assert_int_equal(get(f, WCV), (uint32_t)(START + 1000));
	}
	set(f, W_IIDR, 0);
	assert_int_equal(get(f, W_IIDR), 0x0001043B);
}

/* An offset of 0 is the guest's own ruin, and nobody else's: two rounds and a bite. */
static void offset_zero_bites_once(void **state)
{
	struct fixture *f = *state;

	start(f, 0);
	for (unsigned i = 0; i < 10; i++) {
		pass(f, 0);
	}
	assert_int_equal(f->bites, 1);
}

static uint64_t host_counter(void *ctx)
{
	struct timespec now;

	(void)ctx;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * HZ + (uint64_t)now.tv_nsec / (1000000000 / HZ);
}

static int readable_within(struct fixture *f, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = sbsa_gwdt_timer_fd(&f->watchdog), .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms);
}

/* The file descriptor becomes readable when time is up, not before, and not while it is paused. */
static void timer_wakes_the_main_loop(void **state)
{
	struct fixture *f = *state;
	uint64_t begun = host_counter(NULL);

	f->watchdog.config.counter = host_counter;
	start(f, HZ / 5);
	assert_int_equal(readable_within(f, 0), NOT_EXPIRED);
	assert_int_equal(readable_within(f, 5000), 1);
	assert_true(host_counter(NULL) - begun >= HZ / 5);
	sbsa_gwdt_timer_expired(&f->watchdog);
	assert_int_equal(get(f, WCS), EN | WS0);
	assert_int_equal(readable_within(f, 0), NOT_EXPIRED);
	sbsa_gwdt_pause(&f->watchdog, true);
	assert_int_equal(readable_within(f, 500), NOT_EXPIRED);
	assert_int_equal(f->bites, 0);
	sbsa_gwdt_pause(&f->watchdog, false);
	assert_int_equal(readable_within(f, 5000), 1);
	sbsa_gwdt_timer_expired(&f->watchdog);
	assert_int_equal(f->bites, 1);
	assert_int_equal(readable_within(f, 500), NOT_EXPIRED);
}

/* A day away or 8,900 years: the timer takes any value. */
static void far_times_do_not_expire(void **state)
{
	struct fixture *f = *state;

	start(f, UINT32_MAX);
	set(f, WOR_HIGH, 0xFFFF);
	assert_int_equal(readable_within(f, 20), NOT_EXPIRED);
	set(f, WCV_HIGH, UINT32_MAX);
	assert_int_equal(readable_within(f, 20), NOT_EXPIRED);
	/* Behind the counter: time is up. */
	set(f, WCV_HIGH, 0);
	assert_int_equal(readable_within(f, 5000), 1);
}

static void nothing_is_leaked(void **state)
{
	struct leaks before = leaks_begin();
	struct fixture *f = *state;
	struct sbsa_gwdt other;

	assert_int_equal(sbsa_gwdt_init(&other, &f->watchdog.config), 0);
	sbsa_gwdt_destroy(&other);
	assert_no_leaks(&before);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(identifies_as_revision_1),	T(is_off_at_first),
		T(raises_ws0_then_bites),	T(refresh_starts_over),
		T(late_refresh_is_in_time),	T(is_turned_off),
		T(offset_has_48_bits),		T(start_without_an_offset_is_safe),
		T(compare_can_be_written),	T(reset_after_a_bite_shows_it),
		T(reset_turns_it_off),		T(stands_still_while_paused),
		T(raises_nothing_while_paused), T(other_accesses_do_nothing),
		T(offset_zero_bites_once),	T(timer_wakes_the_main_loop),
		T(far_times_do_not_expire),	T(nothing_is_leaked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
