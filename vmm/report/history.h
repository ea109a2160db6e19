/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is drawn: machines and the newest part of their histories, as read from the store.
 *
 * The caller owns struct history: history_init(), any number of history_machine() and
 * history_event(), or history_read(); then history_settle(), after which it is not changed; and
 * history_free() at the end, however far it came.
 */
#ifndef VMM_REPORT_HISTORY_H
#define VMM_REPORT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host/record.h"
#include "host/store.h"
#include "report/cpu_set.h"

/**
 * struct history_event - as struct machine_event
 * @time_ns:  what the clock said
 * @shown_ns: where it is drawn; see history_settle()
 * @from:     the state before
 * @to:       the state after
 * @cpu:      the one that it is about, or -1
 * @kind:     owned, as are the strings that follow; none but @detail is NULL
 */
struct history_event {
	int64_t time_ns;
	int64_t shown_ns;
	enum machine_state from;
	enum machine_state to;
	int32_t cpu;
	char *kind;
	char *cause;
	char *by;
	char *detail;
};

/**
 * struct history_machine - a machine
 * @name:     owned
 * @state:    now
 * @since_ns: when it came to be in it
 * @events:   the newest ones, in order; owned
 * @count:    of @events
 * @room:     of @events
 * @dropped:  how many older ones there were
 * @cpus:     that were on before the first of @events
 */
struct history_machine {
	char *name;
	enum machine_state state;
	int64_t since_ns;
	struct history_event *events;
	size_t count;
	size_t room;
	size_t dropped;
	struct cpu_set cpus;
};

/**
 * struct history - of all machines that are drawn
 * @machines: in the order in which they are drawn; owned
 * @count:    of @machines
 * @limit:    how many events of a machine are kept
 * @begin_ns: where the drawing begins
 * @end_ns:   and ends
 */
struct history {
	struct history_machine *machines;
	size_t count;
	size_t limit;
	int64_t begin_ns;
	int64_t end_ns;
};

/**
 * history_init() - an empty one
 * @limit: how many events of a machine are kept, at least 1
 */
void history_init(struct history *history, size_t limit);

/**
 * history_machine() - the next machine, whose events follow
 * @since_ns: when it came to be in that state
 *
 * Return: 0 or -ENOMEM.
 */
int history_machine(struct history *history, const char *name, enum machine_state state,
		    int64_t since_ns);

/**
 * history_event() - the next event of the last machine; the oldest go when there are too many
 *
 * Return: 0 or -ENOMEM.
 */
int history_event(struct history *history, const struct machine_event *event);

/**
 * history_read() - read machines and their events
 * @history: after history_init()
 * @names:   of the machines, or NULL for all, by name
 * @count:   of @names
 * @total:   how many events are kept of all machines together; @history's limit follows
 *
 * Return: 0 or -errno with @error filled: -ENOENT if there is no machine of one of the @names.
 */
int history_read(struct history *history, struct store *store, const char *const *names,
		 size_t count, size_t total, struct vmm_error *error);

/**
 * history_settle() - all is there: set where each event is drawn, and where the drawing ends
 * @now_ns: CLOCK_REALTIME
 *
 * A clock that was wrong for a while must not turn the order of events around. So those that most
 * agree with each other are drawn where they are, and the others at the time of the one before.
 *
 * Return: 0 or -ENOMEM.
 */
int history_settle(struct history *history, int64_t now_ns);

/** history_cpus_after() - which CPUs are on after an event */
void history_cpus_after(struct cpu_set *cpus, const struct history_event *event);

/** history_free() - free what it owns */
void history_free(struct history *history);

#endif /* VMM_REPORT_HISTORY_H */
