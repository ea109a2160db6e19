/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose configuration comes from the fuzzer's input too, and the input itself: bytes that
 * run out to zeroes.
 */
#ifndef TESTS_FUZZ_MACHINE_H
#define TESTS_FUZZ_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <torpor/torpor.h>

#define FUZZ_CPUS 6
#define FUZZ_NODES 3
#define FUZZ_STATES 5

struct input {
	const uint8_t *at;
	size_t left;
};

struct fuzz {
	struct torpor_machine machine;
	struct torpor_cpu cpus[FUZZ_CPUS];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(FUZZ_CPUS)];
	struct torpor_node nodes[FUZZ_NODES];
	struct torpor_stat stats[(FUZZ_CPUS + FUZZ_NODES) * FUZZ_STATES];
	uint32_t answers; /* what the ops say */
	uint64_t now_us;
};

uint64_t input_take(struct input *in, unsigned int bytes);

/* Sets @f up as @in says. Does not fail. */
void fuzz_up(struct fuzz *f, struct input *in);

/* One doing of a guest's CPU or of the host, as @in says; aborts on a broken promise. */
void fuzz_step(struct fuzz *f, struct input *in);

/* A promise; broken, it ends the program. */
#define PROMISE(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* TESTS_FUZZ_MACHINE_H */
