/* SPDX-License-Identifier: BSD-3-Clause */
/* MPIDR to CPU, for dense and sparse sets up to 512 CPUs (5.1.4). */
#include "fixture.h"

static void plain(struct rig *r, uint32_t count)
{
	r->config.flags &= ~TORPOR_F_OS_INITIATED;
	r->config.state_count = 0;
	r->config.off_state = TORPOR_STATE_NONE;
	r->config.freeze_state = TORPOR_STATE_NONE;
	r->config.default_state = TORPOR_STATE_NONE;
	r->config.suspend_state = TORPOR_STATE_NONE;
	r->config.node_count = 0;
	r->config.cpu_count = count;
}

static void assert_all_found(struct rig *r)
{
	uint32_t cpu;

	for (uint32_t i = 0; i < r->config.cpu_count; i++) {
		uint64_t mpidr = mpidr_of(r, i);

		cpu = UINT32_MAX;
		assert_int_equal(torpor_cpu_find(&r->machine, mpidr, &cpu), TORPOR_OK);
		assert_int_equal(cpu, i);
		/* Any other bit makes it another CPU's name, or nobody's. */
		for (unsigned int bit = 0; bit < 64; bit++) {
			uint64_t other = mpidr ^ UINT64_C(1) << bit;

			if (torpor_cpu_find(&r->machine, other, &cpu) == TORPOR_OK) {
				assert_int_equal(mpidr_of(r, cpu), other);
			}
		}
	}
}

/* Bits outside the affinity fields name no CPU, not even set as MPIDR_EL1 has them. */
static void stray_bits(struct rig *r)
{
	uint32_t cpu;

	rig_up(r);
	for (unsigned int bit = 24; bit < 64; bit++) {
		if (bit < 32 || bit >= 40) {
			assert_int_equal(torpor_cpu_find(&r->machine, UINT64_C(1) << bit, &cpu),
					 TORPOR_E_INVAL);
		}
	}
	assert_int_equal(torpor_cpu_find(&r->machine, UINT64_C(0x80000000), &cpu), TORPOR_E_INVAL);
}

/* 512 CPUs in clusters of 16, as a VMM numbers them. */
static void dense_512(struct rig *r)
{
	plain(r, 512);
	for (uint32_t i = 0; i < 512; i++) {
		r->cpu_configs[i].mpidr = (uint64_t)(i / 16) << 8 | i % 16;
	}
	rig_up(r);
	assert_all_found(r);
}

/* Each field alone, at its highest values. */
static void one_field_only(struct rig *r)
{
	static const unsigned int shifts[] = {0, 8, 16, 32};

	for (size_t s = 0; s < 4; s++) {
		rig_default(r, r->version, r->way);
		plain(r, 256);
		for (uint32_t i = 0; i < 256; i++) {
			r->cpu_configs[i].mpidr = (uint64_t)(255 - i) << shifts[s];
		}
		rig_up(r);
		assert_all_found(r);
	}
}

/* Sparse sets of every size class, all four fields at random. */
static void sparse(struct rig *r)
{
	static const uint32_t counts[] = {1,  2,   3,	4,   5,	  16,  17,  63,	 64,
					  65, 127, 128, 129, 255, 256, 257, 511, 512};
	uint64_t seed = 12345;

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		rig_default(r, r->version, r->way);
		plain(r, counts[c]);
		for (uint32_t i = 0; i < counts[c]; i++) {
			uint32_t j;

			do {
				seed = seed * UINT64_C(6364136223846793005) + 1;
				r->cpu_configs[i].mpidr = seed >> 20 & TORPOR_MPIDR_AFFINITY;
				for (j = 0; j < i && mpidr_of(r, j) != mpidr_of(r, i); j++) {
				}
			} while (j < i);
		}
		rig_up(r);
		assert_all_found(r);
	}
}

/* Sets made to collide: multiples of powers of two, and one high bit's difference. */
static void regular_sets(struct rig *r)
{
	static const uint64_t strides[] = {0x10, 0x80, 0x100, 0x1000, 0x4000, 0x101, 0x10101};

	for (size_t s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
		rig_default(r, r->version, r->way);
		plain(r, 250);
		for (uint32_t i = 0; i < 250; i++) {
			uint64_t v = i * strides[s];

			r->cpu_configs[i].mpidr = (v & 0xffffff) | (v >> 24 & 0xff) << 32;
		}
		rig_up(r);
		assert_all_found(r);
	}
}

/* The guest's calls reach the last of 512 as well; and all 512 can be on at once. */
static void all_512_on(struct rig *r)
{
	plain(r, 512);
	for (uint32_t i = 0; i < 512; i++) {
		r->cpu_configs[i].mpidr =
			(uint64_t)(i % 8) << 16 | (uint64_t)(i / 8 % 8) << 8 | i / 64 * 3;
	}
	r->config.boot_cpu = 511;
	rig_up(r);
	for (uint32_t i = 0; i < 511; i++) {
		cpu_on(r, 511, i);
	}
	assert_cpus_on(r, 512);
	assert_ret(r, TORPOR_RET_ALREADY_ON, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 511), ENTRY_A, 0);
	for (uint32_t i = 0; i < 511; i++) {
		cpu_off(r, i);
	}
	if (r->version >= V10) {
		machine_suspend(r, 511);
	}
}

static const struct rig_case cases[] = {
	CASE(stray_bits, V13, V13, ONCE),     CASE(dense_512, V13, V13, ONCE),
	CASE(one_field_only, V13, V13, ONCE), CASE(sparse, V13, V13, ONCE),
	CASE(regular_sets, V13, V13, ONCE),   CASE(all_512_on, V02, V13, EACH_WAY),
};
RIG_MAIN(cases)
