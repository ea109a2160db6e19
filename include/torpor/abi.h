/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what is on the wire
 *
 * Function ids, return codes, versions and argument fields of PSCI, as the guest sees them.
 * Everything here is a constant of the standard (DEN0022 F.b, PSCI 1.3) and never changes.
 * Nothing here is a status of this library: see <torpor/status.h> for those.
 */
#ifndef TORPOR_ABI_H
#define TORPOR_ABI_H

#include <stdint.h>

/* PSCI_VERSION's encoding (5.3.1), the same as KVM_REG_ARM_PSCI_VERSION's. */
#define TORPOR_PSCI_VERSION(major, minor) (((uint32_t)(major) << 16) | (uint32_t)(minor))
#define TORPOR_PSCI_0_1 TORPOR_PSCI_VERSION(0, 1)
#define TORPOR_PSCI_0_2 TORPOR_PSCI_VERSION(0, 2)
#define TORPOR_PSCI_1_0 TORPOR_PSCI_VERSION(1, 0)
#define TORPOR_PSCI_1_1 TORPOR_PSCI_VERSION(1, 1)
#define TORPOR_PSCI_1_2 TORPOR_PSCI_VERSION(1, 2)
#define TORPOR_PSCI_1_3 TORPOR_PSCI_VERSION(1, 3)

/* The two ranges of function ids; the low five bits are the function (5.1, Table 17). */
#define TORPOR_FN32_BASE UINT32_C(0x84000000)
#define TORPOR_FN64_BASE UINT32_C(0xC4000000)
#define TORPOR_FN_COUNT UINT32_C(0x20)
#define TORPOR_FN32(fn) (TORPOR_FN32_BASE + (uint32_t)(fn))
#define TORPOR_FN64(fn) (TORPOR_FN64_BASE + (uint32_t)(fn))

/**
 * enum torpor_fn - functions, by the low five bits of their ids, under the standard's names (5.1)
 */
enum torpor_fn {
	TORPOR_FN_PSCI_VERSION = 0x00,
	TORPOR_FN_CPU_SUSPEND = 0x01,
	TORPOR_FN_CPU_OFF = 0x02,
	TORPOR_FN_CPU_ON = 0x03,
	TORPOR_FN_AFFINITY_INFO = 0x04,
	TORPOR_FN_MIGRATE = 0x05,
	TORPOR_FN_MIGRATE_INFO_TYPE = 0x06,
	TORPOR_FN_MIGRATE_INFO_UP_CPU = 0x07,
	TORPOR_FN_SYSTEM_OFF = 0x08,
	TORPOR_FN_SYSTEM_RESET = 0x09,
	TORPOR_FN_PSCI_FEATURES = 0x0A,
	TORPOR_FN_CPU_FREEZE = 0x0B,
	TORPOR_FN_CPU_DEFAULT_SUSPEND = 0x0C,
	TORPOR_FN_NODE_HW_STATE = 0x0D,
	TORPOR_FN_SYSTEM_SUSPEND = 0x0E,
	TORPOR_FN_PSCI_SET_SUSPEND_MODE = 0x0F,
	TORPOR_FN_PSCI_STAT_RESIDENCY = 0x10,
	TORPOR_FN_PSCI_STAT_COUNT = 0x11,
	TORPOR_FN_SYSTEM_RESET2 = 0x12,
	TORPOR_FN_MEM_PROTECT = 0x13,
	TORPOR_FN_MEM_PROTECT_CHECK_RANGE = 0x14,
	TORPOR_FN_SYSTEM_OFF2 = 0x15,
};

/* SMCCC_VERSION (DEN0028), which PSCI_FEATURES can be asked about (5.16.1). */
#define TORPOR_SMCCC_VERSION UINT32_C(0x80000000)

/* Return codes (5.2.2). Signed; sign-extended to 64 bits for SMC64 functions. */
#define TORPOR_RET_SUCCESS 0
#define TORPOR_RET_NOT_SUPPORTED (-1)
#define TORPOR_RET_INVALID_PARAMETERS (-2)
#define TORPOR_RET_DENIED (-3)
#define TORPOR_RET_ALREADY_ON (-4)
#define TORPOR_RET_ON_PENDING (-5)
#define TORPOR_RET_INTERNAL_FAILURE (-6)
#define TORPOR_RET_NOT_PRESENT (-7)
#define TORPOR_RET_DISABLED (-8)
#define TORPOR_RET_INVALID_ADDRESS (-9)

/* AFFINITY_INFO's answers (5.1.5). */
#define TORPOR_AFFINITY_ON 0
#define TORPOR_AFFINITY_OFF 1
#define TORPOR_AFFINITY_ON_PENDING 2

/* NODE_HW_STATE's answers (5.19.3). */
#define TORPOR_HW_ON 0
#define TORPOR_HW_OFF 1
#define TORPOR_HW_STANDBY 2

/* power_state, original format (5.4.2.1, Table 7). */
#define TORPOR_POWER_STATE_TYPE_POWERDOWN (UINT32_C(1) << 16)
#define TORPOR_POWER_STATE_LEVEL_SHIFT 24
#define TORPOR_POWER_STATE_LEVEL_MASK UINT32_C(0x03000000)
#define TORPOR_POWER_STATE_ID_MASK UINT32_C(0x0000FFFF)
#define TORPOR_POWER_STATE_RESERVED UINT32_C(0xFCFE0000)

/* power_state, extended StateID format (5.4.2.2, Table 8). */
#define TORPOR_POWER_STATE_EXT_TYPE_POWERDOWN (UINT32_C(1) << 30)
#define TORPOR_POWER_STATE_EXT_ID_MASK UINT32_C(0x0FFFFFFF)
#define TORPOR_POWER_STATE_EXT_RESERVED UINT32_C(0xB0000000)

/* PSCI_FEATURES' flags (5.16.2, Table 11). */
#define TORPOR_FEATURE_OS_INITIATED (UINT32_C(1) << 0)
#define TORPOR_FEATURE_EXTENDED_STATE_ID (UINT32_C(1) << 1)
#define TORPOR_FEATURE_HIBERNATE_OFF (UINT32_C(1) << 0)

/* SYSTEM_OFF2's types (5.1.10); 0 selects HIBERNATE_OFF too. */
#define TORPOR_OFF2_HIBERNATE_OFF UINT32_C(1)

/* SYSTEM_RESET2's types (5.13.2, 5.13.3). */
#define TORPOR_RESET2_WARM UINT32_C(0)
#define TORPOR_RESET2_VENDOR (UINT32_C(1) << 31)

/* PSCI_SET_SUSPEND_MODE's modes (5.21). */
#define TORPOR_SUSPEND_MODE_PLATFORM 0
#define TORPOR_SUSPEND_MODE_OS_INITIATED 1

/* Fields of MPIDR that name a CPU: Aff3, Aff2, Aff1, Aff0 (5.1.4). */
#define TORPOR_MPIDR_AFFINITY UINT64_C(0x000000FF00FFFFFF)

#endif /* TORPOR_ABI_H */
