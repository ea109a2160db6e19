/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers and bits are named as in Arm DDI 0183, "PrimeCell UART (PL011)". */
#include "devices/pl011.h"

#include <string.h>

#include "devices/primecell.h"

enum {
	REG_DR = 0x000,
	REG_RSR_ECR = 0x004,
	REG_FR = 0x018,
	REG_ILPR = 0x020,
	REG_IBRD = 0x024,
	REG_FBRD = 0x028,
	REG_LCR_H = 0x02C,
	REG_CR = 0x030,
	REG_IFLS = 0x034,
	REG_IMSC = 0x038,
	REG_RIS = 0x03C,
	REG_MIS = 0x040,
	REG_ICR = 0x044,
	REG_DMACR = 0x048,
};

#define FR_CTS (UINT32_C(1) << 0)
#define FR_DSR (UINT32_C(1) << 1)
#define FR_DCD (UINT32_C(1) << 2)
#define FR_RXFE (UINT32_C(1) << 4)
#define FR_RXFF (UINT32_C(1) << 6)
#define FR_TXFE (UINT32_C(1) << 7)

#define LCR_H_BRK (UINT32_C(1) << 0)
#define LCR_H_FEN (UINT32_C(1) << 4)
#define LCR_H_WLEN_8 (UINT32_C(3) << 5)

#define CR_UARTEN (UINT32_C(1) << 0)
#define CR_LBE (UINT32_C(1) << 7)
#define CR_TXE (UINT32_C(1) << 8)
#define CR_RXE (UINT32_C(1) << 9)

#define INT_RX (UINT32_C(1) << 4)
#define INT_TX (UINT32_C(1) << 5)
#define INT_RT (UINT32_C(1) << 6)
#define INT_ALL UINT32_C(0x7FF)

/* So many looks at the flag register with no output in between mean: waiting for input. */
#define POLLS_TO_LISTEN 8

/* Revision r1p4: its FIFOs hold 16 bytes, as ours. */
static const uint8_t pl011_id[PRIMECELL_ID_COUNT] = {0x11, 0x10, 0x14, 0x00,
						     0x0D, 0xF0, 0x05, 0xB1};

static unsigned fifo_depth(const struct pl011_regs *regs)
{
	return (regs->lcrh & LCR_H_FEN) != 0 ? PL011_FIFO_DEPTH : 1;
}

/* The fill at which the receive interrupt rises. */
static unsigned rx_trigger(const struct pl011_regs *regs)
{
	static const unsigned sixteenths[8] = {2, 4, 8, 12, 14, 8, 8, 8};

	if ((regs->lcrh & LCR_H_FEN) == 0) {
		return 1;
	}
	return sixteenths[(regs->ifls >> 3) & 7];
}

static void update_irq(struct pl011 *uart)
{
	bool level = (uart->regs.raw & uart->regs.mask) != 0;

	/* A change of the line costs an ioctl, and most accesses make none. */
	if (level != uart->irq_level) {
		uart->irq_level = level;
		irq_line_set(&uart->config.irq, level);
	}
}

/*
 * After input or a read. The timeout interrupt stands for "the line has been quiet for 32 bit
 * times", which for input that comes in bursts is true as soon as a burst is in.
 */
static void update_rx_raw(struct pl011_regs *regs)
{
	regs->raw &= ~(INT_RX | INT_RT);
	if (regs->rx_count >= rx_trigger(regs)) {
		regs->raw |= INT_RX;
	}
	if (regs->rx_count > 0) {
		regs->raw |= INT_RT;
	}
}

static void rx_push(struct pl011_regs *regs, uint8_t byte)
{
	regs->rx[(regs->rx_at + regs->rx_count) % PL011_FIFO_DEPTH] = byte;
	regs->rx_count++;
}

static bool rx_enabled(const struct pl011_regs *regs)
{
	return regs->listening && (regs->control & (CR_RXE | CR_LBE)) == CR_RXE;
}

/* True once when refused input would be taken now; half empty, so that it comes in batches. */
static bool take_room(struct pl011_regs *regs)
{
	if (!regs->refused || !rx_enabled(regs) || regs->rx_count > fifo_depth(regs) / 2) {
		return false;
	}
	regs->refused = false;
	return true;
}

/*
 * A driver of an SBSA UART closes its port by this alone. One of a PL011 does so before it opens
 * it, too, and turns the receiver off besides.
 */
static void close_if_masked(struct pl011_regs *regs)
{
	if ((regs->mask & (INT_RX | INT_RT)) == 0) {
		regs->listening = false;
		regs->polls = 0;
	}
}

static void listen_if_unmasked(struct pl011_regs *regs)
{
	if ((regs->mask & (INT_RX | INT_RT)) != 0 &&
	    (regs->control & (CR_UARTEN | CR_RXE)) == (CR_UARTEN | CR_RXE)) {
		regs->listening = true;
	}
}

static uint32_t read_data(struct pl011_regs *regs)
{
	uint32_t data = regs->rx[regs->rx_at];

	regs->listening = true;
	if (regs->rx_count > 0) {
		regs->rx_at = (regs->rx_at + 1) % PL011_FIFO_DEPTH;
		regs->rx_count--;
		update_rx_raw(regs);
	}
	return data;
}

static uint32_t read_flags(struct pl011_regs *regs)
{
	uint32_t flags = FR_TXFE | FR_CTS | FR_DSR | FR_DCD;

	if (regs->rx_count == 0) {
		flags |= FR_RXFE;
		if (regs->polls < POLLS_TO_LISTEN) {
			regs->polls++;
		} else {
			regs->listening = true;
		}
	}
	if (regs->rx_count >= fifo_depth(regs)) {
		flags |= FR_RXFF;
	}
	return flags;
}

static uint32_t read_reg(struct pl011_regs *regs, uint64_t offset)
{
	switch (offset) {
	case REG_DR:
		return read_data(regs);
	case REG_RSR_ECR:
		return regs->error;
	case REG_FR:
		return read_flags(regs);
	case REG_ILPR:
		return regs->ilpr;
	case REG_IBRD:
		return regs->ibrd;
	case REG_FBRD:
		return regs->fbrd;
	case REG_LCR_H:
		return regs->lcrh;
	case REG_CR:
		return regs->control;
	case REG_IFLS:
		return regs->ifls;
	case REG_IMSC:
		return regs->mask;
	case REG_RIS:
		return regs->raw;
	case REG_MIS:
		return regs->raw & regs->mask;
	case REG_DMACR:
		return regs->dmacr;
	default:
		return primecell_id_read(pl011_id, offset);
	}
}

static void write_line_control(struct pl011_regs *regs, uint32_t value)
{
	/* Switching the FIFOs off or on empties them. */
	if (((regs->lcrh ^ value) & LCR_H_FEN) != 0) {
		regs->rx_at = 0;
		regs->rx_count = 0;
	}
	regs->lcrh = value & 0xFF;
	update_rx_raw(regs);
}

static void write_control(struct pl011_regs *regs, uint32_t value)
{
	/* A driver that closes its port no longer reads; what it had not read is gone. */
	if ((regs->control & CR_RXE) != 0 && (value & CR_RXE) == 0) {
		regs->listening = false;
		regs->polls = 0;
	}
	regs->control = value & 0xFF87;
	listen_if_unmasked(regs);
}

/* Everything but the data register. */
static void write_reg(struct pl011_regs *regs, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_RSR_ECR:
		regs->error = 0;
		break;
	case REG_ILPR:
		regs->ilpr = value & 0xFF;
		break;
	case REG_IBRD:
		regs->ibrd = value & 0xFFFF;
		break;
	case REG_FBRD:
		regs->fbrd = value & 0x3F;
		break;
	case REG_LCR_H:
		write_line_control(regs, value);
		break;
	case REG_CR:
		write_control(regs, value);
		break;
	case REG_IFLS:
		regs->ifls = value & 0x3F;
		update_rx_raw(regs);
		break;
	case REG_IMSC:
		regs->mask = value & INT_ALL;
		listen_if_unmasked(regs);
		break;
	case REG_ICR:
		regs->raw &= ~value;
		break;
	case REG_DMACR:
		regs->dmacr = value & 0x7;
		break;
	default:
		break;
	}
}

/* The byte is on the line, or back in the FIFO; returns true if it is to go out. */
static bool write_data(struct pl011_regs *regs, uint8_t byte)
{
	bool loop = (regs->control & CR_LBE) != 0;

	regs->polls = 0;
	if (loop && regs->rx_count < fifo_depth(regs)) {
		rx_push(regs, byte);
		update_rx_raw(regs);
	}
	/*
	 * The transmit FIFO falls through its level at once. CR's enables are not looked at: early
	 * consoles print before anything has set the port up.
	 */
	regs->raw |= INT_TX;
	return !loop;
}

static uint64_t pl011_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct pl011 *uart = dev;
	bool room;
	uint32_t value;

	(void)len_bytes;
	(void)pthread_mutex_lock(&uart->lock);
	value = read_reg(&uart->regs, offset & ~UINT64_C(3));
	uart->regs.looked = uart->regs.looked || uart->regs.listening;
	room = take_room(&uart->regs);
	update_irq(uart);
	(void)pthread_mutex_unlock(&uart->lock);
	if (room && uart->config.rx_room != NULL) {
		uart->config.rx_room(uart->config.ctx);
	}
	return value >> (8 * (offset & 3));
}

static void pl011_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct pl011 *uart = dev;
	uint8_t byte = (uint8_t)value;
	bool room = false;
	bool out = false;

	(void)len_bytes;
	(void)pthread_mutex_lock(&uart->lock);
	if (offset == REG_DR) {
		out = write_data(&uart->regs, byte);
	} else {
		write_reg(&uart->regs, offset, (uint32_t)value);
	}
	if (!uart->config.ready) {
		room = take_room(&uart->regs);
	} else if (offset == REG_IMSC) {
		/*
		 * Linux empties the FIFO right after it has opened the port by unmasking the
		 * interrupts; what is kept for it comes only when it has looked.
		 */
		close_if_masked(&uart->regs);
		room = uart->regs.looked && take_room(&uart->regs);
	} else if (offset == REG_ICR && !uart->regs.listening) {
		/* It clears them before it opens the port, also when it resumes from a suspend. */
		uart->regs.looked = false;
	}
	update_irq(uart);
	(void)pthread_mutex_unlock(&uart->lock);
	if (out && uart->config.tx != NULL) {
		(void)pthread_mutex_lock(&uart->tx_lock);
		uart->config.tx(uart->config.ctx, &byte, 1);
		(void)pthread_mutex_unlock(&uart->tx_lock);
	}
	if (room && uart->config.rx_room != NULL) {
		uart->config.rx_room(uart->config.ctx);
	}
}

const struct mmio_ops pl011_mmio_ops = {
	.read = pl011_read,
	.write = pl011_write,
};

static void regs_reset(struct pl011_regs *regs, bool ready)
{
	bool refused = regs->refused;

	*regs = (struct pl011_regs){
		.control = CR_TXE | CR_RXE | (ready ? CR_UARTEN : 0),
		.lcrh = ready ? LCR_H_WLEN_8 | LCR_H_FEN : 0,
		.ifls = 0x12,
		.refused = refused,
	};
}

int pl011_init(struct pl011 *uart, const struct pl011_config *config)
{
	int err;

	memset(uart, 0, sizeof(*uart));
	uart->config = *config;
	regs_reset(&uart->regs, config->ready);
	err = pthread_mutex_init(&uart->lock, NULL);
	if (err != 0) {
		return -err;
	}
	err = pthread_mutex_init(&uart->tx_lock, NULL);
	if (err != 0) {
		(void)pthread_mutex_destroy(&uart->lock);
		return -err;
	}
	return 0;
}

void pl011_destroy(struct pl011 *uart)
{
	(void)pthread_mutex_destroy(&uart->tx_lock);
	(void)pthread_mutex_destroy(&uart->lock);
}

void pl011_reset(struct pl011 *uart)
{
	(void)pthread_mutex_lock(&uart->lock);
	regs_reset(&uart->regs, uart->config.ready);
	uart->irq_level = false;
	irq_line_set(&uart->config.irq, false);
	(void)pthread_mutex_unlock(&uart->lock);
}

size_t pl011_rx(struct pl011 *uart, const uint8_t *bytes, size_t count)
{
	struct pl011_regs *regs = &uart->regs;
	size_t taken = 0;

	(void)pthread_mutex_lock(&uart->lock);
	while (taken < count && rx_enabled(regs) && regs->rx_count < fifo_depth(regs)) {
		rx_push(regs, bytes[taken]);
		taken++;
	}
	if (taken > 0) {
		update_rx_raw(regs);
		update_irq(uart);
	}
	if (taken < count) {
		regs->refused = true;
	}
	(void)pthread_mutex_unlock(&uart->lock);
	return taken;
}
