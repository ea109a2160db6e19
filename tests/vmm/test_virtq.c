/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtq.h: good chains come through, bad ones are refused, none crashes. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtq.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define RAM_END (DRIVER_RAM_IPA + DRIVER_RAM_BYTES)

struct fixture {
	struct driver driver;
	struct virtq queue;
	struct virtq_chain chain;
};

static void restart(struct fixture *f)
{
	driver_init(&f->driver);
	f->queue = (struct virtq){
		.desc_ipa = DRIVER_DESC_IPA,
		.avail_ipa = DRIVER_AVAIL_IPA,
		.used_ipa = DRIVER_USED_IPA,
		.size = DRIVER_QUEUE_SIZE,
		.indirect = true,
	};
	assert_int_equal(virtq_start(&f->queue, &f->driver.ram), 0);
}

static int setup(void **state)
{
	static struct fixture f;

	*state = &f;
	restart(&f);
	return 0;
}

/* A descriptor of the queue's own table. */
static void desc(struct fixture *f, unsigned index, uint64_t ipa, uint32_t len_bytes,
		 uint16_t flags, uint16_t next)
{
	driver_desc(&f->driver, DRIVER_DESC_IPA, index, ipa, len_bytes, flags, next);
}

static void indirect_desc(struct fixture *f, unsigned index, uint64_t ipa, uint32_t len_bytes,
			  uint16_t flags, uint16_t next)
{
	driver_desc(&f->driver, DRIVER_INDIRECT_IPA, index, ipa, len_bytes, flags, next);
}

static int pop(struct fixture *f)
{
	return virtq_pop(&f->queue, &f->driver.ram, &f->chain);
}

static int offer_and_pop(struct fixture *f, uint16_t head)
{
	driver_offer(&f->driver, head);
	return pop(f);
}

static void chain_comes_through(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pop(f), 0);
	desc(f, 5, DRIVER_DATA_IPA, 16, NEXT, 2);
	desc(f, 2, DRIVER_DATA_IPA + 0x100, 0, NEXT, 7);
	desc(f, 7, RAM_END - 8, 8, NEXT | WRITE, 0);
	desc(f, 0, DRIVER_RAM_IPA, 1, WRITE, 3);
	assert_int_equal(offer_and_pop(f, 5), 1);
	assert_int_equal(f->chain.head, 5);
	assert_int_equal(f->chain.out_count, 1);
	assert_int_equal(f->chain.in_count, 2);
	assert_ptr_equal(f->chain.iov[0].iov_base, f->driver.bytes + 0x8000);
	assert_int_equal(f->chain.iov[1].iov_len, 8);
	assert_ptr_equal(f->chain.iov[2].iov_base, f->driver.bytes);
	assert_int_equal(pop(f), 0);
}

/* An indirect table may lie at any address. */
static void indirect_chain_comes_through(void **state)
{
	struct fixture *f = *state;

	driver_desc(&f->driver, DRIVER_INDIRECT_IPA + 3, 0, DRIVER_DATA_IPA, 16, NEXT, 2);
	driver_desc(&f->driver, DRIVER_INDIRECT_IPA + 3, 2, DRIVER_DATA_IPA, 32, WRITE, 0);
	desc(f, 1, DRIVER_INDIRECT_IPA + 3, 48, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 1), 1);
	assert_int_equal(f->chain.out_count, 1);
	assert_int_equal(f->chain.in_count, 1);
	assert_int_equal(f->chain.iov[1].iov_len, 32);
}

static void indices_wrap(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 70000; i++) {
		desc(f, i % 8, DRIVER_DATA_IPA, 4, WRITE, 0);
		assert_int_equal(offer_and_pop(f, i % 8), 1);
		assert_true(virtq_push(&f->queue, &(struct virtq_used){f->chain.head, 4}, 1));
		assert_int_equal(driver_used(&f->driver), (uint16_t)(i + 1));
	}
}

static void bad_memory_is_refused(void **state)
{
	static const struct {
		uint64_t ipa;
		uint32_t len_bytes;
	} bad[] = {
		{0, 16},
		{DRIVER_RAM_IPA - 1, 2},
		{RAM_END - 1, 2},
		{RAM_END, 1},
		{DRIVER_RAM_IPA, UINT32_MAX},
		{UINT64_MAX, 1},
		{UINT64_MAX - 15, 32},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		restart(f);
		desc(f, 0, bad[i].ipa, bad[i].len_bytes, 0, 0);
		assert_int_equal(offer_and_pop(f, 0), -EINVAL);
		restart(f);
		indirect_desc(f, 0, bad[i].ipa, bad[i].len_bytes, WRITE, 0);
		desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
		assert_int_equal(offer_and_pop(f, 0), -EINVAL);
		restart(f);
		desc(f, 0, bad[i].ipa, bad[i].len_bytes & ~15U, INDIRECT, 0);
		assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	}
}

static void loops_end(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, DRIVER_DATA_IPA, 1, NEXT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_DATA_IPA, 1, NEXT, 1);
	desc(f, 1, DRIVER_DATA_IPA, 0, NEXT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	indirect_desc(f, 0, DRIVER_DATA_IPA, 0, NEXT, 0);
	desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
}

static void bad_links_are_refused(void **state)
{
	struct fixture *f = *state;

	/* A head, a next and an indirect next past their tables; what lies there would do. */
	desc(f, DRIVER_QUEUE_SIZE, DRIVER_DATA_IPA, 1, 0, 0);
	assert_int_equal(offer_and_pop(f, DRIVER_QUEUE_SIZE), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_DATA_IPA, 1, NEXT, UINT16_MAX);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	indirect_desc(f, 0, DRIVER_DATA_IPA, 1, NEXT, 1);
	indirect_desc(f, 1, DRIVER_DATA_IPA, 1, 0, 0);
	desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	desc(f, 0, DRIVER_INDIRECT_IPA, 32, INDIRECT, 0);
	assert_int_equal(pop(f), 1);
}

/* What was taken and not given back comes again, in the same order. */
static void unpopped_requests_come_again(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < 4; i++) {
		desc(f, i, DRIVER_DATA_IPA, 4, 0, 0);
		driver_offer(&f->driver, i);
	}
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(pop(f), 1);
	}
	virtq_unpop(&f->queue, 2);
	for (uint16_t i = 1; i < 4; i++) {
		assert_int_equal(pop(f), 1);
		assert_int_equal(f->chain.head, i);
	}
	assert_int_equal(pop(f), 0);
}

static void bad_shapes_are_refused(void **state)
{
	struct fixture *f = *state;

	/* Something to read after something to write. */
	desc(f, 0, DRIVER_DATA_IPA, 1, NEXT | WRITE, 1);
	desc(f, 1, DRIVER_DATA_IPA, 1, 0, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	/* A table in a table; a table as the tail of a chain; one with a next; ragged; empty. */
	restart(f);
	indirect_desc(f, 0, DRIVER_DATA_IPA, 16, INDIRECT, 0);
	desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_DATA_IPA, 1, NEXT, 1);
	desc(f, 1, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT | NEXT, 1);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_INDIRECT_IPA, 24, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	restart(f);
	desc(f, 0, DRIVER_INDIRECT_IPA, 0, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
	/* A table when that feature was not negotiated. */
	restart(f);
	f->queue.indirect = false;
	desc(f, 0, DRIVER_INDIRECT_IPA, 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
}

/* More requests on offer than the queue has entries. */
static void runaway_index_is_refused(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, DRIVER_DATA_IPA, 1, 0, 0);
	f->driver.avail_at = DRIVER_QUEUE_SIZE;
	assert_int_equal(offer_and_pop(f, 0), -EINVAL);
}

/* A chain as long as the largest queue fits, whatever the table's length. */
static void longest_chain_fits(void **state)
{
	struct fixture *f = *state;
	uint64_t table_ipa = DRIVER_RAM_IPA + 0x10000;

	f->queue.size = VIRTQ_SIZE_MAX;
	assert_int_equal(virtq_start(&f->queue, &f->driver.ram), 0);
	for (unsigned i = 0; i < 300; i++) {
		driver_desc(&f->driver, table_ipa, i, DRIVER_DATA_IPA, 1, i < 255 ? NEXT : 0,
			    (uint16_t)(i + 1));
	}
	desc(f, 0, table_ipa, 300 * 16, INDIRECT, 0);
	assert_int_equal(offer_and_pop(f, 0), 1);
	assert_int_equal(f->chain.out_count, 256);
	driver_desc(&f->driver, table_ipa, 255, DRIVER_DATA_IPA, 1, NEXT, 256);
	driver_offer(&f->driver, 0);
	((uint16_t *)(void *)(f->driver.bytes + 0x1000))[3] = 0;
	assert_int_equal(pop(f), -EINVAL);
}

/* Random descriptors: whatever is accepted lies in RAM, and every walk ends. */
static void random_tables_are_harmless(void **state)
{
	struct fixture *f = *state;
	unsigned accepted = 0;
	unsigned seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		restart(f);
		for (unsigned i = 0; i < 16; i++) {
			uint64_t ipa = DRIVER_RAM_IPA + ((unsigned)rand_r(&seed) & 0x4FFFF);
			uint64_t table = (i & 8) != 0 ? DRIVER_INDIRECT_IPA : DRIVER_DESC_IPA;

			if (rand_r(&seed) % 4 == 0) {
				ipa = DRIVER_INDIRECT_IPA;
			}
			driver_desc(&f->driver, table, i & 7, ipa,
				    ((unsigned)rand_r(&seed) & 0xFF) * 16,
				    (uint16_t)(rand_r(&seed) & 7), (uint16_t)(rand_r(&seed) % 9));
		}
		if (offer_and_pop(f, (uint16_t)(rand_r(&seed) % 9)) != 1) {
			continue;
		}
		accepted++;
		assert_true(f->chain.out_count + f->chain.in_count <= DRIVER_QUEUE_SIZE);
		for (unsigned i = 0; i < f->chain.out_count + f->chain.in_count; i++) {
			const uint8_t *base = f->chain.iov[i].iov_base;

			assert_true(base >= f->driver.bytes);
			assert_true(base + f->chain.iov[i].iov_len <=
				    f->driver.bytes + DRIVER_RAM_BYTES);
		}
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(chain_comes_through, setup),
		cmocka_unit_test_setup(indirect_chain_comes_through, setup),
		cmocka_unit_test_setup(indices_wrap, setup),
		cmocka_unit_test_setup(bad_memory_is_refused, setup),
		cmocka_unit_test_setup(loops_end, setup),
		cmocka_unit_test_setup(bad_links_are_refused, setup),
		cmocka_unit_test_setup(unpopped_requests_come_again, setup),
		cmocka_unit_test_setup(bad_shapes_are_refused, setup),
		cmocka_unit_test_setup(runaway_index_is_refused, setup),
		cmocka_unit_test_setup(longest_chain_fits, setup),
		cmocka_unit_test_setup(random_tables_are_harmless, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
