/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/sysreg_name.h"

#include <stddef.h>
#include <stdio.h>

/* All of op0 3 and CRn 0. Nothing is to be added, see the header. */
static const struct {
	const char *name;
	uint8_t op1;
	uint8_t crm;
	uint8_t op2;
} names[] = {
	{"MIDR_EL1", 0, 0, 0},	       {"MPIDR_EL1", 0, 0, 5},	      {"REVIDR_EL1", 0, 0, 6},
	{"ID_PFR0_EL1", 0, 1, 0},      {"ID_PFR1_EL1", 0, 1, 1},      {"ID_DFR0_EL1", 0, 1, 2},
	{"ID_AFR0_EL1", 0, 1, 3},      {"ID_MMFR0_EL1", 0, 1, 4},     {"ID_MMFR1_EL1", 0, 1, 5},
	{"ID_MMFR2_EL1", 0, 1, 6},     {"ID_MMFR3_EL1", 0, 1, 7},     {"ID_ISAR0_EL1", 0, 2, 0},
	{"ID_ISAR1_EL1", 0, 2, 1},     {"ID_ISAR2_EL1", 0, 2, 2},     {"ID_ISAR3_EL1", 0, 2, 3},
	{"ID_ISAR4_EL1", 0, 2, 4},     {"ID_ISAR5_EL1", 0, 2, 5},     {"ID_MMFR4_EL1", 0, 2, 6},
	{"ID_ISAR6_EL1", 0, 2, 7},     {"MVFR0_EL1", 0, 3, 0},	      {"MVFR1_EL1", 0, 3, 1},
	{"MVFR2_EL1", 0, 3, 2},	       {"ID_PFR2_EL1", 0, 3, 4},      {"ID_DFR1_EL1", 0, 3, 5},
	{"ID_MMFR5_EL1", 0, 3, 6},     {"ID_AA64PFR0_EL1", 0, 4, 0},  {"ID_AA64PFR1_EL1", 0, 4, 1},
	{"ID_AA64PFR2_EL1", 0, 4, 2},  {"ID_AA64ZFR0_EL1", 0, 4, 4},  {"ID_AA64SMFR0_EL1", 0, 4, 5},
	{"ID_AA64FPFR0_EL1", 0, 4, 7}, {"ID_AA64DFR0_EL1", 0, 5, 0},  {"ID_AA64DFR1_EL1", 0, 5, 1},
	{"ID_AA64DFR2_EL1", 0, 5, 2},  {"ID_AA64AFR0_EL1", 0, 5, 4},  {"ID_AA64AFR1_EL1", 0, 5, 5},
	{"ID_AA64ISAR0_EL1", 0, 6, 0}, {"ID_AA64ISAR1_EL1", 0, 6, 1}, {"ID_AA64ISAR2_EL1", 0, 6, 2},
	{"ID_AA64ISAR3_EL1", 0, 6, 3}, {"ID_AA64MMFR0_EL1", 0, 7, 0}, {"ID_AA64MMFR1_EL1", 0, 7, 1},
	{"ID_AA64MMFR2_EL1", 0, 7, 2}, {"ID_AA64MMFR3_EL1", 0, 7, 3}, {"ID_AA64MMFR4_EL1", 0, 7, 4},
	{"CLIDR_EL1", 1, 0, 1},	       {"GMID_EL1", 1, 0, 4},	      {"SMIDR_EL1", 1, 0, 6},
	{"AIDR_EL1", 1, 0, 7},	       {"CTR_EL0", 3, 0, 1},	      {"DCZID_EL0", 3, 0, 7},
};

void sysreg_name(const struct sysreg *reg, char name[SYSREG_NAME_SIZE])
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (reg->op0 == 3 && reg->crn == 0 && reg->op1 == names[i].op1 &&
		    reg->crm == names[i].crm && reg->op2 == names[i].op2) {
			(void)snprintf(name, SYSREG_NAME_SIZE, "%s", names[i].name);
			return;
		}
	}
	(void)snprintf(name, SYSREG_NAME_SIZE, "S%u_%u_C%u_C%u_%u", reg->op0, reg->op1, reg->crn,
		       reg->crm, reg->op2);
}
