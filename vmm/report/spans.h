/* SPDX-License-Identifier: BSD-3-Clause */
/* Stretches of time in which a machine's state, or what of its CPUs is on, did not change. */
#ifndef VMM_REPORT_SPANS_H
#define VMM_REPORT_SPANS_H

#include "report/history.h"

/**
 * struct state_span - a machine is in a state
 * @from_ns: first
 * @to_ns:   and end; not before @from_ns
 * @state:   the state
 * @event:   the one that brought it; NULL if that is not known any more
 */
struct state_span {
	int64_t from_ns;
	int64_t to_ns;
	enum machine_state state;
	const struct history_event *event;
};

/**
 * struct cpus_span - what of a machine's CPUs is on
 * @from_ns: first
 * @to_ns:   and end; not before @from_ns
 * @cpus:    that are on; good until @take returns
 */
struct cpus_span {
	int64_t from_ns;
	int64_t to_ns;
	const struct cpu_set *cpus;
};

/**
 * spans_states() - give the states, one after the other
 * @history: settled
 */
void spans_states(const struct history *history, const struct history_machine *machine,
		  void (*take)(void *ctx, const struct state_span *span), void *ctx);

/** spans_cpus() - give the sets of CPUs, one after the other, also those with none */
void spans_cpus(const struct history *history, const struct history_machine *machine,
		void (*take)(void *ctx, const struct cpus_span *span), void *ctx);

#endif /* VMM_REPORT_SPANS_H */
