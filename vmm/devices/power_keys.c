/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/power_keys.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "platform/layout.h"

/*
 * One timer for all keys, which may have been running when a key was pressed: of two ticks, one is
 * whole.
 */
#define TICK_MS POWER_KEYS_DOWN_MS_MIN
#define TICKS_MIN 2
#define TICKS_MAX (POWER_KEYS_DOWN_MS_MAX / TICK_MS)
#define NS_PER_MS 1000000L

static const unsigned key_lines[POWER_KEY_COUNT] = {
	[POWER_KEY_POWER] = LAYOUT_GPIO_LINE_POWER,
	[POWER_KEY_SLEEP] = LAYOUT_GPIO_LINE_SLEEP,
	[POWER_KEY_HIBERNATE] = LAYOUT_GPIO_LINE_HIBERNATE,
};

const char *power_key_name(enum power_key key)
{
	static const char *const names[POWER_KEY_COUNT] = {
		[POWER_KEY_POWER] = "power",
		[POWER_KEY_SLEEP] = "sleep",
		[POWER_KEY_HIBERNATE] = "hibernate",
	};

	return names[key];
}

static void go(struct power_keys *keys, enum power_key key, enum power_key_phase phase)
{
	keys->keys[key].phase = phase;
	keys->keys[key].ticks = 0;
	pl061_set_input(keys->gpio, key_lines[key], phase == POWER_KEY_DOWN);
}

static bool at_rest(const struct power_keys *keys)
{
	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		if (keys->keys[key].phase != POWER_KEY_REST) {
			return false;
		}
	}
	return true;
}

/* A timer that runs already goes on as it does. */
static void update_timer(const struct power_keys *keys)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * NS_PER_MS};
	struct itimerspec timer = {.it_value = {0}};

	if (!keys->held && !at_rest(keys)) {
		(void)timerfd_gettime(keys->timer_fd, &timer);
		if (timer.it_interval.tv_nsec != 0) {
			return;
		}
		timer = (struct itimerspec){.it_value = tick, .it_interval = tick};
	}
	(void)timerfd_settime(keys->timer_fd, 0, &timer, NULL);
}

int power_keys_init(struct power_keys *keys, struct pl061 *gpio)
{
	memset(keys, 0, sizeof(*keys));
	keys->gpio = gpio;
	keys->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return keys->timer_fd >= 0 ? 0 : -errno;
}

void power_keys_destroy(struct power_keys *keys)
{
	(void)close(keys->timer_fd);
	keys->timer_fd = -1;
}

void power_keys_reset(struct power_keys *keys)
{
	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		keys->keys[key].again = false;
		keys->keys[key].pause = 0;
		go(keys, key, POWER_KEY_REST);
	}
	update_timer(keys);
}

void power_keys_press(struct power_keys *keys, enum power_key key)
{
	if (keys->keys[key].phase == POWER_KEY_REST) {
		go(keys, key, POWER_KEY_DOWN);
		update_timer(keys);
	} else {
		keys->keys[key].again = true;
		keys->keys[key].pause = 0;
	}
}

void power_keys_press_later(struct power_keys *keys, enum power_key key, unsigned delay_ms)
{
	keys->keys[key].again = true;
	keys->keys[key].pause = delay_ms / TICK_MS;
	if (keys->keys[key].phase == POWER_KEY_REST) {
		go(keys, key, POWER_KEY_BACK);
		update_timer(keys);
	}
}

void power_keys_hold(struct power_keys *keys, bool held)
{
	keys->held = held;
	update_timer(keys);
}

int power_keys_fd(const struct power_keys *keys)
{
	return keys->timer_fd;
}

static void tick(struct power_keys *keys, enum power_key key)
{
	struct power_key_state *state = &keys->keys[key];

	state->ticks++;
	switch (state->phase) {
	case POWER_KEY_REST:
		break;
	case POWER_KEY_DOWN:
		if (state->ticks >= TICKS_MAX ||
		    (state->ticks >= TICKS_MIN && pl061_input_seen(keys->gpio, key_lines[key]))) {
			go(keys, key, POWER_KEY_BACK);
		}
		break;
	case POWER_KEY_BACK:
		if (state->ticks >= TICKS_MIN && state->ticks >= state->pause) {
			go(keys, key, state->again ? POWER_KEY_DOWN : POWER_KEY_REST);
			state->again = false;
			state->pause = 0;
		}
		break;
	}
}

void power_keys_dispatch(struct power_keys *keys)
{
	uint64_t count;

	/* However late we are, the guest may have been as late: one tick. */
	if (read(keys->timer_fd, &count, sizeof(count)) != (ssize_t)sizeof(count)) {
		return;
	}
	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		tick(keys, key);
	}
	update_timer(keys);
}

enum power_key power_keys_interrupting(struct power_keys *keys)
{
	uint8_t lines = pl061_interrupting(keys->gpio);

	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		if ((lines & 1U << key_lines[key]) != 0) {
			return key;
		}
	}
	return POWER_KEY_NONE;
}
