/* SPDX-License-Identifier: BSD-3-Clause */
/* What is refused, each with its own error; and then not a byte of the machine has changed. */
#include "fixture.h"
#include <stdlib.h>

/* Where things are; docs/state-format.md. */
#define FORMAT_AT 8u
#define RESIDENT_AT 60u
#define CPU_AT(cpu) (64u + 48u * (cpu))
#define POWER_STATE_IN_CPU 16u
#define LEVEL_IN_CPU 20u

static void refused(struct rig *r, const uint8_t *buf, size_t len_bytes, enum torpor_status want)
{
	struct rig *bytes = rig_bytes(r);
	/* On the heap and of this very size, so that a sanitizer sees a read beyond. */
	uint8_t *exact = malloc(len_bytes ? len_bytes : 1);

	assert_non_null(exact);
	memcpy(exact, buf, len_bytes);
	assert_int_equal(torpor_machine_restore(&r->machine, exact, len_bytes), want);
	assert_same_bytes(r, bytes);
	free(exact);
	rig_free(bytes);
}

/* A machine in which much goes on. */
static struct visible *busy(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 1, S_DOWN);
	cpu_pend(r, 0, 3);
	return look(r);
}

/* Every shorter length: E_TRUNCATED. */
static void every_truncation(struct rig *r)
{
	struct visible *v = busy(r);

	for (size_t len = 0; len < v->len_bytes; len++) {
		refused(r, v->saved, len, TORPOR_E_TRUNCATED);
	}
	free(v);
}

/* Every single bit: refused, whatever it is taken for. */
static void every_bit_flip(struct rig *r)
{
	struct visible *v = busy(r);
	struct rig *bytes = rig_bytes(r);

	for (size_t bit = 0; bit < v->len_bytes * 8; bit++) {
		enum torpor_status status;

		v->saved[bit / 8] ^= (uint8_t)(1u << bit % 8);
		status = torpor_machine_restore(&r->machine, v->saved, v->len_bytes);
		if (status == TORPOR_OK || status < TORPOR_E_TREE || status > TORPOR_E_TRUNCATED) {
			fail_msg("bit %zu: status %d", bit, status);
		}
		v->saved[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_same_bytes(r, bytes);
	assert_int_equal(torpor_machine_restore(&r->machine, v->saved, v->len_bytes), TORPOR_OK);
	rig_free(bytes);
	free(v);
}

/* Every byte replaced by others, and every pair of neighbours swapped. */
static void altered_bytes(struct rig *r)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct visible *v = busy(r);
	struct rig *bytes = rig_bytes(r);

	for (size_t at = 0; at < v->len_bytes; at++) {
		uint8_t old = v->saved[at];

		for (size_t i = 0; i < sizeof(values); i++) {
			v->saved[at] = values[i];
			if (values[i] != old) {
				assert_int_not_equal(
					torpor_machine_restore(&r->machine, v->saved, v->len_bytes),
					TORPOR_OK);
			}
		}
		v->saved[at] = old;
		if (at && v->saved[at - 1] != old) {
			v->saved[at] = v->saved[at - 1];
			v->saved[at - 1] = old;
			assert_int_not_equal(
				torpor_machine_restore(&r->machine, v->saved, v->len_bytes),
				TORPOR_OK);
			v->saved[at - 1] = v->saved[at];
			v->saved[at] = old;
		}
	}
	assert_same_bytes(r, bytes);
	rig_free(bytes);
	free(v);
}

/* Bytes that never were a saved state. */
static void never_was_one(struct rig *r)
{
	static const uint8_t values[] = {0x00, 0xff, 0x5a};
	uint8_t buf[4096];

	rig_up(r);
	for (size_t i = 0; i < sizeof(values); i++) {
		memset(buf, values[i], sizeof(buf));
		refused(r, buf, sizeof(buf), TORPOR_E_CORRUPT);
	}
}

/* A later format: E_NEWER, so that the message can tell the truth. */
static void newer_format(struct rig *r)
{
	struct visible *v = busy(r);

	v->saved[FORMAT_AT]++;
	refused(r, v->saved, v->len_bytes, TORPOR_E_NEWER);
	v->saved[FORMAT_AT] = 0xff;
	refused(r, v->saved, v->len_bytes, TORPOR_E_NEWER);
	free(v);
}

/* Saved by another machine @as, refused by @r. */
static void refused_of(struct rig *r, void (*differ)(struct rig *), enum torpor_status want)
{
	struct rig *other;
	struct visible *v;

	rig_default(r, r->version, r->way);
	other = rig_twin(r);
	differ(other);
	rig_up(other);
	v = look(other);
	rig_up(r);
	refused(r, v->saved, v->len_bytes, want);
	free(v);
	rig_free(other);
}

static void next_version(struct rig *other)
{
	other->config.psci_version = other->version == V13 ? V12 : V13;
}

/* Another PSCI version: E_VERSION. */
static void other_version(struct rig *r)
{
	refused_of(r, next_version, TORPOR_E_VERSION);
}

static void one_mpidr(struct rig *other)
{
	other->cpu_configs[3].mpidr = 0x102;
}

static void order_of_mpidrs(struct rig *other)
{
	other->cpu_configs[1].mpidr = 0x100;
	other->cpu_configs[2].mpidr = 0x001;
}

static void one_cpu_less(struct rig *other)
{
	other->config.cpu_count = 3;
}

static void one_cpu_more(struct rig *other)
{
	other->config.cpu_count = 5;
	other->config.flags &= ~TORPOR_F_OS_INITIATED;
	other->cpu_configs[4].mpidr = 0x200;
	other->cpu_configs[4].node = 2;
	other->config.off_state = TORPOR_STATE_NONE;
}

/* Another set of MPIDRs, or the same in another order: E_CPUS. */
static void other_cpus(struct rig *r)
{
	refused_of(r, one_mpidr, TORPOR_E_CPUS);
	refused_of(r, order_of_mpidrs, TORPOR_E_CPUS);
	refused_of(r, one_cpu_less, TORPOR_E_CPUS);
}

static void cpus_elsewhere_in_the_tree(struct rig *other)
{
	other->cpu_configs[1].node = 2;
}

static void another_shape(struct rig *other)
{
	other->nodes[1].parent = TORPOR_NODE_NONE;
	other->config.node_count = 1;
	other->config.flags &= ~TORPOR_F_OS_INITIATED;
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		other->cpu_configs[i].node = 0;
	}
	other->config.state_count = S_CLUSTER_DOWN + 1;
	other->config.suspend_state = S_DOWN;
}

static void another_state(struct rig *other)
{
	other->states[S_CLUSTER_RET].power_state = 0x01011024;
}

static void one_state_less(struct rig *other)
{
	other->config.state_count--;
	other->config.suspend_state = S_DOWN;
}

static void another_depth(struct rig *other)
{
	other->states[S_CLUSTER_RET].depth[1] = TORPOR_DEPTH_POWERDOWN;
}

static void one_cpu_disabled(struct rig *other)
{
	other->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
}

/* A state in which a CPU is disabled that is not so here, is not this machine's. */
static void other_disabled_cpus(struct rig *r)
{
	struct rig *other;
	struct rig *bytes;
	struct visible *v;

	other = rig_twin(r);
	one_cpu_disabled(other);
	rig_up(other);
	v = look(other);
	rig_up(r);
	bytes = rig_bytes(r);
	assert_int_not_equal(torpor_machine_restore(&r->machine, v->saved, v->len_bytes),
			     TORPOR_OK);
	assert_same_bytes(r, bytes);
	rig_free(bytes);
	rig_free(other);
	free(v);
}

/* Bytes after its end are not part of it. */
static void bytes_beyond_the_end(struct rig *r)
{
	struct visible *v = busy(r);

	assert_true(v->len_bytes < sizeof(v->saved));
	refused(r, v->saved, v->len_bytes + 1, TORPOR_E_CORRUPT);
	free(v);
}

static void another_boot_cpu(struct rig *other)
{
	other->config.boot_cpu = 1;
}

/* Another power tree, list of power states or boot CPU: E_TREE. */
static void other_tree(struct rig *r)
{
	refused_of(r, another_boot_cpu, TORPOR_E_TREE);
	refused_of(r, cpus_elsewhere_in_the_tree, TORPOR_E_TREE);
	refused_of(r, another_shape, TORPOR_E_TREE);
	refused_of(r, another_state, TORPOR_E_TREE);
	refused_of(r, one_state_less, TORPOR_E_TREE);
	refused_of(r, another_depth, TORPOR_E_TREE);
}

static void no_suspend(struct rig *other)
{
	other->config.flags &= ~TORPOR_F_SYSTEM_SUSPEND;
}

static void no_statistics(struct rig *other)
{
	other->port.now_us = NULL;
}

static void other_trusted_os(struct rig *other)
{
	other->config.trusted_os = TORPOR_TRUSTED_OS_NO_INFO;
}

/* Another set of functions: E_TREE, for the guest has seen what there is. */
static void other_functions(struct rig *r)
{
	refused_of(r, no_suspend, TORPOR_E_TREE);
	refused_of(r, no_statistics, TORPOR_E_TREE);
	refused_of(r, other_trusted_os, TORPOR_E_TREE);
}

/* A larger machine's state on a smaller one is refused too, before anything of it is used. */
static void state_of_a_larger_machine(struct rig *r)
{
	refused_of(r, one_cpu_more, TORPOR_E_CPUS);
}

static void put32(uint8_t *at, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++) {
		at[i] = (uint8_t)(value >> 8 * i);
	}
}

/* One word of a saved state is another, and the checksum made to match: still E_CORRUPT. */
static void forged(struct rig *r, const struct visible *v, size_t at, uint32_t value)
{
	uint8_t *buf = malloc(v->len_bytes);
	uint32_t crc = UINT32_MAX;

	assert_non_null(buf);
	memcpy(buf, v->saved, v->len_bytes);
	put32(buf + at, value);
	for (size_t bit = 0; bit < (v->len_bytes - 4) * 8; bit++) {
		crc ^= bit % 8 == 0 ? buf[bit / 8] : 0;
		crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0xEDB88320) : 0);
	}
	put32(buf + v->len_bytes - 4, ~crc);
	refused(r, buf, v->len_bytes, TORPOR_E_CORRUPT);
	free(buf);
}

/* What an embedder would be told of a wait is what a guest could have asked for. */
static void impossible_sleep(struct rig *r)
{
	struct visible *v = busy(r);

	forged(r, v, CPU_AT(1) + POWER_STATE_IN_CPU, 0xdeadbeef);
	forged(r, v, CPU_AT(1) + POWER_STATE_IN_CPU, state_value(r, S_STANDBY));
	forged(r, v, CPU_AT(1) + POWER_STATE_IN_CPU, state_value(r, S_DOWN) + 0x1234);
	forged(r, v, CPU_AT(1) + LEVEL_IN_CPU, 1);
	forged(r, v, CPU_AT(1) + LEVEL_IN_CPU, 3);
	free(v);
}

/* A Trusted OS that stays where it is, and one on a CPU that can't be used. */
static void impossible_trusted_os(struct rig *r)
{
	struct visible *v;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	r->config.trusted_os_cpu = 1;
	rig_up(r);
	v = look(r);
	forged(r, v, RESIDENT_AT, 0);
	free(v);
	rig_default(r, r->version, r->way);
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	v = look(r);
	forged(r, v, RESIDENT_AT, 3);
	forged(r, v, RESIDENT_AT, RIG_CPUS);
	free(v);
}

/* Embedder's own constants that do not shape the state may differ: where it boots, say. */
static void what_may_differ(struct rig *r)
{
	struct rig *other;
	struct visible *v;

	rig_up(r);
	cpu_on(r, 0, 1);
	v = look(r);
	other = rig_twin(r);
	other->port.check_entry = NULL;
	other->port.allow_cpu_on = NULL;
	rig_up(other);
	assert_int_equal(torpor_machine_restore(&other->machine, v->saved, v->len_bytes),
			 TORPOR_OK);
	free(v);
	rig_free(other);
}

static const struct rig_case cases[] = {
	CASE(every_truncation, V01, V13, ONCE),	    CASE(every_bit_flip, V02, V13, ONCE),
	CASE(altered_bytes, V02, V13, ONCE),	    CASE(never_was_one, V01, V13, ONCE),
	CASE(newer_format, V01, V13, ONCE),	    CASE(other_version, V01, V13, ONCE),
	CASE(other_cpus, V01, V13, ONCE),	    CASE(other_disabled_cpus, V02, V13, ONCE),
	CASE(bytes_beyond_the_end, V02, V13, ONCE), CASE(other_tree, V10, V13, ONCE),
	CASE(other_functions, V10, V13, ONCE),	    CASE(state_of_a_larger_machine, V10, V13, ONCE),
	CASE(impossible_sleep, V02, V13, ONCE),	    CASE(impossible_trusted_os, V02, V13, ONCE),
	CASE(what_may_differ, V02, V13, ONCE),
};
RIG_MAIN(cases)
