/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the core's accesses to memory arrive: its atomic operations by atomic_sched.h, and its
 * plain ones because it is compiled with -fsanitize=thread, whose run time this is. That one is
 * an ordinary use of the compiler's instrumentation; nothing of ThreadSanitizer is linked.
 */
#include "atomic_sched.h"
#include "sched.h"
#include "sched_internal.h"

static struct sched_op *atomic_step(const char *kind, const uint32_t *word)
{
	static struct sched_op nowhere;
	struct sched_op op = {.kind = kind, .has_place = true, .has_values = true};

	if (!sched_is_running() || sched_offset(word, &op.offset) < 0) {
		return &nowhere;
	}
	return sched_yield_before(&op);
}

uint32_t sched_atomic_load(const uint32_t *word)
{
	struct sched_op *op = atomic_step("load", word);

	op->before = *word;
	op->after = *word;
	return *word;
}

void sched_atomic_store(uint32_t *word, uint32_t value)
{
	struct sched_op *op = atomic_step("store", word);

	op->before = *word;
	op->after = value;
	*word = value;
}

bool sched_atomic_cas(uint32_t *word, uint32_t *expected, uint32_t desired)
{
	struct sched_op *op = atomic_step("cas", word);

	op->before = *word;
	op->after = desired;
	op->missed = *word != *expected;
	if (op->missed) {
		*expected = *word;
		return false;
	}
	*word = desired;
	return true;
}

uint32_t sched_atomic_exchange(uint32_t *word, uint32_t value)
{
	struct sched_op *op = atomic_step("swap", word);
	uint32_t before = *word;

	op->before = before;
	op->after = value;
	*word = value;
	return before;
}

/* A plain access of the core. */
static void plain(const void *address, bool write)
{
	struct sched_op op = {.kind = write ? "write" : "read", .has_place = true};

	if (!sched_is_running()) {
		return;
	}
	switch (sched_offset(address, &op.offset)) {
	case SCHED_CONSTANT:
		if (write) {
			sched_fail(__FILE__, __LINE__, "a member that is constant was written");
		}
		break;
	case SCHED_ATOMIC:
		sched_fail(__FILE__, __LINE__, "a word that is atomic was accessed plainly");
		break;
	case SCHED_PLAIN:
		(void)sched_yield_before(&op);
		break;
	default:
		break;
	}
}

static void plain_range(const void *address, unsigned long size_bytes, bool write)
{
	const char *at = address;

	for (unsigned long i = 0; i < size_bytes; i += 4) {
		plain(at + i, write);
	}
}

#define HOOKS(bytes)                                                                               \
	void __tsan_read##bytes(void *address);                                                    \
	void __tsan_write##bytes(void *address);                                                   \
	void __tsan_unaligned_read##bytes(void *address);                                          \
	void __tsan_unaligned_write##bytes(void *address);                                         \
	void __tsan_read##bytes(void *address)                                                     \
	{                                                                                          \
		plain(address, false);                                                             \
	}                                                                                          \
	void __tsan_write##bytes(void *address)                                                    \
	{                                                                                          \
		plain(address, true);                                                              \
	}                                                                                          \
	void __tsan_unaligned_read##bytes(void *address)                                           \
	{                                                                                          \
		plain(address, false);                                                             \
	}                                                                                          \
	void __tsan_unaligned_write##bytes(void *address)                                          \
	{                                                                                          \
		plain(address, true);                                                              \
	}

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_init(void);
void __tsan_func_entry(void *address);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, unsigned long size_bytes);
void __tsan_write_range(void *address, unsigned long size_bytes);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *address)
{
	(void)address;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *address, unsigned long size_bytes)
{
	plain_range(address, size_bytes, false);
}

void __tsan_write_range(void *address, unsigned long size_bytes)
{
	plain_range(address, size_bytes, true);
}
