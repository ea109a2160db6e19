/* SPDX-License-Identifier: BSD-3-Clause */
/* What the assembly and the C share: where things are in a CPU's record. */
#ifndef BARE_LAYOUT_H
#define BARE_LAYOUT_H

#define CPU_X 0
#define CPU_SP 248
#define CPU_SCTLR 256
#define CPU_TAG 264
#define CPU_SPSEL 272
#define CPU_DAIF 280
#define CPU_EL 288
#define CPU_STACK 296
#define CPU_RESUME 304
#define CPU_SAVED 312
#define CPU_FIRST 416

#define SCTLR_EE_BIT 25

/* From the start of RAM, as linked. */
#define TEXT_OFFSET 0x200000

/* Which entry a CPU came in at. */
#define TAG_A 0xA
#define TAG_B 0xB

#endif /* BARE_LAYOUT_H */
