/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's PSCI, said once more and as plainly as possible: sequential, no atomics, no words
 * with fields in them, written from the standard and the public headers' contract. It shares no
 * code with the library, only the names of what is on the wire and of what the caller is told.
 *
 * Where the standard leaves an order or a choice open (which of two errors a call with two faults
 * gets), an answer is a set.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <torpor/torpor.h>

/* Two clusters of two CPUs below one system node. */
#define MODEL_CPUS 4
#define MODEL_LEVELS 3

struct model_config {
	uint32_t version;
	uint32_t flags; /* TORPOR_F_* */
	uint32_t boot_cpu;
	uint32_t trusted_os, trusted_os_cpu;
	uint32_t disabled; /* a bit for each CPU */
	uint64_t mpidr[MODEL_CPUS];
	const struct torpor_power_state *states;
	uint32_t state_count;
	uint32_t default_state;
	uint64_t bad_entry;
};

struct model_cpu {
	enum torpor_cpu_state state;
	struct torpor_start start; /* where it enters when it is taken or woken */
	bool waits; /* a thread of it waits: WAIT or WAIT_SYSTEM was the last answer */
	bool waits_for_system;
	enum torpor_depth depth; /* what it sleeps in */
	uint32_t power_state;
};

struct model {
	struct model_config config;
	enum torpor_machine_mode mode;
	uint32_t suspender;
	bool os_initiated;
	bool suspend_used; /* CPU_SUSPEND was called since boot or the last change of mode */
	bool mem_protect;
	uint32_t resident;
	struct model_cpu cpus[MODEL_CPUS];
	/* What the last sleeper took a node down to; [level][cpu >> level], level 0 unused. */
	enum torpor_depth nodes[MODEL_LEVELS][MODEL_CPUS];
};

/* What the ops will say, and what a call is, with its arguments cut as its width asks. */
struct model_call {
	uint32_t cpu;
	enum torpor_fn fn;
	uint64_t arg[3];
	uint32_t flags; /* the caller's: TORPOR_AARCH32, TORPOR_BIG_ENDIAN */
	bool start_fails, refused_by_policy, migrate_fails;
	int32_t vendor_code;
};

/*
 * The answer: either RESUME with a code out of a set (@codes: bit n stands for -n), or @action. An
 * ended machine may answer as it likes, as long as nothing comes of it (@ended).
 */
struct model_answer {
	uint32_t codes;
	bool ended;
	bool may_move; /* the Trusted OS, to @moves_to, if the library returned SUCCESS */
	uint32_t moves_to;
	enum torpor_action action;
	int64_t value; /* with RESUME and no codes */
	struct torpor_start start; /* with ENTER */
	uint32_t cpus_on; /* with PARK of a CPU that went off */
	bool went_off;
	enum torpor_depth depth; /* with WAIT */
	uint32_t power_state;
	uint32_t reset_type;
};

void model_init(struct model *m, const struct model_config *config);
bool model_reset(struct model *m);
/* Has it an SMC64 form (5.1)? */
bool model_fn_is_wide(enum torpor_fn fn);
/* Not in the model: what it answers depends on the means alone, and nothing comes of it. */
bool model_fn_is_query(enum torpor_fn fn);
struct model_answer model_call(struct model *m, const struct model_call *call);
enum torpor_status model_take(struct model *m, uint32_t cpu, struct torpor_start *start);
struct model_answer model_wake(struct model *m, uint32_t cpu, bool event);
enum torpor_status model_start(struct model *m, uint32_t cpu, const struct torpor_start *start,
			       bool fails);
enum torpor_status model_force_off(struct model *m, uint32_t cpu, uint32_t *cpus_on);
enum torpor_status model_end(struct model *m, enum torpor_machine_mode mode);
enum torpor_status model_machine_wake(struct model *m);
enum torpor_status model_refuse(struct model *m);
uint32_t model_cpus_on(const struct model *m);
bool model_is_on(const struct model *m, uint32_t cpu); /* not off, nor disabled */
bool model_has_ended(const struct model *m);
/* @cpu runs or is about to: the nodes above it run, whoever had taken them along. */
void model_runs(struct model *m, uint32_t cpu);

#endif /* TESTS_MODEL_MODEL_H */
