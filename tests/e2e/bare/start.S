/* SPDX-License-Identifier: BSD-3-Clause */
/* The Image header, the entries of CPUs, and calls whose registers matter. The MMU stays off. */
#include "layout.h"

/*
 * The header is little-endian in any case. Bit 0 of the flags says that what is in it is big-endian
 * and will make the CPU so; bits 1 and 2 are for pages of 4 KiB.
 */
#ifdef __AARCH64EB__
#define HEADER_FLAGS 0x0300000000000000
#define HEADER_TEXT_OFFSET ((TEXT_OFFSET >> 16) << 40)
#define ours orr
#else
#define HEADER_FLAGS 0x2
#define HEADER_TEXT_OFFSET TEXT_OFFSET
#define ours bic
#endif

	.section .head, "ax"
	.globl	_start
_start:
	b	boot
	.long	0
	.quad	HEADER_TEXT_OFFSET
	.quad	header_size
	.quad	HEADER_FLAGS
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
boot:
	mrs	x21, cntpct_el0
	msr	daifset, #0xf
	mov	x20, x0
	mrs	x1, sctlr_el1
	ours	x1, x1, #(1 << SCTLR_EE_BIT)
	msr	sctlr_el1, x1
	isb
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	1b
	adrp	x1, boot_stack_top
	add	x1, x1, :lo12:boot_stack_top
	mov	sp, x1
	mov	x0, x20
	mov	x1, x21
	bl	main
2:	wfi
	b	2b

/*
 * Where started and woken CPUs come in, with x0 = their record. All they came with goes there
 * first, in the byte order they came with; then the byte order is made ours.
 */
	.macro	entry name, tag
	.globl	\name
\name:
	str	x1, [x0, #CPU_X + 8]
	mov	x1, #\tag
	b	enter
	.endm

	entry	entry_a, TAG_A
	entry	entry_b, TAG_B

/* As entry_a, but the first that is done is to look at the time. */
	.globl	entry_timed
entry_timed:
	mrs	x2, cntvct_el0
	str	x2, [x0, #CPU_FIRST]
	b	entry_a

enter:
	stp	x2, x3, [x0, #CPU_X + 16]
	stp	x4, x5, [x0, #CPU_X + 32]
	stp	x6, x7, [x0, #CPU_X + 48]
	stp	x8, x9, [x0, #CPU_X + 64]
	stp	x10, x11, [x0, #CPU_X + 80]
	stp	x12, x13, [x0, #CPU_X + 96]
	stp	x14, x15, [x0, #CPU_X + 112]
	stp	x16, x17, [x0, #CPU_X + 128]
	stp	x18, x19, [x0, #CPU_X + 144]
	stp	x20, x21, [x0, #CPU_X + 160]
	stp	x22, x23, [x0, #CPU_X + 176]
	stp	x24, x25, [x0, #CPU_X + 192]
	stp	x26, x27, [x0, #CPU_X + 208]
	stp	x28, x29, [x0, #CPU_X + 224]
	str	x30, [x0, #CPU_X + 240]
	mov	x2, sp
	str	x2, [x0, #CPU_SP]
	mrs	x2, sctlr_el1
	ours	x3, x2, #(1 << SCTLR_EE_BIT)
	msr	sctlr_el1, x3
	isb
	str	x2, [x0, #CPU_SCTLR]
	str	x1, [x0, #CPU_TAG]
	mrs	x2, spsel
	str	x2, [x0, #CPU_SPSEL]
	mrs	x2, daif
	str	x2, [x0, #CPU_DAIF]
	mrs	x2, currentel
	str	x2, [x0, #CPU_EL]
	msr	spsel, #1
	ldr	x2, [x0, #CPU_RESUME]
	cbnz	x2, resume
	ldr	x2, [x0, #CPU_STACK]
	mov	sp, x2
	bl	started
	b	junk_and_off

/* Woken: goes on where suspend() was called. */
resume:
	ldp	x19, x20, [x0, #CPU_SAVED]
	ldp	x21, x22, [x0, #CPU_SAVED + 16]
	ldp	x23, x24, [x0, #CPU_SAVED + 32]
	ldp	x25, x26, [x0, #CPU_SAVED + 48]
	ldp	x27, x28, [x0, #CPU_SAVED + 64]
	ldp	x29, x30, [x0, #CPU_SAVED + 80]
	ldr	x2, [x0, #CPU_SAVED + 96]
	mov	sp, x2
	str	xzr, [x0, #CPU_RESUME]
	mov	x0, #0
	ret

/* u64 suspend(struct cpu *self, u64 fn, u64 a1, u64 a2, u64 a3, u64 big_endian) */
	.globl	suspend
suspend:
	stp	x19, x20, [x0, #CPU_SAVED]
	stp	x21, x22, [x0, #CPU_SAVED + 16]
	stp	x23, x24, [x0, #CPU_SAVED + 32]
	stp	x25, x26, [x0, #CPU_SAVED + 48]
	stp	x27, x28, [x0, #CPU_SAVED + 64]
	stp	x29, x30, [x0, #CPU_SAVED + 80]
	mov	x6, sp
	str	x6, [x0, #CPU_SAVED + 96]
	mov	x6, #1
	str	x6, [x0, #CPU_RESUME]
	mov	x19, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	bl	call_ending
	str	xzr, [x19, #CPU_RESUME]
	ldp	x29, x30, [x19, #CPU_SAVED + 80]
	ldr	x19, [x19, #CPU_SAVED]
	ret

/* u64 call_ending(u64 fn, u64 a1, u64 a2, u64 a3, u64 big_endian): memory is not touched. */
	.globl	call_ending
call_ending:
	cbz	x4, 1f
	mrs	x5, sctlr_el1
	orr	x6, x5, #(1 << SCTLR_EE_BIT)
	msr	sctlr_el1, x6
	isb
	hvc	#0
	msr	sctlr_el1, x5
	isb
	ret
1:	hvc	#0
	ret

/* void call_all(u64 x[31]): the call with all of x0 to x30, which are then put back into x. */
	.macro	all_registers op
	\op	x2, x3, [x1, #16]
	\op	x4, x5, [x1, #32]
	\op	x6, x7, [x1, #48]
	\op	x8, x9, [x1, #64]
	\op	x10, x11, [x1, #80]
	\op	x12, x13, [x1, #96]
	\op	x14, x15, [x1, #112]
	\op	x16, x17, [x1, #128]
	\op	x18, x19, [x1, #144]
	\op	x20, x21, [x1, #160]
	\op	x22, x23, [x1, #176]
	\op	x24, x25, [x1, #192]
	\op	x26, x27, [x1, #208]
	\op	x28, x29, [x1, #224]
	.endm

	.globl	call_all
call_all:
	stp	x29, x30, [sp, #-128]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x0, [sp, #96]
	mov	x1, x0
	all_registers ldp
	ldr	x30, [x1, #240]
	ldp	x0, x1, [x1]
	hvc	#0
	str	x1, [sp, #104]
	ldr	x1, [sp, #96]
	all_registers stp
	str	x30, [x1, #240]
	ldr	x2, [sp, #104]
	stp	x0, x2, [x1]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #128
	ret

/* CPU_OFF with nothing of use left in a register. */
junk_and_off:
	ldr	x0, =0x5a5aa5a5deadbeef
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	add	x\n, x0, #\n
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	add	x\n, x0, #\n
	.endr
	and	x1, x1, #~15
	mov	sp, x1
	movz	x0, #0x0002
	movk	x0, #0x8400, lsl #16
	hvc	#0
1:	wfi				/* refused: whoever waits for this CPU finds out */
	b	1b

	.balign	2048
	.globl	vectors
vectors:
	.rept	16
	b	caught
	.balign	128
	.endr
caught:
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	exception

	.section .bss
	.balign	16
	.space	16384
boot_stack_top:
