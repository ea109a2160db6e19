/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The canonical form of a machine: what is in it, what is not, that it is the same for the same
 * machine, and what is told of two that differ.
 */
#include "machine_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/description.h"

static char *describe(struct machine_rig *rig)
{
	struct vmm_error error = {.text = ""};
	char *text = NULL;

	machine_rig_up(rig);
	if (machine_describe(rig->machine, &text, &error) != 0) {
		fail_msg("no description: %s", error.text);
	}
	machine_destroy(rig->machine);
	rig->machine = NULL;
	return text;
}

/* Everything that differed, as "field: was -> is; ". */
static void note_difference(void *ctx, const char *field, const char *was, const char *is)
{
	char *text = ctx;
	size_t used = strlen(text);

	(void)snprintf(text + used, 512 - used, "%s: %s -> %s; ", field, was, is);
}

static void assert_differences(const char *was, const char *is, size_t count, const char *expected)
{
	char text[512] = "";

	assert_int_equal(description_compare(was, is, note_difference, text), count);
	assert_string_equal(text, expected);
	assert_int_equal(description_compare(was, is, NULL, NULL), count);
}

static void compares_field_by_field(void **state)
{
	static const struct {
		const char *was;
		const char *is;
		size_t count;
		const char *differences;
	} rows[] = {
		{"", "", 0, ""},
		{"a 1\nb 2\n", "a 1\nb 2\n", 0, ""},
		{"a 1\nb 2\n", "a 1\nb 3 4\n", 1, "b: 2 -> 3 4; "},
		{"a 1\n", "a 1\nb 2\n", 1, "b: none -> 2; "},
		{"a 1\nb 2\n", "b 2\n", 1, "a: 1 -> none; "},
		{"a 1\na.b 2\n", "a 2\nab 2\n", 3, "a: 1 -> 2; a.b: 2 -> none; ab: none -> 2; "},
		{"", "x\n", 1, "x: none -> ; "},
		/* Cut short, or without an end: what is there counts. */
		{"a 1\nb", "a 1\nb 2", 1, "b:  -> 2; "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_differences(rows[i].was, rows[i].is, rows[i].count, rows[i].differences);
	}
}

/* These are in guests' images: a change makes all of them boot anew. */
static void a_signature_stays_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(description_signature("", 0), 0x15D514C7);
	assert_int_equal(description_signature("machine torpor-1\n", 0), 0x6CC1D5E9);
	assert_int_equal(description_signature("machine torpor-1\n", 1), 0xD0BD2F4A);
}

static void the_same_machine_has_the_same_description(void **state)
{
	struct machine_rig *rig = *state;
	char *first = describe(rig);
	char *second;

	/* What is of one boot only is not in it. */
	rig->config.cmdline = "quiet";
	second = describe(rig);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void assert_has(const char *text, const char *line)
{
	char wanted[256];

	(void)snprintf(wanted, sizeof(wanted), "%s\n", line);
	for (const char *at = text; at != NULL; at = strchr(at, '\n'), at += at != NULL ? 1 : 0) {
		if (strncmp(at, wanted, strlen(wanted)) == 0) {
			return;
		}
	}
	fail_msg("no line '%s' in:\n%s", line, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL) {
		fail_msg("'%s' in:\n%s", part, text);
	}
}

/* What all CPUs share is one line; else each has its own. What reads as 0 is left out. */
static void tells_cpus_apart(void **state)
{
	struct machine_rig *rig = *state;
	char *text;

	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "S3_0_C0_C7_6", 0, true);
	fake_kvm_identity(1, "CLIDR_EL1", 0x23, true);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, KVM_IDENTITY_SVE_LENGTHS, 0x8B, true);
	fake_kvm_features(true, false, true);
	text = describe(rig);
	assert_has(text, "cpu.count 2");
	assert_has(text, "cpu.features pmu sve");
	assert_has(text, "cpu.MIDR_EL1 0x410fd0c0");
	assert_has(text, "cpu0.MPIDR_EL1 0x80000000");
	assert_has(text, "cpu1.MPIDR_EL1 0x80000001");
	assert_has(text, "cpu1.CLIDR_EL1 0x23");
	assert_has(text, "cpu.sve-lengths 128 256 512 1024");
	assert_has(text, "firmware.STD 0x1");
	assert_has(text, "gic.GICD_IIDR 0x4b00243b");
	assert_lacks(text, "S3_0_C0_C7_6");
	assert_lacks(text, "cpu0.CLIDR_EL1");
	free(text);
}

/* Lines are in order, each has a field of its own, and no part of the host is among them. */
static void is_canonical(void **state)
{
	struct machine_rig *rig = *state;
	char *text;
	const char *last = "";

	rig->config.balloon = true;
	rig->config.watchdog = MACHINE_WATCHDOG_RESET;
	rig->config.idle_states = true;
	rig->config.cluster_count = 2;
	rig->config.ramoops_bytes = 65536;
	text = describe(rig);
	assert_lacks(text, rig->dir.path);
	assert_lacks(text, "\n\n");
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		size_t field = strcspn(line, " ");

		assert_int_equal(line[field], ' ');
		assert_true(strcmp(last, line) < 0);
		assert_false(strncmp(last, line, field + 1) == 0);
		last = line;
	}
	free(text);
}

/* On another host: what it lets be chosen is chosen, the rest is told. */
static void a_record_is_rebuilt_as_far_as_it_can_be(void **state)
{
	struct machine_rig *rig = *state;
	char differences[512] = "";
	char *was;
	char *is;

	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, KVM_IDENTITY_SVE_LENGTHS, 0x3, true);
	fake_kvm_identity(1, "CLIDR_EL1", 0x23, true);
	fake_kvm_features(true, false, false);
	was = describe(rig);
	machine_rig_again(state);
	rig = *state;
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "MIDR_EL1", 0x411FD070, false);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "ID_AA64PFR0_EL1", 0x1122, true);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "ID_AA64ISAR3_EL1", 0x1, true);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "S3_0_C0_C7_6", 0x7, false);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, KVM_IDENTITY_SVE_LENGTHS, 0xF, true);
	fake_kvm_identity(1, "CLIDR_EL1", 0x77, true);
	fake_kvm_identity(KVM_IDENTITY_VM, "firmware.STD", 0x3, true);
	fake_kvm_features(true, true, false);
	rig->config.recorded = was;
	is = describe(rig);
	assert_int_equal(description_compare(was, is, note_difference, differences), 2);
	assert_string_equal(differences, "cpu.MIDR_EL1: 0x410fd0c0 -> 0x411fd070; "
					 "cpu.S3_0_C0_C7_6: none -> 0x7; ");
	free(was);
	free(is);
}

/* A record is rebuilt at each reset, as each has a VM of its own. */
static void a_reset_keeps_what_was_recorded(void **state)
{
	static const struct fake_op resets[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	rig->config.recorded = "cpu.ID_AA64PFR0_EL1 0x22\ncpu.features none\n";
	fake_kvm_features(true, true, true);
	machine_rig_start(rig, resets);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_true(fake_kvm_made() > 1);
	assert_int_equal(fake_kvm_config()->identity_count, 1);
	assert_int_equal(fake_kvm_config()->features.want[CPU_FEATURE_SVE], CPU_FEATURE_OFF);
}

/* Nothing in a record that is not understood does any harm. */
static void a_record_may_be_anything(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"cpu",
		"cpu.",
		"cpu. 0x1\n",
		"cpu99999999999999999999.MIDR_EL1 0x1\n",
		"cpu7 0x1\ncpux.A 0x1\ncpu0 \n",
		"cpu.A_NAME_THAT_IS_LONGER_THAN_ANY_REGISTER_EVER_HAS 0x1\n",
		"cpu.MIDR_EL1 0x11223344556677889900\ncpu.MIDR_EL1 12\ncpu.MIDR_EL1 0x1g\n",
		"cpu.sve-lengths 0 1 129 99999999999999999999 none\n",
		"cpu.features\ncpu.features  \ncpu.features pmu,sve\n",
	};
	struct machine_rig *rig = *state;
	char *plain = describe(rig);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text;

		rig->config.recorded = texts[i];
		fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "ID_AA64PFR0_EL1", 0x11, false);
		fake_kvm_identity(KVM_IDENTITY_VM, "firmware.STD", 1, false);
		text = describe(rig);
		assert_string_equal(text, plain);
		free(text);
	}
	free(plain);
}

static void failures_are_told(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	char *text = NULL;

	machine_rig_up(rig);
	for (unsigned nth = 1; nth <= 3; nth++) {
		fake_kvm_fail(FAKE_IDENTITY, nth);
		assert_int_equal(machine_describe(rig->machine, &text, &error), -EIO);
		assert_non_null(strstr(error.text, "KVM did not tell what the guest's CPUs are"));
		assert_null(text);
	}
	fake_kvm_fail(FAKE_IDENTITY, 0);
	for (unsigned nth = 1;; nth++) {
		int ret;

		faults_arm(nth);
		ret = machine_describe(rig->machine, &text, &error);
		if (!faults_disarm()) {
			assert_int_equal(ret, 0);
			break;
		}
		assert_int_equal(ret, -ENOMEM);
		assert_null(text);
	}
	free(text);
}

/* Its registers can't be asked for any more. */
static void a_machine_that_was_started_is_not_described(void **state)
{
	static const struct fake_op idles[] = {FAKE_IDLE};
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	char *text = NULL;

	machine_rig_start(rig, idles);
	assert_int_equal(machine_describe(rig->machine, &text, &error), -EBUSY);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_field_by_field),
		cmocka_unit_test(a_signature_stays_what_it_is),
		MACHINE_RIG_TEST(the_same_machine_has_the_same_description),
		MACHINE_RIG_TEST(tells_cpus_apart),
		MACHINE_RIG_TEST(is_canonical),
		MACHINE_RIG_TEST(a_record_is_rebuilt_as_far_as_it_can_be),
		MACHINE_RIG_TEST(a_reset_keeps_what_was_recorded),
		MACHINE_RIG_TEST(a_record_may_be_anything),
		MACHINE_RIG_TEST(failures_are_told),
		MACHINE_RIG_TEST(a_machine_that_was_started_is_not_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
