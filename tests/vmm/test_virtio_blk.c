/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_blk.h, through the queue as a guest uses it, for each kind of I/O. */
#include "blk_rig.h"

#include <errno.h>
#include <string.h>

#include "devices/blk_worker.h"

#define LOAD_BYTES 0x30000
/* A second queue, past the first one's buffer. */
#define SECOND_DESC_IPA (DRIVER_DATA_IPA + 0x33000)
#define SECOND_AVAIL_IPA (DRIVER_DATA_IPA + 0x33400)
#define SECOND_USED_IPA (DRIVER_DATA_IPA + 0x33800)
#define SECOND_STATUS_IPA (DRIVER_DATA_IPA + 0x33C00)
#define SECOND_BUFFER_IPA (DRIVER_DATA_IPA + 0x34000)

static void config_tells_size(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 2);
	assert_int_equal(driver_get(&f->driver, 0x100), SECTORS);
	assert_int_equal(driver_get(&f->driver, 0x104), 0);
	assert_int_equal(driver_get(&f->driver, 0x100 + 12), VIRTQ_SIZE_MAX - 2);
	assert_int_equal(driver_get(&f->driver, 0x100 + 20), 512);
	assert_int_equal(driver_get(&f->driver, 0x100 + 60), 0);
}

static void what_is_written_is_read(void **state)
{
	struct fixture *f = *state;
	uint8_t in_file[1024];
	int fd;

	memset(blk_rig_buffer(f), 0x5A, 1024);
	assert_int_equal(blk_rig_write(f, 3, 1024), VIRTIO_BLK_S_OK);
	memset(blk_rig_buffer(f), 0, 1024);
	assert_int_equal(blk_rig_read(f, 4, 1024), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_buffer(f)[0], 0x5A);
	assert_int_equal(blk_rig_buffer(f)[511], 0x5A);
	assert_int_equal(blk_rig_buffer(f)[512], 0);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(pread(fd, in_file, sizeof(in_file), 3 * 512), sizeof(in_file));
	assert_int_equal(close(fd), 0);
	assert_int_equal(in_file[1023], 0x5A);
	assert_true(f->irq.rises > 0);
}

/* Header and data split in other ways, the status in one segment with the data. */
static void any_framing_is_taken(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	memset(blk_rig_buffer(f), 0x77, 512);
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_OK);
	memset(blk_rig_buffer(f), 0, 1024);
	blk_rig_prepare(f, VIRTIO_BLK_T_IN, 0, 512, false);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, 5, NEXT, 3);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 3, HEADER_IPA + 5, 11, NEXT, 4);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 4, BUFFER_IPA, 100, NEXT | WRITE, 5);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 5, BUFFER_IPA + 100, 413, WRITE, 0);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(written, 513);
	assert_int_equal(blk_rig_buffer(f)[511], 0x77);
	assert_int_equal(blk_rig_buffer(f)[512], VIRTIO_BLK_S_OK);
}

static void requests_past_the_end_fail(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(blk_rig_read(f, SECTORS - 1, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_read(f, SECTORS, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_read(f, SECTORS - 1, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_write(f, SECTORS - 1, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_write(f, UINT64_MAX, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_write(f, UINT64_MAX / 512 + 1, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_read(f, 0, 100), VIRTIO_BLK_S_IOERR);
	/* These are the guest's own mistakes, nothing for the operator. */
	assert_int_equal(f->lines, 0);
}

static void other_requests(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_GET_ID, 0, 20, false), VIRTIO_BLK_S_OK);
	assert_memory_equal(blk_rig_buffer(f), "torpor-0123456789abc", 20);
	memset(blk_rig_buffer(f), 0, 20);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_GET_ID, 0, 6, false), VIRTIO_BLK_S_OK);
	assert_string_equal((const char *)blk_rig_buffer(f), "torpor");
	assert_int_equal(blk_rig_request(f, 0xFFFFFFFF, 0, 16, false), VIRTIO_BLK_S_UNSUPP);
}

static void read_only_disk_is_not_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & FEATURE(VIRTIO_BLK_F_RO), 0);
	f->setup.read_only = true;
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_RO) | FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_not_equal(
		driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & FEATURE(VIRTIO_BLK_F_RO), 0);
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(f->lines, 0);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(virtio_blk_flush(&f->blk), 0);
}

/* No header, no room for the status: there is nobody to answer to. */
static void malformed_request_needs_a_reset(void **state)
{
	struct fixture *f = *state;

	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, 16, 0, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
	assert_true(driver_needs_reset(&f->driver, 10000));
	driver_start(&f->driver, 0);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, 15, NEXT, 1);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 1, STATUS_IPA, 1, WRITE, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
	assert_true(driver_needs_reset(&f->driver, 10000));
	driver_start(&f->driver, FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
}

/* The file has become shorter: an I/O error each time, one line in all. */
static void read_error_is_logged_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(truncate(f->path, 512), 0);
	assert_int_equal(blk_rig_read(f, 0, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_read(f, 8, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(f->lines, 1);
	assert_non_null(strstr(f->line, f->path));
	assert_non_null(strstr(f->line, "read at sector 0"));
}

static void full_disk_is_an_io_error(void **state)
{
	struct fixture *f = *state;

	blk_rig_break(f, "/dev/full", 0, ENOSPC);
	assert_int_equal(blk_rig_write(f, 5, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_write(f, 6, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(f->lines, 1);
	assert_non_null(strstr(f->line, "write at sector 5"));
	assert_non_null(strstr(f->line, strerror(ENOSPC)));
}

/* A flush that failed once never becomes a success for whoever ends the machine. */
static void failed_flush_is_remembered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(virtio_blk_flush(&f->blk), 0);
	/* A device without a medium: fdatasync() says EINVAL. */
	blk_rig_break(f, "/dev/null", 0, EINVAL);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_IOERR);
	blk_rig_mend(f);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(virtio_blk_flush(&f->blk), -EINVAL);
	assert_int_equal(f->lines, 1);
}

/* A driver that did not negotiate flushes relies on each write: it fails if it is not durable. */
static void write_is_durable_without_flush_feature(void **state)
{
	struct fixture *f = *state;

	blk_rig_break(f, "/dev/null", 0, EINVAL);
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_OK);
	driver_start(&f->driver, 0);
	assert_int_equal(blk_rig_write(f, 0, 512), VIRTIO_BLK_S_IOERR);
}

/* What was queued, even without a notification, is done by the drain; later things are not. */
static void drain_completes_then_stops(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	memset(blk_rig_buffer(f), 0x33, 512);
	blk_rig_prepare(f, VIRTIO_BLK_T_OUT, 1, 512, true);
	virtio_blk_drain(&f->blk);
	assert_int_equal(*blk_rig_status(f), VIRTIO_BLK_S_OK);
	assert_true(driver_wait(&f->driver, &head, &written));
	blk_rig_prepare(f, VIRTIO_BLK_T_IN, 1, 512, false);
	driver_kick(&f->driver);
	virtio_blk_drain(&f->blk);
	(void)usleep(20000);
	assert_int_equal(*blk_rig_status(f), NO_ANSWER);
	assert_int_equal(virtio_blk_flush(&f->blk), 0);
	virtio_blk_resume(&f->blk);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(*blk_rig_status(f), VIRTIO_BLK_S_OK);
}

/* However fast the driver queues, a drain takes as many as it may and no more. */
static void budget_bounds_a_drain(void **state)
{
	struct fixture *f = *state;
	struct blk_worker *worker = &f->blk.workers[0];

	virtio_blk_drain(&f->blk);
	assert_false(blk_worker_may_take(worker));
	worker->budget = 2;
	assert_true(blk_worker_may_take(worker));
	assert_true(blk_worker_may_take(worker));
	assert_false(blk_worker_may_take(worker));
	virtio_blk_resume(&f->blk);
	assert_true(blk_worker_may_take(worker));
}

struct flood {
	struct driver *driver;
	bool stop; /* atomic */
};

/* Keeps the queue full, whatever comes back. */
static void *flood_main(void *arg)
{
	struct flood *flood = arg;
	uint16_t offered = flood->driver->avail_at;

	while (!__atomic_load_n(&flood->stop, __ATOMIC_RELAXED)) {
		if ((uint16_t)(offered - driver_used(flood->driver)) < DRIVER_QUEUE_SIZE) {
			driver_offer(flood->driver, 0);
			offered++;
		}
	}
	return NULL;
}

/* A driver that never stops queueing is cut off: the drain ends all the same. */
static void drain_under_flood(void **state)
{
	struct fixture *f = *state;
	struct flood flood = {.driver = &f->driver};
	pthread_t thread;

	blk_rig_prepare(f, VIRTIO_BLK_T_IN, 0, 512, false);
	assert_int_equal(pthread_create(&thread, NULL, flood_main, &flood), 0);
	driver_kick(&f->driver);
	(void)usleep(1000);
	(void)alarm(30);
	virtio_blk_drain(&f->blk);
	(void)alarm(0);
	__atomic_store_n(&flood.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Once a reset is done, the memory of requests is the driver's again: nothing writes to it. */
static void reset_under_load(void **state)
{
	struct fixture *f = *state;
	uint8_t *end = blk_rig_buffer(f) + LOAD_BYTES - 1;

	temp_zeros(&f->dir, "disk", 1 << 20);
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_FLUSH));
	for (unsigned i = 0; i < 400; i++) {
		/* Four times the same request: its memory is left alone once one is offered. */
		blk_rig_prepare(f, VIRTIO_BLK_T_IN, 0, LOAD_BYTES, false);
		for (unsigned j = 1; j < 4; j++) {
			driver_offer(&f->driver, 0);
		}
		driver_kick(&f->driver);
		(void)usleep(i % 100);
		driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
		*end = 0x99;
		(void)usleep(50);
		assert_int_equal(*end, 0x99);
		driver_start(&f->driver, FEATURE(VIRTIO_BLK_F_FLUSH));
		assert_int_equal(driver_used(&f->driver), 0);
	}
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
}

/* The ring's own ways to say that it has not done all: each is gone on with. */
static void short_results_are_continued(void **state)
{
	static const int results[] = {512, 1024, -EAGAIN, -EINTR};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		memset(blk_rig_buffer(f), 0x40 + (int)i, 4096);
		assert_int_equal(blk_rig_write(f, 8, 4096), VIRTIO_BLK_S_OK);
		memset(blk_rig_buffer(f), 0, 4096);
		blk_rig_next_result(results[i]);
		assert_int_equal(blk_rig_read(f, 8, 4096), VIRTIO_BLK_S_OK);
		for (unsigned byte = 0; byte < 4096; byte++) {
			assert_int_equal(blk_rig_buffer(f)[byte], 0x40 + i);
		}
	}
	blk_rig_next_result(0);
	assert_int_equal(blk_rig_read(f, 8, 4096), VIRTIO_BLK_S_IOERR);
}

/* Eight requests of the driver, over and over, until the device is gone in the middle of them. */
static void destroy_under_load(void **state)
{
	struct fixture *f = *state;

	temp_zeros(&f->dir, "disk", 1 << 20);
	for (unsigned i = 0; i < 50; i++) {
		blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_FLUSH));
		blk_rig_prepare(f, VIRTIO_BLK_T_IN, 0, LOAD_BYTES, false);
		for (unsigned j = 1; j < DRIVER_QUEUE_SIZE; j++) {
			driver_offer(&f->driver, 0);
		}
		driver_kick(&f->driver);
		(void)usleep(i * 10 % 100);
	}
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
}

static void second_queue_start(struct fixture *f)
{
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, DRIVER_QUEUE_SIZE);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)SECOND_DESC_IPA);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)SECOND_AVAIL_IPA);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)SECOND_USED_IPA);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

static uint8_t *second_status(struct fixture *f)
{
	return guest_ram_at(&f->driver.ram, SECOND_STATUS_IPA, 1);
}

/* The @nth request of the second queue: reads the first sector. */
static void second_offer(struct fixture *f, uint16_t nth)
{
	struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_IN};
	uint16_t *avail = guest_ram_at(&f->driver.ram, SECOND_AVAIL_IPA, 64);

	memcpy(guest_ram_at(&f->driver.ram, SECOND_STATUS_IPA + 64, sizeof(header)), &header,
	       sizeof(header));
	*second_status(f) = NO_ANSWER;
	driver_desc(&f->driver, SECOND_DESC_IPA, 0, SECOND_STATUS_IPA + 64, sizeof(header), NEXT,
		    1);
	driver_desc(&f->driver, SECOND_DESC_IPA, 1, SECOND_BUFFER_IPA, 512, NEXT | WRITE, 2);
	driver_desc(&f->driver, SECOND_DESC_IPA, 2, SECOND_STATUS_IPA, 1, WRITE, 0);
	avail[2 + nth % DRIVER_QUEUE_SIZE] = 0;
	__atomic_store_n(&avail[1], (uint16_t)(nth + 1), __ATOMIC_SEQ_CST);
}

static bool second_wait(struct fixture *f, uint16_t count)
{
	uint16_t *used = guest_ram_at(&f->driver.ram, SECOND_USED_IPA, 64);

	for (unsigned i = 0; i < 50000; i++) {
		if (__atomic_load_n(&used[1], __ATOMIC_ACQUIRE) == count) {
			return *second_status(f) == VIRTIO_BLK_S_OK;
		}
		(void)usleep(200);
	}
	return false;
}

/* Each queue is served by its own notification, and a drain completes both. */
static void several_queues(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	assert_int_equal(
		driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & FEATURE(VIRTIO_BLK_F_MQ), 0);
	f->setup.queue_count = 2;
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_MQ) | FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_equal(driver_get(&f->driver, 0x100 + 32) >> 16, 2);
	assert_int_equal(f->blk.worker_count, f->blk.aio == DISK_AIO_THREADS ? 2 : 1);
	second_queue_start(f);
	second_offer(f, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	assert_true(second_wait(f, 1));
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
	second_offer(f, 1);
	blk_rig_prepare(f, VIRTIO_BLK_T_IN, 1, 512, false);
	virtio_blk_drain(&f->blk);
	assert_int_equal(*second_status(f), VIRTIO_BLK_S_OK);
	assert_int_equal(*blk_rig_status(f), VIRTIO_BLK_S_OK);
	assert_true(driver_wait(&f->driver, &head, &written));
	second_offer(f, 2);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	(void)usleep(20000);
	assert_int_equal(*second_status(f), NO_ANSWER);
	virtio_blk_resume(&f->blk);
	assert_true(second_wait(f, 3));
}

#define WRITES_MAX 5000

struct writes {
	struct fixture *f;
	unsigned count; /* atomic */
	unsigned at_second; /* of those, before the second queue had its answer; atomic */
};

/* The device's thread is writing: the driver has the next one for it, so that it is never done. */
static void on_write(void *ctx)
{
	struct writes *writes = ctx;
	unsigned count = __atomic_add_fetch(&writes->count, 1, __ATOMIC_ACQ_REL);

	if (count == 1) {
		second_offer(writes->f, 0);
		driver_set(&writes->f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	}
	if (__atomic_load_n(second_status(writes->f), __ATOMIC_ACQUIRE) == NO_ANSWER) {
		__atomic_store_n(&writes->at_second, count, __ATOMIC_RELEASE);
	}
	if (count < WRITES_MAX) {
		driver_offer(&writes->f->driver, 0);
	}
}

/* However much there is to do in one queue, the other gets its turn, and answers come back. */
static void busy_queue_holds_up_no_other(void **state)
{
	struct fixture *f = *state;
	struct writes writes = {.f = f};

	f->setup.queue_count = 2;
	blk_rig_restart(f, FEATURE(VIRTIO_BLK_F_MQ) | FEATURE(VIRTIO_BLK_F_FLUSH));
	second_queue_start(f);
	blk_rig_prepare(f, VIRTIO_BLK_T_OUT, 0, 512, true);
	blk_rig_on_write(on_write, &writes);
	driver_kick(&f->driver);
	assert_true(second_wait(f, 1));
	virtio_blk_drain(&f->blk);
	assert_in_range(__atomic_load_n(&writes.at_second, __ATOMIC_ACQUIRE), 1, WRITES_MAX / 2);
}

/* Without io_uring on the host: threads, unless it was asked for by name. */
static void host_without_io_uring(void **state)
{
	struct fixture *f = *state;
	struct virtio_blk other;
	struct vmm_error err;

	blk_rig_no_uring(EPERM);
	virtio_blk_destroy(&f->blk);
	f->setup.aio = DISK_AIO_IO_URING;
	assert_int_equal(virtio_blk_init(&other, &f->setup, &f->driver.ram, &err), -EPERM);
	assert_non_null(strstr(err.text, f->path));
	assert_non_null(strstr(err.text, "sysctl kernel.io_uring_disabled"));
	assert_non_null(strstr(err.text, "aio=threads"));
	blk_rig_no_uring(EMFILE);
	assert_int_equal(virtio_blk_init(&other, &f->setup, &f->driver.ram, &err), -EMFILE);
	assert_non_null(strstr(err.text, "ulimit -n"));
	blk_rig_no_uring(EINVAL);
	assert_int_equal(virtio_blk_init(&other, &f->setup, &f->driver.ram, &err), -EINVAL);
	assert_null(strstr(err.text, "sysctl"));
	assert_non_null(strstr(err.text, "aio=threads"));
	f->setup.aio = DISK_AIO_AUTO;
	assert_int_equal(virtio_blk_init(&f->blk, &f->setup, &f->driver.ram, &err), 0);
	assert_int_equal(f->blk.aio, DISK_AIO_THREADS);
	f->driver.mmio = &f->blk.mmio;
	driver_start(&f->driver, FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_equal(blk_rig_read(f, 0, 512), VIRTIO_BLK_S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLK_TEST(config_tells_size),
		BLK_TEST(what_is_written_is_read),
		BLK_TEST(any_framing_is_taken),
		BLK_TEST(requests_past_the_end_fail),
		BLK_TEST(other_requests),
		BLK_TEST(read_only_disk_is_not_written),
		BLK_TEST(malformed_request_needs_a_reset),
		BLK_TEST(read_error_is_logged_once),
		BLK_TEST(full_disk_is_an_io_error),
		BLK_TEST(failed_flush_is_remembered),
		BLK_TEST(write_is_durable_without_flush_feature),
		BLK_TEST(drain_completes_then_stops),
		BLK_TEST(budget_bounds_a_drain),
		BLK_TEST(drain_under_flood),
		BLK_TEST(reset_under_load),
		BLK_TEST_URING(short_results_are_continued),
		BLK_TEST(destroy_under_load),
		BLK_TEST(several_queues),
		BLK_TEST_URING(busy_queue_holds_up_no_other),
		BLK_TEST(host_without_io_uring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
