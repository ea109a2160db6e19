/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fields of a function id (5.1, Table 17), and who may use it (5.2.1).
 */
#ifndef TORPOR_CORE_CALL_H
#define TORPOR_CORE_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <torpor/call.h>

#define TP_ID_WIDE_SHIFT 30
#define TP_ID_WIDE (UINT32_C(1) << TP_ID_WIDE_SHIFT)

/* The function that an id of either range names; TORPOR_FN_COUNT or more for another id. */
static inline uint32_t tp_id_fn(uint32_t id)
{
	return (id & ~TP_ID_WIDE) - TORPOR_FN32_BASE;
}

static inline bool tp_id_is_admitted(const struct torpor_machine *machine, uint32_t id,
				     uint32_t flags)
{
	uint32_t fn = tp_id_fn(id);
	/* 2 for an id of SMC32, 3 for one of SMC64: bit 31 is set in both. */
	uint32_t who = (id >> TP_ID_WIDE_SHIFT) + (flags & TORPOR_AARCH32) * 2;

	return fn < TORPOR_FN_COUNT && (machine->admitted[who - 2] >> fn & 1) != 0;
}

#endif /* TORPOR_CORE_CALL_H */
