/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_DEVICES_POWER_KEY_H
#define VMM_DEVICES_POWER_KEY_H

/**
 * enum power_key - what the host may ask the guest for by pressing a key
 * @POWER_KEY_NONE:      no key
 * @POWER_KEY_POWER:     to power off; Linux's KEY_POWER
 * @POWER_KEY_SLEEP:     to suspend to RAM; KEY_SLEEP
 * @POWER_KEY_HIBERNATE: to hibernate; KEY_SUSPEND, which is what systemd-logind takes for it
 * @POWER_KEY_COUNT:     for arrays
 */
enum power_key {
	POWER_KEY_NONE,
	POWER_KEY_POWER,
	POWER_KEY_SLEEP,
	POWER_KEY_HIBERNATE,
	POWER_KEY_COUNT,
};

/**
 * power_key_name() - what a key is called
 *
 * Return: a static word; NULL for POWER_KEY_NONE.
 */
const char *power_key_name(enum power_key key);

#endif /* VMM_DEVICES_POWER_KEY_H */
