/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers are named as in Arm DEN0094, "Arm Base System Architecture", generic watchdog. */
#include "devices/sbsa_gwdt.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	REG_WRR = 0x000, /* refresh frame */
	REG_WCS = 0x000, /* control frame */
	REG_WOR_LOW = 0x008,
	REG_WOR_HIGH = 0x00C,
	REG_WCV_LOW = 0x010,
	REG_WCV_HIGH = 0x014,
	REG_W_IIDR = 0xFCC, /* both */
};

#define WCS_EN UINT32_C(1)
#define WCS_WS0 UINT32_C(2)
#define WCS_WS1 UINT32_C(4)
/* Architecture revision 1, and Arm's JEP106 code, as QEMU's has it. */
#define W_IIDR UINT32_C(0x0001043B)
#define WOR_HIGH_MASK UINT32_C(0xFFFF)

#define NS_PER_S UINT64_C(1000000000)

static uint64_t counter(const struct sbsa_gwdt *watchdog)
{
	return watchdog->config.counter(watchdog->config.ctx);
}

static void arm_timer(const struct sbsa_gwdt *watchdog)
{
	struct itimerspec when = {{0}, {0}};
	uint64_t hz = watchdog->config.frequency_hz;
	uint64_t now = counter(watchdog);
	uint64_t ticks = watchdog->compare > now ? watchdog->compare - now : 0;

	/* All zero is no timer at all. */
	if (watchdog->enabled && !watchdog->ws1 && !watchdog->paused) {
		when.it_value.tv_sec = (time_t)(ticks / hz);
		/* Rounded up: a nanosecond too early would only be another round. */
		when.it_value.tv_nsec = (long)(ticks % hz * NS_PER_S / hz + 1);
		if (when.it_value.tv_nsec >= (long)NS_PER_S) {
			when.it_value.tv_sec++;
			when.it_value.tv_nsec = 0;
		}
	}
	(void)timerfd_settime(watchdog->timer_fd, 0, &when, NULL);
}

/* Within the low half: a driver of revision 0 writes no other. */
static uint64_t reset_offset(const struct sbsa_gwdt *watchdog)
{
	uint64_t ticks = watchdog->config.frequency_hz * SBSA_GWDT_RESET_OFFSET_S;

	return ticks < UINT32_MAX ? ticks : UINT32_MAX;
}

static void set_ws0(struct sbsa_gwdt *watchdog, bool level)
{
	if (level != watchdog->ws0) {
		watchdog->ws0 = level;
		irq_line_set(&watchdog->config.irq, level);
	}
}

static void load_compare(struct sbsa_gwdt *watchdog)
{
	watchdog->compare = counter(watchdog) + watchdog->offset;
	arm_timer(watchdog);
}

/* The standard's explicit refresh: by WRR, and by any write to WCS or WOR. */
static void refresh(struct sbsa_gwdt *watchdog)
{
	set_ws0(watchdog, false);
	watchdog->ws1 = false;
	if (watchdog->enabled) {
		load_compare(watchdog);
	} else {
		arm_timer(watchdog);
	}
}

static uint64_t with_low(uint64_t old, uint32_t value)
{
	return (old & ~UINT64_C(0xFFFFFFFF)) | value;
}

static uint64_t with_high(uint64_t old, uint32_t value)
{
	return (old & UINT64_C(0xFFFFFFFF)) | (uint64_t)value << 32;
}

static uint32_t read_control(const struct sbsa_gwdt *watchdog, uint64_t offset)
{
	switch (offset) {
	case REG_WCS:
		return (watchdog->enabled ? WCS_EN : 0) | (watchdog->ws0 ? WCS_WS0 : 0) |
		       (watchdog->ws1 ? WCS_WS1 : 0);
	case REG_WOR_LOW:
		return (uint32_t)watchdog->offset;
	case REG_WOR_HIGH:
		return (uint32_t)(watchdog->offset >> 32);
	case REG_WCV_LOW:
		return (uint32_t)watchdog->compare;
	case REG_WCV_HIGH:
		return (uint32_t)(watchdog->compare >> 32);
	case REG_W_IIDR:
		return W_IIDR;
	default:
		return 0;
	}
}

static void write_control(struct sbsa_gwdt *watchdog, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_WCS:
		watchdog->enabled = (value & WCS_EN) != 0;
		refresh(watchdog);
		break;
	case REG_WOR_LOW:
		watchdog->offset = with_low(watchdog->offset, value);
		refresh(watchdog);
		break;
	case REG_WOR_HIGH:
		watchdog->offset = with_high(watchdog->offset, value & WOR_HIGH_MASK);
		refresh(watchdog);
		break;
	case REG_WCV_LOW:
		watchdog->compare = with_low(watchdog->compare, value);
		arm_timer(watchdog);
		break;
	case REG_WCV_HIGH:
		watchdog->compare = with_high(watchdog->compare, value);
		arm_timer(watchdog);
		break;
	default:
		break;
	}
}

/* Other accesses are the implementer's to define (DEN0094): they read as zero and do nothing. */
static bool is_register(uint64_t offset, unsigned len_bytes)
{
	return len_bytes == 4 && offset % 4 == 0;
}

static uint64_t control_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct sbsa_gwdt *watchdog = dev;
	uint32_t value;

	if (!is_register(offset, len_bytes)) {
		return 0;
	}
	(void)pthread_mutex_lock(&watchdog->lock);
	value = read_control(watchdog, offset);
	(void)pthread_mutex_unlock(&watchdog->lock);
	return value;
}

static void control_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct sbsa_gwdt *watchdog = dev;

	if (!is_register(offset, len_bytes)) {
		return;
	}
	(void)pthread_mutex_lock(&watchdog->lock);
	write_control(watchdog, offset, (uint32_t)value);
	(void)pthread_mutex_unlock(&watchdog->lock);
}

static uint64_t refresh_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	(void)dev;
	return is_register(offset, len_bytes) && offset == REG_W_IIDR ? W_IIDR : 0;
}

static void refresh_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct sbsa_gwdt *watchdog = dev;

	(void)value;
	if (!is_register(offset, len_bytes) || offset != REG_WRR) {
		return;
	}
	(void)pthread_mutex_lock(&watchdog->lock);
	refresh(watchdog);
	(void)pthread_mutex_unlock(&watchdog->lock);
}

const struct mmio_ops sbsa_gwdt_refresh_ops = {
	.read = refresh_read,
	.write = refresh_write,
};

const struct mmio_ops sbsa_gwdt_control_ops = {
	.read = control_read,
	.write = control_write,
};

int sbsa_gwdt_init(struct sbsa_gwdt *watchdog, const struct sbsa_gwdt_config *config)
{
	int err;

	memset(watchdog, 0, sizeof(*watchdog));
	watchdog->config = *config;
	watchdog->offset = reset_offset(watchdog);
	watchdog->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watchdog->timer_fd < 0) {
		return -errno;
	}
	err = pthread_mutex_init(&watchdog->lock, NULL);
	if (err != 0) {
		(void)close(watchdog->timer_fd);
	}
	return -err;
}

void sbsa_gwdt_destroy(struct sbsa_gwdt *watchdog)
{
	(void)pthread_mutex_destroy(&watchdog->lock);
	(void)close(watchdog->timer_fd);
	watchdog->timer_fd = -1;
}

void sbsa_gwdt_reset(struct sbsa_gwdt *watchdog)
{
	(void)pthread_mutex_lock(&watchdog->lock);
	/* Enabled still, it is this bite that resets us; else WS1 is of a reset before. */
	watchdog->ws1 = watchdog->ws1 && watchdog->enabled;
	watchdog->enabled = false;
	watchdog->offset = reset_offset(watchdog);
	watchdog->compare = 0;
	arm_timer(watchdog);
	watchdog->ws0 = false;
	irq_line_set(&watchdog->config.irq, false);
	(void)pthread_mutex_unlock(&watchdog->lock);
}

void sbsa_gwdt_pause(struct sbsa_gwdt *watchdog, bool paused)
{
	(void)pthread_mutex_lock(&watchdog->lock);
	watchdog->paused = paused;
	arm_timer(watchdog);
	(void)pthread_mutex_unlock(&watchdog->lock);
}

int sbsa_gwdt_timer_fd(const struct sbsa_gwdt *watchdog)
{
	return watchdog->timer_fd;
}

/* Returns whether WS1 has just come up. */
static bool time_up(struct sbsa_gwdt *watchdog)
{
	if (!watchdog->enabled || watchdog->ws1 || watchdog->paused) {
		return false;
	}
	if (counter(watchdog) < watchdog->compare) {
		arm_timer(watchdog);
		return false;
	}
	if (!watchdog->ws0) {
		set_ws0(watchdog, true);
		load_compare(watchdog);
		return false;
	}
	watchdog->ws1 = true;
	arm_timer(watchdog);
	return true;
}

void sbsa_gwdt_timer_expired(struct sbsa_gwdt *watchdog)
{
	uint64_t expirations;
	bool bites;

	(void)pthread_mutex_lock(&watchdog->lock);
	/* A refresh since then has set the timer anew: the counter decides. */
	(void)!read(watchdog->timer_fd, &expirations, sizeof(expirations));
	bites = time_up(watchdog);
	(void)pthread_mutex_unlock(&watchdog->lock);
	if (bites) {
		watchdog->config.bite(watchdog->config.ctx);
	}
}
