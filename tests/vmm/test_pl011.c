/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/pl011.h, with register sequences as drivers use them. */
#include "check.h"

#include <string.h>

#include "devices/pl011.h"

enum {
	DR = 0x00,
	FR = 0x18,
	IBRD = 0x24,
	LCR_H = 0x2C,
	CR = 0x30,
	IFLS = 0x34,
	IMSC = 0x38,
	RIS = 0x3C,
	MIS = 0x40,
	ICR = 0x44,
};

#define FR_RXFE 0x10U
#define FR_RXFF 0x40U
#define FR_TXFE 0x80U
#define FEN 0x10U
#define CR_ON 0x301U
#define CR_LOOP 0x381U
#define INT_RX 0x10U
#define INT_TX 0x20U
#define INT_RT 0x40U

struct fixture {
	struct pl011 uart;
	struct irq_probe irq;
	char out[64];
	size_t out_count;
	unsigned rooms;
};

static void take_output(void *ctx, const uint8_t *bytes, size_t count)
{
	struct fixture *f = ctx;

	memcpy(f->out + f->out_count, bytes, count);
	f->out_count += count;
}

static void count_room(void *ctx)
{
	((struct fixture *)ctx)->rooms++;
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct pl011_config config = {
		.tx = take_output,
		.rx_room = count_room,
		.ctx = &fixture,
		.irq = irq_probe_line(&fixture.irq),
	};

	memset(&fixture, 0, sizeof(fixture));
	*state = &fixture;
	return pl011_init(&fixture.uart, &config);
}

/* As firmware leaves it: what guests with ACPI have. */
static int setup_ready(void **state)
{
	struct fixture *f;
	int ret = setup(state);

	f = *state;
	f->uart.config.ready = true;
	pl011_reset(&f->uart);
	return ret;
}

static int teardown(void **state)
{
	pl011_destroy(&((struct fixture *)*state)->uart);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)pl011_mmio_ops.read(&f->uart, offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	pl011_mmio_ops.write(&f->uart, offset, 4, value);
}

static size_t type(struct fixture *f, const char *text)
{
	return pl011_rx(&f->uart, (const uint8_t *)text, strlen(text));
}

/* What Linux's driver does when its port is opened. */
static void open_port(struct fixture *f)
{
	set(f, LCR_H, 0x60 | FEN);
	set(f, IFLS, 0x12);
	set(f, CR, CR_ON);
	set(f, IMSC, INT_RX | INT_RT);
}

/* The AMBA bus finds the driver by these: part 0x011 of Arm, revision with 16-byte FIFOs. */
static void id_is_that_of_an_arm_pl011(void **state)
{
	static const uint32_t id[8] = {0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(get(*state, 0xFE0 + 4 * i), id[i]);
	}
	assert_int_equal(pl011_mmio_ops.read(&((struct fixture *)*state)->uart, 0xFE4, 1), 0x10);
}

/* Early consoles set nothing up: they look at FR and write DR. */
static void output_works_from_reset(void **state)
{
	struct fixture *f = *state;

	for (const char *c = "boot\n"; *c != '\0'; c++) {
		assert_int_equal(get(f, FR) & (FR_TXFE | 0x20), FR_TXFE);
		set(f, DR, (uint8_t)*c);
	}
	assert_int_equal(f->out_count, 5);
	assert_memory_equal(f->out, "boot\n", 5);
	assert_false(f->irq.level);
}

/* A driver that unmasks the interrupt after its first byte is called for the next ones. */
static void transmit_interrupt_follows_output(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	assert_int_equal(get(f, RIS) & INT_TX, 0);
	set(f, DR, 'x');
	assert_int_equal(get(f, RIS) & INT_TX, INT_TX);
	assert_false(f->irq.level);
	set(f, IMSC, INT_TX);
	assert_true(f->irq.level);
	assert_int_equal(get(f, MIS), INT_TX);
	set(f, ICR, INT_TX);
	assert_false(f->irq.level);
}

/* Input before the guest reads would be thrown away by its driver, so it is not taken. */
static void input_waits_until_the_guest_reads(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(type(f, "early"), 0);
	/* A kernel that prints through an enabled port does not read yet. */
	set(f, CR, CR_ON);
	for (unsigned i = 0; i < 100; i++) {
		(void)get(f, FR);
		set(f, DR, 'k');
		f->out_count = 0;
		(void)get(f, FR);
	}
	assert_int_equal(type(f, "early"), 0);
	assert_int_equal(f->rooms, 0);
	open_port(f);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(type(f, "early"), 5);
	assert_true(f->irq.level);
	assert_int_equal(get(f, DR), 'e');
}

/* Bare-metal code may never touch CR or IMSC: it polls FR until there is input. */
static void polling_reader_gets_input(void **state)
{
	struct fixture *f = *state;
	unsigned polls = 0;

	assert_int_equal(type(f, "y"), 0);
	while ((get(f, FR) & FR_RXFE) != 0) {
		assert_true(++polls < 100);
		if (f->rooms > 0) {
			assert_int_equal(type(f, "y"), 1);
		}
	}
	assert_int_equal(get(f, DR), 'y');
	assert_int_equal(get(f, FR) & FR_RXFE, FR_RXFE);
}

/* FIFO on: 16 bytes are taken, the rest is refused, and the room is told of once. */
static void fifo_has_flow_control(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	assert_int_equal(type(f, "0123456789abcdefXYZ"), 16);
	assert_int_equal(get(f, FR) & FR_RXFF, FR_RXFF);
	assert_int_equal(type(f, "X"), 0);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(get(f, DR), "0123456789abcdef"[i]);
	}
	assert_int_equal(f->rooms, 1);
	assert_int_equal(type(f, "XYZ"), 3);
	assert_int_equal(get(f, DR), 'X');
	assert_int_equal(f->rooms, 1);
}

static void without_fifo_one_byte_is_held(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	set(f, LCR_H, 0x60);
	assert_int_equal(type(f, "ab"), 1);
	assert_int_equal(get(f, RIS) & INT_RX, INT_RX);
	assert_int_equal(get(f, FR) & FR_RXFF, FR_RXFF);
	assert_int_equal(get(f, DR), 'a');
	assert_int_equal(f->rooms, 1);
	assert_false(f->irq.level);
}

/* The level raises RX; less than that raises the timeout, so that no byte is left lying. */
static void receive_interrupts(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	assert_int_equal(type(f, "abc"), 3);
	assert_int_equal(get(f, MIS), INT_RT);
	assert_int_equal(type(f, "defgh"), 5);
	assert_int_equal(get(f, MIS), INT_RX | INT_RT);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(f->irq.level);
		(void)get(f, DR);
	}
	assert_int_equal(get(f, RIS) & (INT_RX | INT_RT), 0);
	assert_false(f->irq.level);
}

/* A handler that clears first and reads one byte a time is called again for the rest. */
static void cleared_timeout_returns_while_data_is_left(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	assert_int_equal(type(f, "ab"), 2);
	set(f, ICR, 0x7FF);
	assert_false(f->irq.level);
	assert_int_equal(get(f, DR), 'a');
	assert_true(f->irq.level);
}

static void loopback_returns_output(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	set(f, CR, CR_LOOP);
	set(f, DR, 'l');
	assert_int_equal(f->out_count, 0);
	assert_int_equal(get(f, DR), 'l');
	for (unsigned i = 0; i < 100; i++) {
		set(f, DR, 'o');
	}
	assert_int_equal(get(f, FR) & FR_RXFF, FR_RXFF);
}

static void reset_forgets_all(void **state)
{
	struct fixture *f = *state;

	open_port(f);
	(void)type(f, "left over");
	assert_true(f->irq.level);
	pl011_reset(&f->uart);
	assert_false(f->irq.level);
	assert_int_equal(get(f, FR) & FR_RXFE, FR_RXFE);
	assert_int_equal(get(f, CR), 0x300);
	assert_int_equal(get(f, IFLS), 0x12);
	assert_int_equal(get(f, IMSC), 0);
}

/* Any width and offset gives an answer; registers keep only bits that they have. */
/*
 * A driver of an SBSA UART leaves line and control registers alone. It unmasks the interrupts,
 * empties the FIFO of what it has not asked for, and unmasks them again: what came before is not
 * lost by that.
 */
static void ready_port_is_only_unmasked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, CR), CR_ON);
	assert_int_equal(get(f, LCR_H), 0x60 | FEN);
	assert_int_equal(type(f, "early"), 0);
	set(f, IMSC, INT_RX | INT_RT);
	set(f, ICR, INT_RX | INT_RT);
	assert_int_equal(f->rooms, 0);
	assert_int_equal(get(f, FR) & FR_RXFE, FR_RXFE);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(type(f, "early and more of it"), PL011_FIFO_DEPTH);
	set(f, IMSC, INT_RX | INT_RT);
	assert_true(f->irq.level);
	for (unsigned i = 0; i < PL011_FIFO_DEPTH; i++) {
		assert_int_equal(get(f, DR), (uint32_t) "early and more of it"[i]);
	}
	assert_int_equal(f->rooms, 2);
}

/* A driver that has enough for now masks them, and unmasks them when it has room: nothing else. */
static void ready_port_is_throttled(void **state)
{
	struct fixture *f = *state;

	set(f, IMSC, INT_RX | INT_RT);
	(void)get(f, FR);
	set(f, IMSC, 0);
	assert_int_equal(type(f, "x"), 0);
	assert_int_equal(f->rooms, 0);
	set(f, IMSC, INT_RX | INT_RT);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(type(f, "x"), 1);
}

/* When it opens its port once more, as after a suspend, what waited is not lost either. */
static void ready_port_is_opened_again(void **state)
{
	struct fixture *f = *state;

	for (unsigned round = 1; round <= 3; round++) {
		unsigned rooms = f->rooms;

		set(f, ICR, INT_RX | INT_RT);
		set(f, IMSC, INT_RX | INT_RT);
		assert_int_equal(f->rooms, rooms);
		(void)get(f, FR);
		/* Nothing has waited before the first time. */
		assert_int_equal(f->rooms, rooms + (round > 1));
		set(f, IMSC, 0);
		set(f, ICR, 0x7FF);
		assert_int_equal(type(f, "x"), 0);
	}
}

/* It closes its port by masking them; until it is opened again input waits. */
static void ready_port_is_closed(void **state)
{
	struct fixture *f = *state;

	set(f, IMSC, INT_RX | INT_RT);
	assert_int_equal(type(f, "x"), 1);
	set(f, IMSC, 0);
	assert_int_equal(type(f, "y"), 0);
	set(f, IMSC, INT_RX | INT_RT);
	assert_int_equal(type(f, "y"), 1);
	pl011_reset(&f->uart);
	assert_int_equal(get(f, CR), CR_ON);
	assert_int_equal(type(f, "z"), 0);
}

static void odd_accesses_are_harmless(void **state)
{
	static const unsigned lengths[] = {1, 2, 4, 8};
	struct fixture *f = *state;

	for (uint64_t offset = 0; offset < 0x1000; offset++) {
		for (unsigned i = 0; i < 4; i++) {
			f->out_count = 0;
			pl011_mmio_ops.write(&f->uart, offset, lengths[i], UINT64_MAX);
			(void)pl011_mmio_ops.read(&f->uart, offset, lengths[i]);
			(void)type(f, "abcdefghijklmnopqrstuvwxyz");
		}
	}
	assert_int_equal(get(f, IBRD), 0xFFFF);
	assert_int_equal(get(f, IMSC), 0x7FF);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(id_is_that_of_an_arm_pl011),
		T(output_works_from_reset),
		T(transmit_interrupt_follows_output),
		T(input_waits_until_the_guest_reads),
		T(polling_reader_gets_input),
		T(fifo_has_flow_control),
		T(without_fifo_one_byte_is_held),
		T(receive_interrupts),
		T(cleared_timeout_returns_while_data_is_left),
		T(loopback_returns_output),
		T(reset_forgets_all),
		T(odd_accesses_are_harmless),
		cmocka_unit_test_setup_teardown(ready_port_is_only_unmasked, setup_ready, teardown),
		cmocka_unit_test_setup_teardown(ready_port_is_throttled, setup_ready, teardown),
		cmocka_unit_test_setup_teardown(ready_port_is_opened_again, setup_ready, teardown),
		cmocka_unit_test_setup_teardown(ready_port_is_closed, setup_ready, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
