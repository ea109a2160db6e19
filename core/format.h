/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of a saved machine (docs/state-format.md). All integers are little-endian and unsigned.
 */
#ifndef TORPOR_CORE_FORMAT_H
#define TORPOR_CORE_FORMAT_H

#include <stdint.h>

#define TP_FORMAT_VERSION 1
#define TP_FORMAT_MAGIC "TORPORST"
#define TP_FORMAT_MAGIC_BYTES 8

/* The header: from what it says the rest is found. */
#define TP_HEADER_FORMAT 8
#define TP_HEADER_LENGTH 12
#define TP_HEADER_PSCI_VERSION 16
#define TP_HEADER_CPU_COUNT 20
#define TP_HEADER_CPUS 24
#define TP_HEADER_NODE_COUNT 28
#define TP_HEADER_STATE_COUNT 32
#define TP_HEADER_CONFIG 36
#define TP_HEADER_CRC 40
#define TP_HEADER_BYTES 44

/* The machine, from there. */
#define TP_MACHINE_MODE 44
#define TP_MACHINE_COUNT 48
#define TP_MACHINE_SUSPEND_MODE 52
#define TP_MACHINE_MEM_PROTECT 56
#define TP_MACHINE_RESIDENT 60
#define TP_CPUS 64

/* A CPU's record. */
#define TP_CPU_STATE 0
#define TP_CPU_WAIT 4
#define TP_CPU_START_FLAGS 8
#define TP_CPU_STAT_STATE 12
#define TP_CPU_POWER_STATE 16
#define TP_CPU_LEVEL 20
#define TP_CPU_ENTRY 24
#define TP_CPU_CONTEXT 32
#define TP_CPU_ELAPSED_US 40
#define TP_CPU_BYTES 48

/* A node's. */
#define TP_NODE_WORD 0
#define TP_NODE_STAT_STATE 4
#define TP_NODE_ELAPSED_US 8
#define TP_NODE_BYTES 16

/* A statistic's, if there are any. */
#define TP_STAT_COUNT 0
#define TP_STAT_RESIDENCY_US 4
#define TP_STAT_BYTES 12

#define TP_CRC_BYTES 4

static inline void tp_put32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	at[2] = (uint8_t)(value >> 16);
	at[3] = (uint8_t)(value >> 24);
}

static inline void tp_put64(uint8_t *at, uint64_t value)
{
	tp_put32(at, (uint32_t)value);
	tp_put32(at + 4, (uint32_t)(value >> 32));
}

static inline uint32_t tp_get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static inline uint64_t tp_get64(const uint8_t *at)
{
	return tp_get32(at) | (uint64_t)tp_get32(at + 4) << 32;
}

#endif /* TORPOR_CORE_FORMAT_H */
