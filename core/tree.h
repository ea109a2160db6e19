/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node's word: bits 0-1 its own local state (enum tp_tree_state); then three counts of CPUs below
 * it: bits 2-11 those that run, bits 12-21 those that are not off, and, in a leaf only, bits 22-31
 * those in standby.
 */
#ifndef TORPOR_CORE_TREE_H
#define TORPOR_CORE_TREE_H

#include <stdint.h>

#define TP_NODE_LOCAL_MASK UINT32_C(3)
#define TP_NODE_RUNNING_SHIFT 2
#define TP_NODE_RUNNING_ONE (UINT32_C(1) << TP_NODE_RUNNING_SHIFT)
#define TP_NODE_LIVE_SHIFT 12
#define TP_NODE_LIVE_ONE (UINT32_C(1) << TP_NODE_LIVE_SHIFT)
#define TP_NODE_STANDBY_SHIFT 22
#define TP_NODE_STANDBY_ONE (UINT32_C(1) << TP_NODE_STANDBY_SHIFT)
#define TP_NODE_COUNT_MASK UINT32_C(0x3FF)

static inline uint32_t tp_node_running(uint32_t word)
{
	return word >> TP_NODE_RUNNING_SHIFT & TP_NODE_COUNT_MASK;
}

static inline uint32_t tp_node_live(uint32_t word)
{
	return word >> TP_NODE_LIVE_SHIFT & TP_NODE_COUNT_MASK;
}

static inline uint32_t tp_node_standby(uint32_t word)
{
	return word >> TP_NODE_STANDBY_SHIFT & TP_NODE_COUNT_MASK;
}

#endif /* TORPOR_CORE_TREE_H */
