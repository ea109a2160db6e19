/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void *sched_switch(void **save, void *sp)
 *
 * Push the callee's registers, store the stack pointer to *save, take the other stack and pop its
 * registers: all of a thread that is not running is on its stack. A new stack starts with
 * SCHED_SWITCH_WORDS zeroed words, the one at SCHED_SWITCH_PC holding where to begin.
 */
	.text
	.globl	sched_switch
	.type	sched_switch, %function
#if defined(__x86_64__)
sched_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
#elif defined(__aarch64__)
sched_switch:
	sub	sp, sp, #160
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	ret
#else
#error "the scheduler knows x86-64 and arm64"
#endif
	.size	sched_switch, . - sched_switch
	.section .note.GNU-stack, "", %progbits
