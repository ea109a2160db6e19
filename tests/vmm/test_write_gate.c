/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a disk tells its machine of writes, for each kind of I/O: the first one waits until that is
 * on record, and none passes it; and which parts of the disk were written.
 */
#include "blk_rig.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Who is asked to open the gate; atomic. */
static struct {
	int answer;
	unsigned asked;
	uint32_t holds;
	unsigned writes_seen;
} opener;

static unsigned writes;

static void count_write(void *ctx)
{
	(void)ctx;
	(void)__atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST);
}

static void nap(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	(void)nanosleep(&ms, NULL);
}

static int answer(void *ctx)
{
	(void)ctx;
	(void)__atomic_add_fetch(&opener.asked, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&opener.holds, __ATOMIC_SEQ_CST) != 0) {
		nap();
	}
	opener.writes_seen = __atomic_load_n(&writes, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&opener.answer, __ATOMIC_SEQ_CST);
}

static void with_gate(struct fixture *f, struct write_gate *gate)
{
	memset(&opener, 0, sizeof(opener));
	writes = 0;
	blk_rig_on_write(count_write, NULL);
	assert_int_equal(write_gate_init(gate, answer, NULL), 0);
	f->setup.gate = gate;
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_FLUSH));
}

static void without_gate(struct fixture *f, struct write_gate *gate)
{
	f->setup.gate = NULL;
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_FLUSH));
	write_gate_destroy(gate);
}

static bool is_written(const struct fixture *f)
{
	uint64_t offset;
	uint64_t len_bytes;

	return dirty_map_next(&f->blk.written, 0, &offset, &len_bytes);
}

/* Reads and flushes don't ask; the first write does, once, and before it is done. */
static void first_write_asks_once(void **state)
{
	struct fixture *f = *state;
	struct write_gate gate;

	with_gate(f, &gate);
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_write(f, 0, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(opener.asked, 0);
	assert_false(is_written(f));
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_write(f, 8, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(opener.asked, 1);
	assert_int_equal(opener.writes_seen, 0);
	assert_int_equal(writes, 2);
	assert_true(is_written(f));
	without_gate(f, &gate);
}

/* What changes a disk without writing data asks as well. */
static void discard_and_zeroes_ask(void **state)
{
	static const uint32_t types[] = {VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES};
	const struct virtio_blk_discard_write_zeroes range = {.sector = 8, .num_sectors = 8};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct write_gate gate;

		with_gate(f, &gate);
		opener.answer = -EIO;
		memcpy(blk_rig_buffer(f), &range, sizeof(range));
		assert_int_equal(blk_rig_request(f, types[i], 0, sizeof(range), true),
				 VIRTIO_BLK_S_IOERR);
		assert_false(is_written(f));
		opener.answer = 0;
		assert_int_equal(blk_rig_request(f, types[i], 0, sizeof(range), true),
				 VIRTIO_BLK_S_OK);
		assert_int_equal(opener.asked, 2);
		assert_true(is_written(f));
		without_gate(f, &gate);
	}
}

/* A gate that does not open fails the write, changes nothing, and is asked again by the next. */
static void a_closed_gate_fails_the_write(void **state)
{
	struct fixture *f = *state;
	struct write_gate gate;
	uint8_t in_file[512];
	int fd = open(f->path, O_RDONLY);

	with_gate(f, &gate);
	opener.answer = -ENOSPC;
	memset(blk_rig_buffer(f), 0x5A, 512);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_IOERR);
		assert_int_equal(opener.asked, i);
	}
	assert_int_equal(writes, 0);
	assert_false(is_written(f));
	assert_int_equal(f->lines, 0);
	assert_int_equal(pread(fd, in_file, sizeof(in_file), 0), sizeof(in_file));
	assert_int_equal(in_file[0], 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
	opener.answer = 0;
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(writes, 1);
	without_gate(f, &gate);
}

static void wait_asked(void)
{
	for (unsigned ms = 0; ms < 10000 && __atomic_load_n(&opener.asked, __ATOMIC_SEQ_CST) == 0;
	     ms++) {
		nap();
	}
	assert_int_equal(opener.asked, 1);
}

static void *drain(void *arg)
{
	struct fixture *f = arg;

	virtio_blk_drain(&f->blk);
	return NULL;
}

/* A machine that ends while the first write waits: the end waits as long, and no longer. */
static void an_end_waits_for_the_gate(void **state)
{
	struct fixture *f = *state;
	struct write_gate gate;
	pthread_t thread;

	with_gate(f, &gate);
	opener.holds = 1;
	blk_rig_prepare(f, VIRTIO_BLK_T_OUT, 0, 512, true);
	driver_kick(&f->driver);
	wait_asked();
	assert_int_equal(pthread_create(&thread, NULL, drain, f), 0);
	for (unsigned ms = 0; ms < 20; ms++) {
		nap();
	}
	assert_int_equal(__atomic_load_n(&writes, __ATOMIC_SEQ_CST), 0);
	assert_int_equal(*blk_rig_status(f), NO_ANSWER);
	__atomic_store_n(&opener.holds, 0, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(*blk_rig_status(f), VIRTIO_BLK_S_OK);
	assert_int_equal(writes, 1);
	without_gate(f, &gate);
}

static void *push_through(void *arg)
{
	return (void *)(intptr_t)write_gate_pass(arg);
}

/* Many at once: one asks, and none is through before it has its answer. */
static void one_asks_and_others_wait(void **state)
{
	struct write_gate gate;
	pthread_t threads[4];

	(void)state;
	memset(&opener, 0, sizeof(opener));
	opener.holds = 1;
	assert_int_equal(write_gate_init(&gate, answer, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, push_through, &gate), 0);
	}
	wait_asked();
	for (unsigned ms = 0; ms < 20; ms++) {
		nap();
	}
	assert_int_equal(gate.passed, 0);
	__atomic_store_n(&opener.holds, 0, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < 4; i++) {
		void *ret;

		assert_int_equal(pthread_join(threads[i], &ret), 0);
		assert_null(ret);
	}
	assert_int_equal(opener.asked, 1);
	write_gate_destroy(&gate);
}

/* Stretches of whole MiB, but for the disk's end. */
static void map_gives_stretches(void **state)
{
	static const struct {
		uint64_t from;
		bool found;
		uint64_t offset;
		uint64_t len_bytes;
	} rows[] = {
		{0, true, 0, 2 * DIRTY_GRAIN_BYTES},
		{5, true, 5, 2 * DIRTY_GRAIN_BYTES - 5},
		{2 * DIRTY_GRAIN_BYTES, true, 40 * DIRTY_GRAIN_BYTES, 512},
		{40 * DIRTY_GRAIN_BYTES + 512, false, 0, 0},
		{UINT64_MAX, false, 0, 0},
	};
	struct dirty_map map;

	(void)state;
	assert_int_equal(dirty_map_init(&map, 40 * DIRTY_GRAIN_BYTES + 512), 0);
	dirty_map_mark(&map, 7, 0);
	dirty_map_mark(&map, DIRTY_GRAIN_BYTES - 1, 2);
	dirty_map_mark(&map, 40 * DIRTY_GRAIN_BYTES + 511, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t offset = 0;
		uint64_t len_bytes = 0;

		assert_int_equal(dirty_map_next(&map, rows[i].from, &offset, &len_bytes),
				 rows[i].found);
		assert_int_equal(offset, rows[i].offset);
		assert_int_equal(len_bytes, rows[i].len_bytes);
	}
	dirty_map_destroy(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLK_TEST(first_write_asks_once),
		BLK_TEST(discard_and_zeroes_ask),
		BLK_TEST(a_closed_gate_fails_the_write),
		BLK_TEST(an_end_waits_for_the_gate),
		cmocka_unit_test(one_asks_and_others_wait),
		cmocka_unit_test(map_gives_stretches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
