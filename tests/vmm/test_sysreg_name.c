/* SPDX-License-Identifier: BSD-3-Clause */
/* Names that stand in machines' descriptions: once given they stay, and none is given to two. */
#include "check.h"

#include <string.h>

#include "platform/sysreg_name.h"

static void names(void **state)
{
	static const struct {
		struct sysreg reg;
		const char *name;
	} rows[] = {
		{{3, 0, 0, 0, 0}, "MIDR_EL1"},
		{{3, 0, 0, 0, 5}, "MPIDR_EL1"},
		{{3, 0, 0, 0, 6}, "REVIDR_EL1"},
		{{3, 0, 0, 1, 0}, "ID_PFR0_EL1"},
		{{3, 0, 0, 2, 7}, "ID_ISAR6_EL1"},
		{{3, 0, 0, 4, 0}, "ID_AA64PFR0_EL1"},
		{{3, 0, 0, 5, 0}, "ID_AA64DFR0_EL1"},
		{{3, 0, 0, 6, 1}, "ID_AA64ISAR1_EL1"},
		{{3, 0, 0, 7, 4}, "ID_AA64MMFR4_EL1"},
		{{3, 1, 0, 0, 1}, "CLIDR_EL1"},
		{{3, 1, 0, 0, 7}, "AIDR_EL1"},
		{{3, 3, 0, 0, 1}, "CTR_EL0"},
		/* Without a name when torpor-1 was released, so without one for ever. */
		{{3, 0, 0, 7, 5}, "S3_0_C0_C7_5"},
		{{3, 0, 0, 3, 3}, "S3_0_C0_C3_3"},
		{{3, 7, 15, 15, 7}, "S3_7_C15_C15_7"},
		/* Like MIDR_EL1, but for one field. */
		{{2, 0, 0, 0, 0}, "S2_0_C0_C0_0"},
		{{3, 0, 1, 0, 0}, "S3_0_C1_C0_0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[SYSREG_NAME_SIZE];

		sysreg_name(&rows[i].reg, name);
		assert_string_equal(name, rows[i].name);
	}
}

/* And how many have one. */
static void each_has_its_own(void **state)
{
	static char all[512][SYSREG_NAME_SIZE];
	unsigned named = 0;
	unsigned count = 0;

	(void)state;
	for (unsigned encoding = 0; encoding < 512; encoding++) {
		const struct sysreg reg = {3, (uint8_t)(encoding >> 6), 0,
					   (uint8_t)(encoding >> 3 & 7), (uint8_t)(encoding & 7)};

		sysreg_name(&reg, all[count]);
		for (unsigned i = 0; i < count; i++) {
			assert_string_not_equal(all[i], all[count]);
		}
		named += all[count][0] != 'S' || strncmp(all[count], "SMIDR", 5) == 0 ? 1 : 0;
		count++;
	}
	assert_int_equal(named, 51);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(each_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
