/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers are named as in Arm DDI 0224, "PrimeCell Real Time Clock (PL031)". */
#include "devices/pl031.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "devices/primecell.h"

enum {
	REG_DR = 0x00,
	REG_MR = 0x04,
	REG_LR = 0x08,
	REG_CR = 0x0C,
	REG_IMSC = 0x10,
	REG_RIS = 0x14,
	REG_MIS = 0x18,
	REG_ICR = 0x1C,
};

#define INT_ALARM UINT32_C(1)
#define CR_ENABLED UINT32_C(1)
#define NS_PER_S INT64_C(1000000000)
#define CLOCK_WRAPS (INT64_C(1) << 32)

static const uint8_t pl031_id[PRIMECELL_ID_COUNT] = {0x31, 0x10, 0x04, 0x00,
						     0x0D, 0xF0, 0x05, 0xB1};

static int64_t host_now_ns(const struct pl031 *rtc)
{
	struct timespec now = {0};

	if (rtc->config.now_ns != NULL) {
		return rtc->config.now_ns(rtc->config.ctx);
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Guest time in whole seconds, not cut to the register's 32 bits. */
static int64_t guest_now_s(const struct pl031 *rtc)
{
	return host_now_ns(rtc) / NS_PER_S + rtc->offset_s;
}

static void update_irq(struct pl031 *rtc)
{
	bool level = (rtc->raw & rtc->mask) != 0;

	if (level != rtc->irq_level) {
		rtc->irq_level = level;
		irq_line_set(&rtc->config.irq, level);
	}
}

static void arm_timer(const struct pl031 *rtc)
{
	/*
	 * Absolute, so that a step of the host's clock moves the alarm with it. Never 0, which
	 * would mean no timer at all.
	 */
	int64_t host_s = rtc->alarm_s - rtc->offset_s;
	struct itimerspec when = {.it_value.tv_sec = (time_t)(host_s > 0 ? host_s : 1)};

	(void)timerfd_settime(rtc->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* The alarm is set for the first moment from now on at which the clock equals the match. */
static void plan_alarm(struct pl031 *rtc)
{
	int64_t now_s = guest_now_s(rtc);

	rtc->alarm_s = now_s + (uint32_t)(rtc->match - (uint32_t)now_s);
	arm_timer(rtc);
}

/* Called before anything is read or changed: has the clock reached the alarm meanwhile? */
static void catch_up(struct pl031 *rtc)
{
	if (guest_now_s(rtc) >= rtc->alarm_s) {
		rtc->raw |= INT_ALARM;
		/* The clock shows the match for a second: the next time is a wrap later. */
		rtc->alarm_s += CLOCK_WRAPS;
		arm_timer(rtc);
	}
	update_irq(rtc);
}

static void set_clock(struct pl031 *rtc, uint32_t load)
{
	int64_t old_s = guest_now_s(rtc);
	/* The nearest time with these low 32 bits: a step back is not a step over a wrap. */
	int64_t step_s = (int32_t)(load - (uint32_t)old_s);
	bool passed = old_s + step_s > rtc->alarm_s;

	rtc->load = load;
	/* Whole wraps are invisible to the guest; without them no sum can overflow. */
	rtc->offset_s = (rtc->offset_s + step_s) % CLOCK_WRAPS;
	if (passed) {
		rtc->raw |= INT_ALARM;
	}
	plan_alarm(rtc);
}

static uint32_t read_reg(const struct pl031 *rtc, uint64_t offset)
{
	switch (offset) {
	case REG_DR:
		return (uint32_t)guest_now_s(rtc);
	case REG_MR:
		return rtc->match;
	case REG_LR:
		return rtc->load;
	case REG_CR:
		return CR_ENABLED;
	case REG_IMSC:
		return rtc->mask;
	case REG_RIS:
		return rtc->raw;
	case REG_MIS:
		return rtc->raw & rtc->mask;
	default:
		return primecell_id_read(pl031_id, offset);
	}
}

static void write_reg(struct pl031 *rtc, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_MR:
		rtc->match = value;
		plan_alarm(rtc);
		break;
	case REG_LR:
		set_clock(rtc, value);
		break;
	case REG_IMSC:
		rtc->mask = value & INT_ALARM;
		break;
	case REG_ICR:
		rtc->raw &= ~value;
		break;
	default:
		/* REG_CR too: the clock runs from the start and cannot be stopped. */
		break;
	}
}

static uint64_t pl031_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct pl031 *rtc = dev;
	uint32_t value;

	(void)len_bytes;
	(void)pthread_mutex_lock(&rtc->lock);
	catch_up(rtc);
	value = read_reg(rtc, offset & ~UINT64_C(3));
	(void)pthread_mutex_unlock(&rtc->lock);
	return value >> (8 * (offset & 3));
}

static void pl031_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct pl031 *rtc = dev;

	(void)len_bytes;
	(void)pthread_mutex_lock(&rtc->lock);
	catch_up(rtc);
	write_reg(rtc, offset, (uint32_t)value);
	catch_up(rtc);
	(void)pthread_mutex_unlock(&rtc->lock);
}

const struct mmio_ops pl031_mmio_ops = {
	.read = pl031_read,
	.write = pl031_write,
};

int pl031_init(struct pl031 *rtc, const struct pl031_config *config)
{
	int err;

	memset(rtc, 0, sizeof(*rtc));
	rtc->config = *config;
	rtc->offset_s = config->offset_s % CLOCK_WRAPS;
	rtc->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (rtc->timer_fd < 0) {
		return -errno;
	}
	err = pthread_mutex_init(&rtc->lock, NULL);
	if (err != 0) {
		(void)close(rtc->timer_fd);
		return -err;
	}
	plan_alarm(rtc);
	return 0;
}

void pl031_destroy(struct pl031 *rtc)
{
	(void)pthread_mutex_destroy(&rtc->lock);
	(void)close(rtc->timer_fd);
	rtc->timer_fd = -1;
}

void pl031_reset(struct pl031 *rtc)
{
	(void)pthread_mutex_lock(&rtc->lock);
	rtc->match = 0;
	rtc->load = 0;
	rtc->mask = 0;
	rtc->raw = 0;
	plan_alarm(rtc);
	rtc->irq_level = false;
	irq_line_set(&rtc->config.irq, false);
	(void)pthread_mutex_unlock(&rtc->lock);
}

int pl031_timer_fd(const struct pl031 *rtc)
{
	return rtc->timer_fd;
}

void pl031_alarm_expired(struct pl031 *rtc)
{
	uint64_t expirations;

	(void)pthread_mutex_lock(&rtc->lock);
	if (read(rtc->timer_fd, &expirations, sizeof(expirations)) ==
	    (ssize_t)sizeof(expirations)) {
		/* A host clock that has stepped back since: there is still a wait to come. */
		if (guest_now_s(rtc) < rtc->alarm_s) {
			arm_timer(rtc);
		}
	}
	catch_up(rtc);
	(void)pthread_mutex_unlock(&rtc->lock);
}

int64_t pl031_next_alarm_ns(struct pl031 *rtc)
{
	int64_t when_ns = INT64_MAX;

	(void)pthread_mutex_lock(&rtc->lock);
	if (rtc->mask != 0) {
		when_ns = (rtc->alarm_s - rtc->offset_s) * NS_PER_S;
	}
	(void)pthread_mutex_unlock(&rtc->lock);
	return when_ns;
}

int64_t pl031_offset_s(struct pl031 *rtc)
{
	int64_t offset_s;

	(void)pthread_mutex_lock(&rtc->lock);
	offset_s = rtc->offset_s;
	(void)pthread_mutex_unlock(&rtc->lock);
	return offset_s;
}
