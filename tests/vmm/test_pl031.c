/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/pl031.h. Most tests run on a clock of their own; one on the host's. */
#include "check.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "devices/pl031.h"

enum {
	DR = 0x00,
	MR = 0x04,
	LR = 0x08,
	CR = 0x0C,
	IMSC = 0x10,
	RIS = 0x14,
	MIS = 0x18,
	ICR = 0x1C,
};

#define NS INT64_C(1000000000)
#define START_S INT64_C(1800000000)

struct fixture {
	struct pl031 rtc;
	struct irq_probe irq;
	int64_t now_ns;
};

static int64_t fake_now(void *ctx)
{
	return ((struct fixture *)ctx)->now_ns;
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct pl031_config config = {
		.now_ns = fake_now,
		.ctx = &fixture,
		.irq = irq_probe_line(&fixture.irq),
	};

	memset(&fixture, 0, sizeof(fixture));
	fixture.now_ns = START_S * NS + NS / 2;
	*state = &fixture;
	return pl031_init(&fixture.rtc, &config);
}

static int teardown(void **state)
{
	pl031_destroy(&((struct fixture *)*state)->rtc);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)pl031_mmio_ops.read(&f->rtc, offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	pl031_mmio_ops.write(&f->rtc, offset, 4, value);
}

/* What Linux's driver writes for an alarm so many seconds from now. */
static void set_alarm(struct fixture *f, uint32_t in_s)
{
	set(f, MR, get(f, DR) + in_s);
	set(f, ICR, 1);
	set(f, IMSC, 1);
}

static void pass(struct fixture *f, int64_t seconds)
{
	f->now_ns += seconds * NS;
	pl031_alarm_expired(&f->rtc);
}

static void id_is_that_of_an_arm_pl031(void **state)
{
	static const uint32_t id[8] = {0x31, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(get(*state, 0xFE0 + 4 * i), id[i]);
	}
}

/* The clock runs from the start, whatever CR is told. */
static void clock_is_the_hosts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, DR), START_S);
	assert_int_equal(get(f, CR), 1);
	set(f, CR, 0);
	f->now_ns += 5 * NS;
	assert_int_equal(get(f, DR), START_S + 5);
	assert_int_equal(get(f, CR), 1);
}

/* The guest's setting holds, also over a reset of the machine, and can be kept for later. */
static void guest_sets_the_clock(void **state)
{
	struct fixture *f = *state;

	set(f, LR, 1000);
	assert_int_equal(get(f, DR), 1000);
	assert_int_equal(get(f, LR), 1000);
	f->now_ns += 7 * NS;
	assert_int_equal(get(f, DR), 1007);
	pl031_reset(&f->rtc);
	assert_int_equal(get(f, DR), 1007);
	assert_true(pl031_offset_s(&f->rtc) == 1000 - START_S);
}

static void alarm_raises_the_line_until_cleared(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 10);
	assert_true(pl031_next_alarm_ns(&f->rtc) == (START_S + 10) * NS);
	pass(f, 9);
	assert_false(f->irq.level);
	assert_int_equal(get(f, RIS), 0);
	pass(f, 1);
	assert_true(f->irq.level);
	assert_int_equal(get(f, RIS), 1);
	assert_int_equal(get(f, MIS), 1);
	set(f, ICR, 1);
	assert_false(f->irq.level);
	pass(f, 1);
	assert_false(f->irq.level);
	assert_int_equal(f->irq.rises, 1);
}

/* RIS shows it, the line only once unmasked. */
static void masked_alarm_keeps_the_line_low(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 1);
	set(f, IMSC, 0);
	assert_true(pl031_next_alarm_ns(&f->rtc) == INT64_MAX);
	pass(f, 1);
	assert_int_equal(get(f, RIS), 1);
	assert_int_equal(get(f, MIS), 0);
	assert_false(f->irq.level);
	set(f, IMSC, 1);
	assert_true(f->irq.level);
}

/* Nobody need have called pl031_alarm_expired(): a read of RIS is up to date. */
static void registers_do_not_wait_for_the_timer(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 1);
	f->now_ns += 2 * NS;
	assert_int_equal(get(f, RIS), 1);
	assert_true(f->irq.level);
}

static void alarm_for_this_second_goes_off(void **state)
{
	struct fixture *f = *state;

	set(f, IMSC, 1);
	set(f, MR, get(f, DR));
	assert_true(f->irq.level);
}

/* A match that is already past waits for the clock to wrap, as the part's equality does. */
static void alarm_in_the_past_stays_quiet(void **state)
{
	struct fixture *f = *state;

	set(f, IMSC, 1);
	set(f, MR, get(f, DR) - 1);
	pass(f, 100000);
	assert_false(f->irq.level);
}

static void clock_set_over_the_alarm_sets_it_off(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 100);
	set(f, LR, get(f, DR) + 50);
	assert_false(f->irq.level);
	assert_true(pl031_next_alarm_ns(&f->rtc) == (START_S + 50) * NS);
	set(f, LR, get(f, DR) + 60);
	assert_true(f->irq.level);
}

static void clock_set_back_moves_the_alarm_away(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 10);
	set(f, LR, get(f, DR) - 20);
	pass(f, 29);
	assert_false(f->irq.level);
	pass(f, 1);
	assert_true(f->irq.level);
	/* And it can go off again if the clock goes back behind it. */
	set(f, ICR, 1);
	set(f, LR, get(f, DR) - 5);
	pass(f, 5);
	assert_true(f->irq.level);
}

/* The host's own clock jumps: forward past the alarm it goes off, back it waits. */
static void host_clock_steps(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 10);
	pass(f, -100);
	assert_false(f->irq.level);
	pass(f, 100);
	assert_false(f->irq.level);
	pass(f, 3600);
	assert_true(f->irq.level);
}

static void clock_wraps(void **state)
{
	struct fixture *f = *state;

	set(f, LR, UINT32_MAX - 1);
	set_alarm(f, 4);
	assert_int_equal(get(f, MR), 2);
	pass(f, 3);
	assert_int_equal(get(f, DR), 1);
	assert_false(f->irq.level);
	pass(f, 1);
	assert_true(f->irq.level);
	/* However often it is set, nothing overflows. */
	for (unsigned i = 0; i < 100000; i++) {
		set(f, LR, get(f, DR) + 0x7FFFFFFF);
	}
	assert_true(pl031_offset_s(&f->rtc) < INT64_C(1) << 32);
}

static void reset_forgets_the_alarm(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 1);
	pass(f, 1);
	assert_true(f->irq.level);
	pl031_reset(&f->rtc);
	assert_false(f->irq.level);
	assert_int_equal(get(f, RIS) | get(f, IMSC) | get(f, MR), 0);
}

/* The file descriptor becomes readable at the alarm, not before, and is read empty. */
static void timer_wakes_the_main_loop(void **state)
{
	struct fixture *f = *state;
	struct pl031_config config = {.irq = irq_probe_line(&f->irq)};
	struct pollfd poll_fd = {.events = POLLIN};
	struct timespec now;
	uint32_t alarm_s;

	pl031_destroy(&f->rtc);
	assert_int_equal(pl031_init(&f->rtc, &config), 0);
	poll_fd.fd = pl031_timer_fd(&f->rtc);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	set_alarm(f, 1);
	alarm_s = get(f, MR);
	assert_int_equal(poll(&poll_fd, 1, 5000), 1);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	assert_true((uint32_t)now.tv_sec >= alarm_s);
	pl031_alarm_expired(&f->rtc);
	assert_true(f->irq.level);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(id_is_that_of_an_arm_pl031),
		T(clock_is_the_hosts),
		T(guest_sets_the_clock),
		T(alarm_raises_the_line_until_cleared),
		T(masked_alarm_keeps_the_line_low),
		T(registers_do_not_wait_for_the_timer),
		T(alarm_for_this_second_goes_off),
		T(alarm_in_the_past_stays_quiet),
		T(clock_set_over_the_alarm_sets_it_off),
		T(clock_set_back_moves_the_alarm_away),
		T(host_clock_steps),
		T(clock_wraps),
		T(reset_forgets_the_alarm),
		T(timer_wakes_the_main_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
