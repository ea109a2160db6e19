/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: power events
 *
 * What the host learns of a machine's power states. The names are QMP's where it has one.
 */
#ifndef VMM_POWER_EVENT_H
#define VMM_POWER_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include "devices/power_key.h"

/**
 * enum power_event_kind - what happened
 * @POWER_EVENT_STARTED:      the machine's first CPU enters its kernel, also after each reset
 * @POWER_EVENT_CPU_ON:       a CPU enters at the entry that CPU_ON gave
 * @POWER_EVENT_CPU_OFF:      a CPU is off
 * @POWER_EVENT_SUSPEND:      the machine is suspended
 * @POWER_EVENT_WAKEUP:       the machine left that state
 * @POWER_EVENT_SUSPEND_DISK: the guest hibernated; its disks are flushed
 * @POWER_EVENT_SHUTDOWN:     the machine ended in any other way, see the reason
 * @POWER_EVENT_RESET:        the machine is reset
 * @POWER_EVENT_STOP:         the host has stopped all CPUs
 * @POWER_EVENT_RESUME:       and lets them go on
 * @POWER_EVENT_ASKED:        the host pressed a key
 * @POWER_EVENT_UNRESPONSIVE: the guest did not do in time what the key asks for
 * @POWER_EVENT_WATCHDOG:     the guest did not refresh its watchdog; what comes of it follows
 * @POWER_EVENT_GUEST_PANICKED:    the guest says that its kernel panicked
 * @POWER_EVENT_GUEST_CRASHLOADED: the same, and that it deals with it itself
 * @POWER_EVENT_GUEST_PVSHUTDOWN:  the guest says that it has shut down; the end follows
 * @POWER_EVENT_BALLOON_CHANGE: the balloon leaves the guest more or less of its RAM than before
 */
enum power_event_kind {
	POWER_EVENT_STARTED,
	POWER_EVENT_CPU_ON,
	POWER_EVENT_CPU_OFF,
	POWER_EVENT_SUSPEND,
	POWER_EVENT_WAKEUP,
	POWER_EVENT_SUSPEND_DISK,
	POWER_EVENT_SHUTDOWN,
	POWER_EVENT_RESET,
	POWER_EVENT_STOP,
	POWER_EVENT_RESUME,
	POWER_EVENT_ASKED,
	POWER_EVENT_UNRESPONSIVE,
	POWER_EVENT_WATCHDOG,
	POWER_EVENT_GUEST_PANICKED,
	POWER_EVENT_GUEST_CRASHLOADED,
	POWER_EVENT_GUEST_PVSHUTDOWN,
	POWER_EVENT_BALLOON_CHANGE,
};

/**
 * enum power_reason - why
 * @POWER_REASON_NONE:         nothing to say
 * @POWER_REASON_GUEST:        the guest asked for it
 * @POWER_REASON_GUEST_RESET2: SYSTEM_RESET2, with type and cookie
 * @POWER_REASON_GUEST_PANIC:  the guest can't go on: a KVM internal error, or no CPU is on, or it
 *                             says so
 * @POWER_REASON_WATCHDOG:     the guest did not refresh its watchdog
 * @POWER_REASON_HOST:         the host asked for it, over the control socket
 * @POWER_REASON_HOST_SIGNAL:  SIGINT or SIGTERM
 * @POWER_REASON_HOST_ERROR:   the host failed
 * @POWER_REASON_REFUSED:      WAKEUP: the host refused the suspend
 * @POWER_REASON_INTERRUPT:    WAKEUP: an interrupt, with its INTID and, where known, its device
 */
enum power_reason {
	POWER_REASON_NONE,
	POWER_REASON_GUEST,
	POWER_REASON_GUEST_RESET2,
	POWER_REASON_GUEST_PANIC,
	POWER_REASON_WATCHDOG,
	POWER_REASON_HOST,
	POWER_REASON_HOST_SIGNAL,
	POWER_REASON_HOST_ERROR,
	POWER_REASON_REFUSED,
	POWER_REASON_INTERRUPT,
};

/**
 * struct power_event - one event
 * @kind:       what
 * @reason:     why
 * @time_ns:    CLOCK_MONOTONIC
 * @cpu:        the CPU it is about, or the one that called; -1 if none
 * @intid:      with POWER_REASON_INTERRUPT: the interrupt, or -1 if the host could not tell
 * @device:     with POWER_REASON_INTERRUPT: a static name such as "pl031", or NULL
 * @action:     of WATCHDOG, GUEST_PANICKED and GUEST_CRASHLOADED: what the host does, a static
 *              word of QMP's
 * @key:        of ASKED and UNRESPONSIVE; with POWER_REASON_INTERRUPT: if one woke the machine
 * @reset_type: with POWER_REASON_GUEST_RESET2
 * @cookie:     with POWER_REASON_GUEST_RESET2
 * @balloon_bytes: of BALLOON_CHANGE: what is left
 * @last:       of RESET: the machine ends with it
 */
struct power_event {
	enum power_event_kind kind;
	enum power_reason reason;
	uint64_t time_ns;
	int32_t cpu;
	int32_t intid;
	const char *device;
	const char *action;
	enum power_key key;
	uint32_t reset_type;
	uint64_t cookie;
	uint64_t balloon_bytes;
	bool last;
};

/**
 * struct power_event_sink - who is told
 * @emit: called on any thread, one event at a time in the order they happened; must not call the
 *        machine, and must not wait for anything that a vCPU thread does
 * @ctx:  passed on
 */
struct power_event_sink {
	void (*emit)(void *ctx, const struct power_event *event);
	void *ctx;
};

#endif /* VMM_POWER_EVENT_H */
