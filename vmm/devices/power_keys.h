/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the keys by which the host asks the guest for a power state
 *
 * Three keys on the lines of a PL061, which the device tree shows as "gpio-keys". They are wake-up
 * sources, so that a press also wakes a suspended guest.
 *
 * A key goes down at once. It comes up when the guest has read its line, but not before
 * POWER_KEYS_DOWN_MS_MIN; where nobody reads it, after POWER_KEYS_DOWN_MS_MAX. Then it stays up for
 * a moment, so that the next press is told from this one; a press that comes before that follows.
 * Time does not pass while the keys are held, as the guest can't read then.
 *
 * The caller owns the struct, which must not move. power_keys_interrupting() may be called on any
 * thread, the others are for the main thread.
 */
#ifndef VMM_DEVICES_POWER_KEYS_H
#define VMM_DEVICES_POWER_KEYS_H

#include <stdbool.h>

#include "devices/pl061.h"
#include "devices/power_key.h"

/* Longer than the 5 ms for which Linux debounces, shorter than what is taken for a long press. */
#define POWER_KEYS_DOWN_MS_MIN 50
#define POWER_KEYS_DOWN_MS_MAX 2000

/**
 * enum power_key_phase - where a key is
 * @POWER_KEY_REST: up
 * @POWER_KEY_DOWN: down
 * @POWER_KEY_BACK: up, and not pressed again yet
 */
enum power_key_phase {
	POWER_KEY_REST,
	POWER_KEY_DOWN,
	POWER_KEY_BACK,
};

/**
 * struct power_key_state - a key
 * @phase: where it is
 * @ticks: of the timer, since it came there
 * @again: it is to be pressed once more
 * @pause: ticks that it stays up before that; 0 for as few as there can be
 */
struct power_key_state {
	enum power_key_phase phase;
	unsigned ticks;
	bool again;
	unsigned pause;
};

/**
 * struct power_keys - the keys; members are its own
 * @gpio:     where they are; borrowed
 * @timer_fd: ticks while a key is not at rest
 * @held:     time stands still
 * @keys:     by enum power_key
 */
struct power_keys {
	struct pl061 *gpio;
	int timer_fd;
	bool held;
	struct power_key_state keys[POWER_KEY_COUNT];
};

/**
 * power_keys_init() - set up the keys, all up
 * @keys: filled; destroy it with power_keys_destroy()
 * @gpio: set up; lives as long
 *
 * Return: 0, or -errno of timerfd_create().
 */
int power_keys_init(struct power_keys *keys, struct pl061 *gpio);

/** power_keys_destroy() - free what power_keys_init() took */
void power_keys_destroy(struct power_keys *keys);

/** power_keys_reset() - all keys are up and no press waits */
void power_keys_reset(struct power_keys *keys);

/**
 * power_keys_press() - press a key for a moment
 * @key: not POWER_KEY_NONE
 */
void power_keys_press(struct power_keys *keys, enum power_key key);

/**
 * power_keys_press_later() - press a key for a moment, after one in which it is up
 * @key:      not POWER_KEY_NONE
 * @delay_ms: that moment; a press by power_keys_press() cuts it short
 */
void power_keys_press_later(struct power_keys *keys, enum power_key key, unsigned delay_ms);

/** power_keys_hold() - whether time stands still, as the guest does */
void power_keys_hold(struct power_keys *keys, bool held);

/** power_keys_fd() - readable when power_keys_dispatch() is due; the keys keep owning it */
int power_keys_fd(const struct power_keys *keys);

/** power_keys_dispatch() - let go of the keys for which it is time; harmless if there is none */
void power_keys_dispatch(struct power_keys *keys);

/**
 * power_keys_interrupting() - the key whose line asserts the interrupt; any thread
 *
 * Return: the key, or POWER_KEY_NONE.
 */
enum power_key power_keys_interrupting(struct power_keys *keys);

#endif /* VMM_DEVICES_POWER_KEYS_H */
