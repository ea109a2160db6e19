/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/spans.h"

static int64_t begin_of(const struct history *history, const struct history_machine *machine)
{
	if (machine->count > 0) {
		return machine->events[0].shown_ns;
	}
	return machine->since_ns < history->end_ns ? machine->since_ns : history->end_ns;
}

/* An event that changed nothing says why the first state is there only if it is the very first. */
static const struct history_event *first_of(const struct history_machine *machine)
{
	const struct history_event *event = machine->count > 0 ? &machine->events[0] : NULL;

	return event != NULL && event->from == event->to && machine->dropped > 0 ? NULL : event;
}

void spans_states(const struct history *history, const struct history_machine *machine,
		  void (*take)(void *ctx, const struct state_span *span), void *ctx)
{
	struct state_span span = {
		.from_ns = begin_of(history, machine),
		.state = machine->count > 0 ? machine->events[0].to : machine->state,
		.event = first_of(machine),
	};

	for (size_t i = 1; i < machine->count; i++) {
		const struct history_event *event = &machine->events[i];

		if (event->to == span.state) {
			continue;
		}
		span.to_ns = event->shown_ns;
		take(ctx, &span);
		span = (struct state_span){
			.from_ns = event->shown_ns, .state = event->to, .event = event};
	}
	span.to_ns = history->end_ns;
	take(ctx, &span);
}

void spans_cpus(const struct history *history, const struct history_machine *machine,
		void (*take)(void *ctx, const struct cpus_span *span), void *ctx)
{
	struct cpu_set cpus = machine->cpus;
	struct cpu_set after = machine->cpus;
	struct cpus_span span = {.from_ns = begin_of(history, machine), .cpus = &cpus};

	for (size_t i = 0; i < machine->count; i++) {
		const struct history_event *event = &machine->events[i];

		history_cpus_after(&after, event);
		if (cpu_set_equal(&cpus, &after)) {
			continue;
		}
		span.to_ns = event->shown_ns;
		if (i > 0) {
			take(ctx, &span);
		}
		cpus = after;
		span.from_ns = event->shown_ns;
	}
	span.to_ns = history->end_ns;
	take(ctx, &span);
}
