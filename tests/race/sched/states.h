/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of states that were explored, with the number of interleavings from each to an end. */
#ifndef TORPOR_TESTS_RACE_STATES_H
#define TORPOR_TESTS_RACE_STATES_H

#include <stddef.h>
#include <stdint.h>

struct state_key {
	uint64_t a;
	uint64_t b;
};

#define STATE_NEW 0.0
#define STATE_OPEN (-1.0) /* being explored */

void state_hash(struct state_key *key, const void *data, size_t size_bytes);

/* The slot of a state, STATE_NEW if it was not there; valid until the next call; NULL: full. */
double *states_slot(const struct state_key *key);

void states_clear(void);

#endif /* TORPOR_TESTS_RACE_STATES_H */
