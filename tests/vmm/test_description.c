/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The canonical form of a machine: what is in it, what is not, that it is the same for the same
 * machine, and what is told of two that differ.
 */
#include "machine_rig.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_field_by_field),
		cmocka_unit_test(a_signature_stays_what_it_is),
		MACHINE_RIG_TEST(the_same_machine_has_the_same_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
