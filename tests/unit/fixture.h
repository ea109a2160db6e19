/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine to test on, and a table-driven runner: each case runs at each PSCI version in its
 * range and in each way that a guest can call at that version.
 *
 * A rig starts out with every means that an embedder can give; a case takes away what it wants
 * and then calls rig_up(). Registers that a call must not look at, the upper halves of SMC32
 * arguments among them, hold rubbish in every call made here.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <torpor/torpor.h>

#define V01 TORPOR_PSCI_0_1
#define V02 TORPOR_PSCI_0_2
#define V10 TORPOR_PSCI_1_0
#define V11 TORPOR_PSCI_1_1
#define V12 TORPOR_PSCI_1_2
#define V13 TORPOR_PSCI_1_3
#define VERSION_COUNT 6
extern const uint32_t versions[VERSION_COUNT];

/* Ways to call: the caller's Execution state and the width of the function's id. */
enum way {
	WAY_A64_SMC64,
	WAY_A64_SMC32,
	WAY_A32_SMC32,
	WAY_COUNT,
};

#define ONCE 1u /* the first way only */
#define NATIVE 2u /* id as wide as the caller, each Execution state */
#define EACH_WAY 3u /* all that are legal at the version */

#define RIG_CPUS 4u
#define RIG_NODES 3u
#define RIG_STATES 9u
#define RIG_CPUS_MAX 512u

/* Entries in RAM, and one that check_entry refuses. All fit 32 bits. */
#define ENTRY_A UINT64_C(0x40080000)
#define ENTRY_B UINT64_C(0x40200000)
#define ENTRY_BAD UINT64_C(0xF0000000)
#define CONTEXT_A UINT64_C(0x11223344)
#define CONTEXT_B UINT64_C(0x55667788)

/* A 0.1 machine's ids, as its device tree gives them. */
#define ID01_CPU_SUSPEND UINT32_C(0x95c1ba5e)
#define ID01_CPU_OFF UINT32_C(0x95c1ba5f)
#define ID01_CPU_ON UINT32_C(0x95c1ba60)
#define ID01_MIGRATE UINT32_C(0x95c1ba61)

/* Indexes of the power states, and their values in the original format. */
enum {
	S_STANDBY, /* CPU in standby */
	S_DOWN, /* CPU powered down */
	S_DOWN_LAST, /* the same, and last of its cluster, which keeps running */
	S_CLUSTER_STANDBY, /* CPU and cluster in standby */
	S_CLUSTER_RET, /* CPU powered down, cluster in retention */
	S_CLUSTER_DOWN, /* CPU and cluster powered down */
	S_SYSTEM_RET, /* CPU powered down, cluster and system in retention */
	S_SYSTEM_RET2, /* CPU and cluster powered down, system in retention */
	S_SYSTEM_DOWN, /* all powered down */
};

struct rig_case;

struct rig {
	const struct rig_case *rig_case;
	uint32_t version;
	enum way way;
	bool big_endian;
	bool up;

	struct torpor_config config;
	struct torpor_port port;
	struct torpor_machine machine;
	struct torpor_cpu_config cpu_configs[RIG_CPUS_MAX];
	struct torpor_cpu cpus[RIG_CPUS_MAX];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(RIG_CPUS_MAX)];
	struct torpor_node nodes[RIG_NODES];
	struct torpor_power_state states[RIG_STATES];
	struct torpor_stat stats[(RIG_CPUS + RIG_NODES) * RIG_STATES];

	/* what the ops answer */
	enum torpor_status start_status;
	enum torpor_status allow_status;
	enum torpor_status migrate_status;
	enum torpor_status range_status;
	enum torpor_status hw_status;
	uint32_t hw_state;
	int32_t vendor_code;
	uint64_t now_us;

	/* what they saw */
	uint32_t start_count, start_cpu;
	uint32_t check_count;
	uint64_t check_ipa;
	uint32_t allow_count, allow_cpu;
	uint32_t migrate_count, migrate_from, migrate_to;
	uint32_t hw_count, hw_cpu, hw_level;
	uint32_t vendor_count, vendor_type;
	uint64_t vendor_cookie;
	uint32_t protect_count;
	int protect_enable;
	uint32_t range_count;
	uint64_t range_base, range_len;

	struct torpor_call out; /* the last call's */
};

struct rig_case {
	const char *name;
	void (*run)(struct rig *);
	uint32_t since, until;
	uint32_t ways;
};
#define CASE(fn, since, until, ways)                                                               \
	{                                                                                          \
#fn, fn, since, until, ways                                                        \
	}

int rig_main(const char *file, const struct rig_case *cases, size_t count);
#define RIG_MAIN(cases)                                                                            \
	int main(void)                                                                             \
	{                                                                                          \
		return rig_main(__FILE__, cases, sizeof(cases) / sizeof((cases)[0]));              \
	}

/* Everything given, not yet set up. */
void rig_default(struct rig *r, uint32_t version, enum way way);
/* Asserts that init succeeds. */
void rig_up(struct rig *r);
/* Another machine of the same configuration. */
struct rig *rig_twin(const struct rig *r);
void rig_free(struct rig *r);

/* The id of a function in the rig's way (0.1: as configured). */
uint32_t id_of(const struct rig *r, enum torpor_fn fn);
/* Has the function an SMC64 form (5.1)? */
bool has_wide(enum torpor_fn fn);
bool caller_is_32(const struct rig *r);

/* A call with exactly these registers and flags. */
enum torpor_action call_raw(struct rig *r, uint32_t cpu, uint64_t x0, uint32_t flags, uint64_t x1,
			    uint64_t x2, uint64_t x3);
/* A call in the rig's way; what is not an argument is rubbish. */
enum torpor_action act(struct rig *r, uint32_t cpu, enum torpor_fn fn, uint64_t x1, uint64_t x2,
		       uint64_t x3);
/* The same, and it must return: the value as the caller sees it. */
int64_t ret(struct rig *r, uint32_t cpu, enum torpor_fn fn, uint64_t x1, uint64_t x2, uint64_t x3);
/* The value that out.x[0] is, for a function id as wide as @wide. */
int64_t returned(const struct rig *r, bool wide);

#define assert_ret(r, want, cpu, fn, x1, x2, x3) assert_int_equal(ret(r, cpu, fn, x1, x2, x3), want)
#define assert_act(r, want, cpu, fn, x1, x2, x3) assert_int_equal(act(r, cpu, fn, x1, x2, x3), want)

/* Shorthands for steps on the way to what a case is about; they assert success. */
uint64_t mpidr_of(const struct rig *r, uint32_t cpu);
void cpu_on(struct rig *r, uint32_t by, uint32_t cpu); /* CPU_ON and take */
void cpu_pend(struct rig *r, uint32_t by, uint32_t cpu); /* CPU_ON only */
void cpu_off(struct rig *r, uint32_t cpu);
void cpu_freeze(struct rig *r, uint32_t cpu);
void cpu_suspend(struct rig *r, uint32_t cpu, uint32_t state_index);
void machine_suspend(struct rig *r, uint32_t cpu);
uint32_t state_value(const struct rig *r, uint32_t state_index);

#define assert_state(r, cpu, want) assert_int_equal(torpor_cpu_state(&(r)->machine, cpu), want)
#define assert_mode(r, want) assert_int_equal(torpor_machine_mode(&(r)->machine), want)
#define assert_cpus_on(r, want) assert_int_equal(torpor_machine_cpus_on(&(r)->machine), want)
void assert_start(const struct torpor_start *start, uint64_t entry, uint64_t context,
		  uint32_t flags);
/* Flags that a CPU started by this caller must have. */
uint32_t start_flags(const struct rig *r);

/* What can be seen of a machine from outside, its saved state included. */
struct visible {
	enum torpor_machine_mode mode;
	uint32_t cpus_on;
	enum torpor_cpu_state states[RIG_CPUS_MAX];
	size_t len_bytes;
	uint8_t saved[65536];
};
struct visible *look(const struct rig *r);
/* Nothing that can be seen has changed since; frees @before. */
void assert_unchanged(const struct rig *r, struct visible *before);

/* The rig's memory as the library left it, every byte. */
struct rig *rig_bytes(const struct rig *r);
void assert_same_bytes(const struct rig *r, const struct rig *bytes);

#endif /* TESTS_UNIT_FIXTURE_H */
