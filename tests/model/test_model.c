/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random sequences of guest calls, takes, wake-ups and the host's doings, on the library and on the
 * model at once; what is told and what can be seen must agree after each step.
 *
 *   test_model [SEED [STEPS]]     STEPS for each version; what fails prints how to repeat it
 */
#include "model.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_DEFAULT 200000u
#define LIFE_STEPS 2000u /* then another configuration */
#define BAD_ENTRY UINT64_C(0xF0000000)

static const uint32_t versions[] = {TORPOR_PSCI_0_1, TORPOR_PSCI_0_2, TORPOR_PSCI_1_0,
				    TORPOR_PSCI_1_1, TORPOR_PSCI_1_2, TORPOR_PSCI_1_3};
static const uint32_t ids_0_1[4] = {0x95c1ba5e, 0x95c1ba5f, 0x95c1ba60, 0x95c1ba61};

#define S TORPOR_DEPTH_STANDBY
#define P TORPOR_DEPTH_POWERDOWN
static const struct torpor_power_state states[] = {
	{0x00000001, {S, 0, 0, 0}, 0, {0}}, {0x00010003, {P, 0, 0, 0}, 0, {0}},
	{0x00011003, {P, 0, 0, 0}, 1, {0}}, {0x01001022, {S, S, 0, 0}, 1, {0}},
	{0x01011023, {P, S, 0, 0}, 1, {0}}, {0x01011033, {P, P, 0, 0}, 1, {0}},
	{0x01012033, {P, P, 0, 0}, 2, {0}}, {0x02012223, {P, S, S, 0}, 2, {0}},
	{0x02012233, {P, P, S, 0}, 2, {0}}, {0x02012333, {P, P, P, 0}, 2, {0}},
};
#define STATE_COUNT (sizeof(states) / sizeof(states[0]))

/* One machine of the library's and all its memory. */
struct bed {
	struct torpor_machine machine;
	struct torpor_cpu cpus[MODEL_CPUS];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(MODEL_CPUS)];
	struct torpor_node nodes[3];
	struct torpor_stat stats[(MODEL_CPUS + 3) * STATE_COUNT];
};

struct run {
	uint64_t seed, random;
	uint32_t version, steps, step;
	char what[160]; /* the step, for messages */
	bool failed;

	struct model model;
	struct model_call call; /* what the ops are to say */
	struct bed beds[2];
	struct bed *bed; /* the one in use; a restore goes to the other */
	struct torpor_cpu_config cpu_configs[MODEL_CPUS];
	struct torpor_config config;
	bool start_fails;
	uint64_t now_us;
};

static uint32_t below(struct run *run, uint32_t limit)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return (uint32_t)(run->random >> 32) % limit;
}

static bool rarely(struct run *run)
{
	return below(run, 16) == 0;
}

static void differ(struct run *run, const char *field, int64_t got, int64_t want)
{
	if (run->failed) {
		return;
	}
	run->failed = true;
	printf("# step %" PRIu32 ": %s\n# %s: library %" PRId64 ", model %" PRId64 "\n", run->step,
	       run->what, field, got, want);
	printf("# repeat with: test_model %" PRIu64 " %" PRIu32 "\n", run->seed, run->steps);
}

static void same(struct run *run, const char *field, int64_t got, int64_t want)
{
	if (got != want) {
		differ(run, field, got, want);
	}
}

static void same_start(struct run *run, const struct torpor_start *got,
		       const struct torpor_start *want)
{
	same(run, "entry", (int64_t)got->entry, (int64_t)want->entry);
	if (run->version > TORPOR_PSCI_0_1) {
		same(run, "context", (int64_t)got->context, (int64_t)want->context);
	}
	same(run, "flags", got->flags, want->flags);
}

/* Ops. */

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	(void)cpu;
	return ((struct run *)ctx)->start_fails ? TORPOR_E_FAILED : TORPOR_OK;
}

static enum torpor_status op_check_entry(void *ctx, uint64_t ipa)
{
	(void)ctx;
	return ipa == BAD_ENTRY ? TORPOR_E_REFUSED : TORPOR_OK;
}

static enum torpor_status op_allow(void *ctx, uint32_t cpu)
{
	(void)cpu;
	return ((struct run *)ctx)->call.refused_by_policy ? TORPOR_E_REFUSED : TORPOR_OK;
}

static uint64_t op_now_us(void *ctx)
{
	return ((struct run *)ctx)->now_us;
}

static enum torpor_status op_migrate(void *ctx, uint32_t from, uint32_t to)
{
	(void)from;
	(void)to;
	return ((struct run *)ctx)->call.migrate_fails ? TORPOR_E_FAILED : TORPOR_OK;
}

static int32_t op_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	(void)type;
	(void)cookie;
	return ((struct run *)ctx)->call.vendor_code;
}

static void op_mem_protect(void *ctx, int enable)
{
	(void)ctx;
	(void)enable;
}

static enum torpor_status op_range(void *ctx, uint64_t base, uint64_t len_bytes)
{
	(void)ctx;
	return base > len_bytes ? TORPOR_OK : TORPOR_E_REFUSED;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
	.check_entry = op_check_entry,
	.allow_cpu_on = op_allow,
	.now_us = op_now_us,
	.migrate = op_migrate,
	.vendor_reset = op_vendor_reset,
	.mem_protect = op_mem_protect,
	.mem_protect_range = op_range,
};

/* Set up. */

static void bed_up(struct run *run, struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	bed->nodes[0].parent = TORPOR_NODE_NONE;
	run->config.cpus = bed->cpus;
	run->config.mpidr_index = bed->mpidr_index;
	run->config.nodes = bed->nodes;
	run->config.stats = bed->stats;
	same(run, "torpor_machine_init", torpor_machine_init(&bed->machine, &run->config),
	     TORPOR_OK);
}

static void new_life(struct run *run)
{
	static const uint64_t mpidrs[2][MODEL_CPUS] = {{0x0, 0x1, 0x100, 0x101},
						       {0x10203, 0x10204, 0x20203, 0xff0000}};
	/* Drawn one after the other, so that a seed means the same under each compiler. */
	uint32_t r = below(run, UINT32_MAX), other = below(run, UINT32_MAX);
	struct model_config mc = {
		.version = run->version,
		.flags = (r | r >> 8) & 0xff,
		.boot_cpu = r >> 16 & 3,
		.trusted_os = r >> 18 & 3,
		.trusted_os_cpu = r >> 20 & 3,
		.disabled = (r >> 22 & 15) == 0 ? 1u << (r >> 26 & 3) : 0,
		.states = states,
		.state_count = STATE_COUNT,
		.default_state = r >> 28 & 1,
		.bad_entry = BAD_ENTRY,
	};

	mc.flags &= ~TORPOR_F_EXTENDED_STATE_ID;
	mc.disabled &= ~(1u << mc.boot_cpu | 1u << mc.trusted_os_cpu);
	memcpy(mc.mpidr, mpidrs[below(run, 2)], sizeof(mc.mpidr));
	for (uint32_t i = 0; i < MODEL_CPUS; i++) {
		run->cpu_configs[i] = (struct torpor_cpu_config){
			.mpidr = mc.mpidr[i],
			.node = 1 + i / 2,
			.flags = mc.disabled >> i & 1 ? TORPOR_CPU_FLAG_DISABLED : 0,
		};
	}
	run->config = (struct torpor_config){
		.size = sizeof(run->config),
		.psci_version = run->version,
		.flags = mc.flags,
		.cpu_count = MODEL_CPUS,
		.boot_cpu = mc.boot_cpu,
		.cpu_configs = run->cpu_configs,
		.states = states,
		.state_count = STATE_COUNT,
		.off_state = other & 1 ? 1 : TORPOR_STATE_NONE,
		.freeze_state = other & 2 ? 1 : TORPOR_STATE_NONE,
		.default_state = mc.default_state,
		.suspend_state = other & 4 ? STATE_COUNT - 1 : TORPOR_STATE_NONE,
		.node_count = 3,
		.trusted_os = mc.trusted_os,
		.trusted_os_cpu = mc.trusted_os_cpu,
		.port = &port,
		.ctx = run,
	};
	memcpy(run->config.fn_ids_0_1, ids_0_1, sizeof(ids_0_1));
	model_init(&run->model, &mc);
	run->bed = &run->beds[0];
	bed_up(run, run->bed);
}

/* What can be seen. */

static void compare_states(struct run *run)
{
	const struct torpor_machine *machine = &run->bed->machine;
	bool suspended =
		run->model.mode == TORPOR_MODE_SUSPENDED || run->model.mode == TORPOR_MODE_WAKING;
	bool ended = run->model.mode >= TORPOR_MODE_OFF;
	uint32_t cpu = 0;

	same(run, "mode", torpor_machine_mode(machine), run->model.mode);
	same(run, "suspended_cpu", torpor_machine_suspended_cpu(machine, &cpu),
	     suspended ? TORPOR_OK : TORPOR_E_STATE);
	if (suspended) {
		same(run, "the CPU that suspended", cpu, run->model.suspender);
	}
	/* What CPUs are when the machine has ended is nobody's business. */
	for (cpu = 0; !ended && cpu < MODEL_CPUS; cpu++) {
		same(run, "state of a CPU", torpor_cpu_state(machine, cpu),
		     run->model.cpus[cpu].state);
	}
	if (!ended) {
		same(run, "cpus_on", torpor_machine_cpus_on(machine), model_cpus_on(&run->model));
	}
}

static bool code_fits(const struct model_answer *want, int64_t got)
{
	return want->codes ? got <= 0 && got >= -9 && (want->codes >> -got & 1)
			   : got == want->value;
}

static void compare_answer(struct run *run, const struct model_answer *want, enum torpor_action got,
			   const struct torpor_call *call, bool wide)
{
	int64_t ret = wide ? (int64_t)call->x[0] : (int32_t)(uint32_t)call->x[0];

	if (want->ended) {
		same(run, "action of an ended machine is RESUME or PARK",
		     got == TORPOR_RESUME || got == TORPOR_PARK, 1);
		return;
	}
	same(run, "action", got, want->action);
	if (run->failed) {
		return;
	}
	if (got == TORPOR_RESUME && !code_fits(want, ret)) {
		differ(run, want->codes ? "code (model: -bits)" : "value", ret,
		       want->codes ? (int64_t)want->codes : want->value);
	} else if (got == TORPOR_ENTER) {
		same_start(run, &call->start, &want->start);
	} else if (got == TORPOR_WAIT) {
		same(run, "depth", call->depth, want->depth);
		same(run, "power_state", call->power_state, want->power_state);
	} else if (got == TORPOR_PARK && want->went_off) {
		same(run, "cpus_on told", call->cpus_on, want->cpus_on);
	} else if (got == TORPOR_MACHINE_RESET2) {
		same(run, "reset_type", call->reset_type, want->reset_type);
	}
}

/* Guest steps. */

static uint64_t any_mpidr(struct run *run)
{
	uint32_t shift = below(run, 32);
	uint64_t wrong = (uint64_t)below(run, 0x300) << shift;

	return rarely(run) ? wrong : run->model.config.mpidr[below(run, MODEL_CPUS)];
}

static uint64_t any_entry(struct run *run)
{
	uint64_t entry = 0x40000000 + (uint64_t)below(run, 1 << 21);

	return rarely(run) ? BAD_ENTRY | (entry & 1) : entry;
}

static void any_args(struct run *run, enum torpor_fn fn, uint64_t arg[3])
{
	arg[0] = any_mpidr(run);
	arg[1] = below(run, 6);
	arg[2] = below(run, UINT32_MAX);
	if (fn == TORPOR_FN_CPU_ON) {
		arg[1] = any_entry(run);
	} else if (fn == TORPOR_FN_CPU_SUSPEND) {
		arg[0] = rarely(run) ? below(run, 0x20000)
				     : states[below(run, STATE_COUNT)].power_state;
		arg[1] = any_entry(run);
	} else if (fn == TORPOR_FN_SYSTEM_SUSPEND || fn == TORPOR_FN_CPU_DEFAULT_SUSPEND) {
		arg[0] = any_entry(run);
		arg[1] = below(run, UINT32_MAX);
	} else if (fn == TORPOR_FN_SYSTEM_OFF2 || fn == TORPOR_FN_SYSTEM_RESET2) {
		arg[0] = below(run, 4);
		arg[0] |= below(run, 2) ? 0x80000000 : 0;
		arg[1] = below(run, 2);
	} else if (fn == TORPOR_FN_PSCI_SET_SUSPEND_MODE || fn == TORPOR_FN_MEM_PROTECT) {
		arg[0] = below(run, 3);
	}
}

static enum torpor_fn any_fn(struct run *run)
{
	static const enum torpor_fn of_0_1[] = {TORPOR_FN_CPU_SUSPEND, TORPOR_FN_CPU_OFF,
						TORPOR_FN_CPU_ON, TORPOR_FN_MIGRATE};
	/* Others now and then, or the machine would end at every tenth call. */
	static const enum torpor_fn often[] = {TORPOR_FN_CPU_SUSPEND,
					       TORPOR_FN_CPU_SUSPEND,
					       TORPOR_FN_CPU_OFF,
					       TORPOR_FN_CPU_ON,
					       TORPOR_FN_CPU_ON,
					       TORPOR_FN_CPU_ON,
					       TORPOR_FN_AFFINITY_INFO,
					       TORPOR_FN_AFFINITY_INFO,
					       TORPOR_FN_MIGRATE,
					       TORPOR_FN_CPU_DEFAULT_SUSPEND,
					       TORPOR_FN_CPU_FREEZE,
					       TORPOR_FN_SYSTEM_SUSPEND,
					       TORPOR_FN_PSCI_SET_SUSPEND_MODE};

	if (run->version == TORPOR_PSCI_0_1) {
		return of_0_1[below(run, 4)];
	}
	/* Or OS-initiated mode would hardly ever be reached: CPU_SUSPEND bars the way. */
	if (run->version >= TORPOR_PSCI_1_0 && !run->model.suspend_used &&
	    !run->model.os_initiated && below(run, 2)) {
		return TORPOR_FN_PSCI_SET_SUSPEND_MODE;
	}
	if (below(run, 8) != 0) {
		return often[below(run, sizeof(often) / sizeof(often[0]))];
	}
	return (enum torpor_fn)below(run, 0x16);
}

static uint32_t id_of(const struct run *run, enum torpor_fn fn, bool wide)
{
	static const uint32_t order[4] = {TORPOR_FN_CPU_SUSPEND, TORPOR_FN_CPU_OFF,
					  TORPOR_FN_CPU_ON, TORPOR_FN_MIGRATE};

	for (size_t i = 0; run->version == TORPOR_PSCI_0_1 && i < 4; i++) {
		if (order[i] == fn) {
			return ids_0_1[i];
		}
	}
	return wide ? TORPOR_FN64(fn) : TORPOR_FN32(fn);
}

static void guest_call(struct run *run, uint32_t cpu)
{
	bool narrow_caller = below(run, 3) == 0;
	enum torpor_fn fn = any_fn(run);
	bool wide = !narrow_caller && model_fn_is_wide(fn) &&
		    (run->version < TORPOR_PSCI_1_0 || below(run, 4) != 0);
	bool narrow_args = run->version == TORPOR_PSCI_0_1 ? narrow_caller : !wide;
	struct torpor_call call;
	struct model_answer want;
	enum torpor_action got;

	run->call = (struct model_call){.cpu = cpu, .fn = fn};
	run->call.flags = narrow_caller ? TORPOR_AARCH32 : 0;
	run->call.flags |= below(run, 4) == 0 ? TORPOR_BIG_ENDIAN : 0;
	run->call.start_fails = rarely(run);
	run->call.refused_by_policy = rarely(run);
	run->call.migrate_fails = rarely(run);
	run->call.vendor_code = -(int32_t)below(run, 300);
	run->start_fails = run->call.start_fails;
	any_args(run, fn, run->call.arg);
	memset(&call, 0x5a, sizeof(call));
	call.x[0] = id_of(run, fn, wide) | (uint64_t)below(run, UINT32_MAX) << 32;
	for (int i = 0; i < 3; i++) {
		uint64_t high = (uint64_t)below(run, UINT32_MAX) << 32;

		if (narrow_args) {
			run->call.arg[i] &= UINT32_MAX;
		}
		call.x[i + 1] = run->call.arg[i] | (narrow_args ? high : 0);
	}
	call.flags = run->call.flags;
	snprintf(run->what, sizeof(run->what),
		 "cpu %" PRIu32 " calls %#" PRIx64 "(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
		 ") flags %#" PRIx32,
		 cpu, call.x[0] & UINT32_MAX, run->call.arg[0], run->call.arg[1], run->call.arg[2],
		 call.flags);
	if (model_fn_is_query(fn)) {
		got = torpor_call(&run->bed->machine, cpu, &call);
		same(run, "action of a query is RESUME or PARK",
		     got == TORPOR_RESUME || got == TORPOR_PARK, 1);
		return;
	}
	want = model_call(&run->model, &run->call);
	got = torpor_call(&run->bed->machine, cpu, &call);
	compare_answer(run, &want, got, &call, wide && run->version > TORPOR_PSCI_0_1);
	if (want.may_move && (uint32_t)call.x[0] == TORPOR_RET_SUCCESS) {
		run->model.resident = want.moves_to;
	}
}

static void take(struct run *run, uint32_t cpu)
{
	struct torpor_start got, want;
	enum torpor_status status = model_take(&run->model, cpu, &want);

	snprintf(run->what, sizeof(run->what), "cpu %" PRIu32 " takes", cpu);
	same(run, "status", torpor_cpu_take(&run->bed->machine, cpu, &got), status);
	if (status == TORPOR_OK && !run->failed) {
		same_start(run, &got, &want);
	}
}

static void wake_or_poll(struct run *run, uint32_t cpu)
{
	bool event = below(run, 4) == 0;
	struct torpor_call call;
	struct model_answer want = model_wake(&run->model, cpu, event);
	enum torpor_action got;

	memset(&call, 0x5a, sizeof(call));
	snprintf(run->what, sizeof(run->what), "cpu %" PRIu32 " %s", cpu,
		 event ? "wakes" : "polls");
	got = event ? torpor_cpu_wake(&run->bed->machine, cpu, &call)
		    : torpor_cpu_poll(&run->bed->machine, cpu, &call);
	compare_answer(run, &want, got, &call, false);
}

/* Host steps. */

static void host_start(struct run *run, uint32_t cpu)
{
	struct torpor_start start = {.entry = any_entry(run)};

	start.context = below(run, UINT32_MAX);
	start.flags = below(run, 4);
	run->start_fails = rarely(run);
	snprintf(run->what, sizeof(run->what), "host starts cpu %" PRIu32, cpu);
	same(run, "status", torpor_cpu_start(&run->bed->machine, cpu, &start),
	     model_start(&run->model, cpu, &start, run->start_fails));
}

static void host_force_off(struct run *run, uint32_t cpu)
{
	uint32_t got = 99, want = 99;

	snprintf(run->what, sizeof(run->what), "host forces cpu %" PRIu32 " off", cpu);
	same(run, "status", torpor_cpu_force_off(&run->bed->machine, cpu, &got),
	     model_force_off(&run->model, cpu, &want));
	same(run, "cpus_on told", got, want);
}

static void host_machine(struct run *run)
{
	struct torpor_machine *machine = &run->bed->machine;
	enum torpor_machine_mode mode = below(run, 2) ? TORPOR_MODE_OFF : TORPOR_MODE_RESETTING;

	switch (below(run, 8)) {
	case 0:
		snprintf(run->what, sizeof(run->what), "host ends it");
		same(run, "status", torpor_machine_end(machine, mode),
		     model_end(&run->model, mode));
		break;
	case 1:
	case 2:
	case 3:
		snprintf(run->what, sizeof(run->what), "host resets it");
		same(run, "status", torpor_machine_reset(machine),
		     model_reset(&run->model) ? TORPOR_OK : TORPOR_E_STATE);
		break;
	case 4:
	case 5:
		snprintf(run->what, sizeof(run->what), "host wakes it");
		same(run, "status", torpor_machine_wake(machine), model_machine_wake(&run->model));
		break;
	default:
		snprintf(run->what, sizeof(run->what), "host refuses the suspend");
		same(run, "status", torpor_machine_refuse_suspend(machine),
		     model_refuse(&run->model));
		break;
	}
}

/* Saved, restored into the other machine, which goes on in its place. */
static void move(struct run *run)
{
	static uint8_t saved[65536], again[65536];
	struct bed *other = run->bed == &run->beds[0] ? &run->beds[1] : &run->beds[0];
	size_t len_bytes = torpor_machine_save_size(&run->bed->machine);

	snprintf(run->what, sizeof(run->what), "save and restore");
	same(run, "save", torpor_machine_save(&run->bed->machine, saved, len_bytes), TORPOR_OK);
	bed_up(run, other);
	same(run, "restore", torpor_machine_restore(&other->machine, saved, len_bytes), TORPOR_OK);
	same(run, "save again", torpor_machine_save(&other->machine, again, len_bytes), TORPOR_OK);
	same(run, "bytes of the second save", memcmp(saved, again, len_bytes), 0);
	run->bed = other;
}

/* A CPU, more often than not one that has something to do. */
static uint32_t any_cpu(struct run *run)
{
	uint32_t cpu = below(run, MODEL_CPUS);

	for (int i = 0; i < 4 && !model_is_on(&run->model, cpu); i++) {
		cpu = below(run, MODEL_CPUS);
	}
	return cpu;
}

static void step(struct run *run)
{
	uint32_t cpu = any_cpu(run);
	const struct model_cpu *c = &run->model.cpus[cpu];
	uint32_t dice = below(run, 64);
	bool stuck = model_has_ended(&run->model) || model_cpus_on(&run->model) == 0;

	run->now_us += 10;
	if (dice == 0) {
		move(run);
	} else if (dice < (stuck ? 32 : 4)) {
		host_machine(run);
	} else if (dice < (stuck ? 48 : 6)) {
		host_start(run, below(run, MODEL_CPUS));
	} else if (dice < 8) {
		host_force_off(run, cpu);
	} else if (c->waits || dice < 10) {
		wake_or_poll(run, cpu);
	} else if (c->state == TORPOR_CPU_ON) {
		guest_call(run, cpu);
	} else {
		take(run, cpu);
	}
	compare_states(run);
}

static bool run_version(uint32_t version, uint64_t seed, uint32_t steps)
{
	static struct run run;

	memset(&run, 0, sizeof(run));
	run.version = version;
	run.seed = seed;
	run.steps = steps;
	run.random = seed * UINT64_C(0x9E3779B97F4A7C15) + version + 1;
	for (run.step = 0; run.step < steps && !run.failed; run.step++) {
		if (run.step % LIFE_STEPS == 0) {
			new_life(&run);
		}
		step(&run);
	}
	return !run.failed;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : STEPS_DEFAULT;
	int failed = 0;

	printf("1..%zu\n", sizeof(versions) / sizeof(versions[0]));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		bool ok = run_version(versions[i], seed, steps);

		printf("%s %zu - library and model agree at %" PRIu32 ".%" PRIu32 ", seed %" PRIu64
		       ", %" PRIu32 " steps\n",
		       ok ? "ok" : "not ok", i + 1, versions[i] >> 16, versions[i] & 0xffff, seed,
		       steps);
		failed |= !ok;
	}
	return failed;
}
