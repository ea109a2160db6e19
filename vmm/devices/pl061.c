/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers are named as in Arm DDI 0190B, "PrimeCell General Purpose Input/Output (PL061)". */
#include "devices/pl061.h"

#include <string.h>

#include "devices/primecell.h"

enum {
	REG_DATA = 0x000,
	REG_DATA_END = 0x400,
	REG_DIR = 0x400,
	REG_IS = 0x404,
	REG_IBE = 0x408,
	REG_IEV = 0x40C,
	REG_IE = 0x410,
	REG_RIS = 0x414,
	REG_MIS = 0x418,
	REG_IC = 0x41C,
	REG_AFSEL = 0x420,
};

static const uint8_t pl061_id[PRIMECELL_ID_COUNT] = {0x61, 0x10, 0x04, 0x00,
						     0x0D, 0xF0, 0x05, 0xB1};

/* GPIODATA is there 256 times: bits 9 to 2 of its address say which lines an access is about. */
static uint8_t data_mask(uint64_t offset)
{
	return (uint8_t)(offset >> 2);
}

/* The level of each line, whoever drives it. */
static uint8_t levels(const struct pl061 *gpio)
{
	const struct pl061_regs *regs = &gpio->regs;

	return (uint8_t)((regs->out & regs->dir) | (gpio->input & ~regs->dir));
}

/* A level counts as long as it lasts, an edge until it is cleared. */
static uint8_t raw(const struct pl061 *gpio)
{
	const struct pl061_regs *regs = &gpio->regs;
	uint8_t asserted = (uint8_t) ~(levels(gpio) ^ regs->event);

	return (uint8_t)((asserted & regs->sense) | (regs->edges & ~regs->sense));
}

static uint8_t masked(const struct pl061 *gpio)
{
	return raw(gpio) & gpio->regs.enabled;
}

static void update_irq(struct pl061 *gpio)
{
	bool level = masked(gpio) != 0;

	if (level != gpio->irq_level) {
		gpio->irq_level = level;
		irq_line_set(&gpio->irq, level);
	}
}

/* The host has changed the lines @changed. Of an output the guest sees what it drives itself. */
static void note_edges(struct pl061 *gpio, uint8_t changed)
{
	struct pl061_regs *regs = &gpio->regs;
	uint8_t wanted = (uint8_t)(regs->both | ~(gpio->input ^ regs->event));

	regs->edges |= (uint8_t)(changed & wanted & ~regs->sense & ~regs->dir);
}

static uint32_t read_data(struct pl061 *gpio, uint8_t mask)
{
	gpio->unseen &= (uint8_t)~mask;
	return levels(gpio) & mask;
}

static uint32_t read_reg(struct pl061 *gpio, uint64_t offset)
{
	const struct pl061_regs *regs = &gpio->regs;

	if (offset < REG_DATA_END) {
		return read_data(gpio, data_mask(offset));
	}
	switch (offset) {
	case REG_DIR:
		return regs->dir;
	case REG_IS:
		return regs->sense;
	case REG_IBE:
		return regs->both;
	case REG_IEV:
		return regs->event;
	case REG_IE:
		return regs->enabled;
	case REG_RIS:
		return raw(gpio);
	case REG_MIS:
		return masked(gpio);
	case REG_AFSEL:
		return regs->alternate;
	default:
		return primecell_id_read(pl061_id, offset);
	}
}

static void write_reg(struct pl061 *gpio, uint64_t offset, uint8_t value)
{
	struct pl061_regs *regs = &gpio->regs;

	if (offset < REG_DATA_END) {
		/* A line takes a value only while it is an output. */
		uint8_t mask = data_mask(offset) & regs->dir;

		regs->out = (uint8_t)((regs->out & ~mask) | (value & mask));
		return;
	}
	switch (offset) {
	case REG_DIR:
		regs->dir = value;
		break;
	case REG_IS:
		regs->sense = value;
		break;
	case REG_IBE:
		regs->both = value;
		break;
	case REG_IEV:
		regs->event = value;
		break;
	case REG_IE:
		regs->enabled = value;
		break;
	case REG_IC:
		regs->edges &= (uint8_t)~value;
		break;
	case REG_AFSEL:
		regs->alternate = value;
		break;
	default:
		break;
	}
}

static uint64_t pl061_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct pl061 *gpio = dev;
	uint32_t value;

	(void)len_bytes;
	(void)pthread_mutex_lock(&gpio->lock);
	value = read_reg(gpio, offset & ~UINT64_C(3));
	(void)pthread_mutex_unlock(&gpio->lock);
	return value >> (8 * (offset & 3));
}

static void pl061_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct pl061 *gpio = dev;

	(void)len_bytes;
	(void)pthread_mutex_lock(&gpio->lock);
	write_reg(gpio, offset, (uint8_t)value);
	update_irq(gpio);
	(void)pthread_mutex_unlock(&gpio->lock);
}

const struct mmio_ops pl061_mmio_ops = {
	.read = pl061_read,
	.write = pl061_write,
};

int pl061_init(struct pl061 *gpio, const struct irq_line *irq)
{
	memset(gpio, 0, sizeof(*gpio));
	gpio->irq = *irq;
	return -pthread_mutex_init(&gpio->lock, NULL);
}

void pl061_destroy(struct pl061 *gpio)
{
	(void)pthread_mutex_destroy(&gpio->lock);
}

void pl061_reset(struct pl061 *gpio)
{
	(void)pthread_mutex_lock(&gpio->lock);
	memset(&gpio->regs, 0, sizeof(gpio->regs));
	gpio->unseen = 0;
	gpio->irq_level = false;
	irq_line_set(&gpio->irq, false);
	(void)pthread_mutex_unlock(&gpio->lock);
}

void pl061_set_input(struct pl061 *gpio, unsigned line, bool high)
{
	uint8_t bit = (uint8_t)(1U << line);

	(void)pthread_mutex_lock(&gpio->lock);
	if (high != ((gpio->input & bit) != 0)) {
		gpio->input ^= bit;
		gpio->unseen |= bit;
		note_edges(gpio, bit);
		update_irq(gpio);
	}
	(void)pthread_mutex_unlock(&gpio->lock);
}

bool pl061_input_seen(struct pl061 *gpio, unsigned line)
{
	bool seen;

	(void)pthread_mutex_lock(&gpio->lock);
	seen = (gpio->unseen & 1U << line) == 0;
	(void)pthread_mutex_unlock(&gpio->lock);
	return seen;
}

uint8_t pl061_interrupting(struct pl061 *gpio)
{
	uint8_t lines;

	(void)pthread_mutex_lock(&gpio->lock);
	lines = masked(gpio);
	(void)pthread_mutex_unlock(&gpio->lock);
	return lines;
}
