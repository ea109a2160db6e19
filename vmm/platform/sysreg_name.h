/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of the architecture's identification registers.
 *
 * They stand in descriptions of machines, so a register that has no name here must not get one as
 * long as there is a machine type whose description could have it: it goes by its encoding.
 */
#ifndef VMM_PLATFORM_SYSREG_NAME_H
#define VMM_PLATFORM_SYSREG_NAME_H

#include <stdint.h>

#define SYSREG_NAME_SIZE 32

/**
 * struct sysreg - how MRS encodes a register
 */
struct sysreg {
	uint8_t op0;
	uint8_t op1;
	uint8_t crn;
	uint8_t crm;
	uint8_t op2;
};

/** sysreg_name() - "MIDR_EL1"; "S3_0_C0_C7_6" for one without a name */
void sysreg_name(const struct sysreg *reg, char name[SYSREG_NAME_SIZE]);

#endif /* VMM_PLATFORM_SYSREG_NAME_H */
