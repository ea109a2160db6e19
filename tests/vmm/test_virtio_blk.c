/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_blk.h and disk_file.h, through the queue as a guest uses it. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "devices/virtio_blk.h"
#include "temp_file.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define SECTORS 64
#define DISK_BYTES (SECTORS * 512)
#define HEADER_IPA DRIVER_DATA_IPA
#define STATUS_IPA (DRIVER_DATA_IPA + 0x100)
#define BUFFER_IPA (DRIVER_DATA_IPA + 0x1000)
#define BUFFER_SIZE 0x30000
#define LOAD_BYTES 0x30000
#define FEATURE(b) (UINT64_C(1) << (b))
#define NO_ANSWER 0xEEU

struct fixture {
	struct temp_dir dir;
	char path[128];
	struct driver driver;
	struct virtio_blk blk;
	struct irq_probe irq;
	unsigned lines;
	char line[256];
};

static void take_line(void *ctx, const char *msg)
{
	struct fixture *f = ctx;

	f->lines++;
	(void)snprintf(f->line, sizeof(f->line), "%s", msg);
}

static void start(struct fixture *f, bool read_only, uint64_t features)
{
	struct virtio_blk_setup setup = {
		.path = f->path,
		.read_only = read_only,
		.serial = "torpor-0123456789abcdefg",
		.log = take_line,
		.log_ctx = f,
		.irq = irq_probe_line(&f->irq),
	};
	struct vmm_error err;

	driver_init(&f->driver);
	assert_int_equal(virtio_blk_init(&f->blk, &setup, &f->driver.ram, &err), 0);
	f->driver.mmio = &f->blk.mmio;
	driver_start(&f->driver, features);
}

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	temp_dir_make(&f.dir);
	(void)snprintf(f.path, sizeof(f.path), "%s", temp_path(&f.dir, "disk"));
	temp_zeros(&f.dir, "disk", DISK_BYTES);
	start(&f, false, FEATURE(VIRTIO_BLK_F_FLUSH));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	virtio_blk_destroy(&f->blk);
	temp_dir_remove(&f->dir);
	return 0;
}

static void restart(struct fixture *f, bool read_only, uint64_t features)
{
	virtio_blk_destroy(&f->blk);
	start(f, read_only, features);
}

static uint8_t *buffer(struct fixture *f)
{
	return guest_ram_at(&f->driver.ram, BUFFER_IPA, BUFFER_SIZE);
}

static uint8_t *status_byte(struct fixture *f)
{
	return guest_ram_at(&f->driver.ram, STATUS_IPA, 1);
}

/* Header, data (if any), status: the shape that Linux uses. */
static void prepare(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
		    bool write)
{
	struct virtio_blk_outhdr header = {.type = type, .sector = sector};
	uint16_t data_flags = (uint16_t)(NEXT | (write ? 0 : WRITE));

	memcpy(guest_ram_at(&f->driver.ram, HEADER_IPA, sizeof(header)), &header, sizeof(header));
	*status_byte(f) = NO_ANSWER;
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, sizeof(header), NEXT,
		    len_bytes != 0 ? 1 : 2);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 1, BUFFER_IPA, len_bytes, data_flags, 2);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 2, STATUS_IPA, 1, WRITE, 0);
	driver_offer(&f->driver, 0);
}

static uint8_t request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
		       bool write)
{
	uint32_t head;
	uint32_t written;

	prepare(f, type, sector, len_bytes, write);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(head, 0);
	if (type == VIRTIO_BLK_T_IN) {
		assert_int_equal(written, len_bytes + 1);
	}
	return *status_byte(f);
}

static uint8_t read_request(struct fixture *f, uint64_t sector, uint32_t len_bytes)
{
	return request(f, VIRTIO_BLK_T_IN, sector, len_bytes, false);
}

static uint8_t write_request(struct fixture *f, uint64_t sector, uint32_t len_bytes)
{
	return request(f, VIRTIO_BLK_T_OUT, sector, len_bytes, true);
}

/* Put another file in the place of the disk's, to make its accesses fail. */
static void replace_file(struct fixture *f, const char *path)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_true(dup2(fd, f->blk.file.fd) >= 0);
	assert_int_equal(close(fd), 0);
}

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

	memset(buffer(f), 0x5A, 1024);
	assert_int_equal(write_request(f, 3, 1024), VIRTIO_BLK_S_OK);
	memset(buffer(f), 0, 1024);
	assert_int_equal(read_request(f, 4, 1024), VIRTIO_BLK_S_OK);
	assert_int_equal(buffer(f)[0], 0x5A);
	assert_int_equal(buffer(f)[511], 0x5A);
	assert_int_equal(buffer(f)[512], 0);
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

	memset(buffer(f), 0x77, 512);
	assert_int_equal(write_request(f, 0, 512), VIRTIO_BLK_S_OK);
	memset(buffer(f), 0, 1024);
	prepare(f, VIRTIO_BLK_T_IN, 0, 512, false);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, 5, NEXT, 3);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 3, HEADER_IPA + 5, 11, NEXT, 4);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 4, BUFFER_IPA, 100, NEXT | WRITE, 5);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 5, BUFFER_IPA + 100, 413, WRITE, 0);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(written, 513);
	assert_int_equal(buffer(f)[511], 0x77);
	assert_int_equal(buffer(f)[512], VIRTIO_BLK_S_OK);
}

static void requests_past_the_end_fail(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_request(f, SECTORS - 1, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(read_request(f, SECTORS, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(read_request(f, SECTORS - 1, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(write_request(f, SECTORS - 1, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(write_request(f, UINT64_MAX, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(write_request(f, UINT64_MAX / 512 + 1, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(read_request(f, 0, 100), VIRTIO_BLK_S_IOERR);
	/* These are the guest's own mistakes, nothing for the operator. */
	assert_int_equal(f->lines, 0);
}

static void other_requests(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(request(f, VIRTIO_BLK_T_GET_ID, 0, 20, false), VIRTIO_BLK_S_OK);
	assert_memory_equal(buffer(f), "torpor-0123456789abc", 20);
	memset(buffer(f), 0, 20);
	assert_int_equal(request(f, VIRTIO_BLK_T_GET_ID, 0, 6, false), VIRTIO_BLK_S_OK);
	assert_string_equal((const char *)buffer(f), "torpor");
	assert_int_equal(request(f, VIRTIO_BLK_T_DISCARD, 0, 16, true), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(request(f, 0xFFFFFFFF, 0, 16, false), VIRTIO_BLK_S_UNSUPP);
}

static void read_only_disk_is_not_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & FEATURE(VIRTIO_BLK_F_RO), 0);
	restart(f, true, FEATURE(VIRTIO_BLK_F_RO) | FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_not_equal(
		driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & FEATURE(VIRTIO_BLK_F_RO), 0);
	assert_int_equal(read_request(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(write_request(f, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(f->lines, 0);
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
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
	assert_int_equal(read_request(f, 0, 512), VIRTIO_BLK_S_OK);
}

/* The file has become shorter: an I/O error each time, one line in all. */
static void read_error_is_logged_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(truncate(f->path, 512), 0);
	assert_int_equal(read_request(f, 0, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(read_request(f, 8, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(read_request(f, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(f->lines, 1);
	assert_non_null(strstr(f->line, f->path));
	assert_non_null(strstr(f->line, "read at sector 0"));
}

static void full_disk_is_an_io_error(void **state)
{
	struct fixture *f = *state;

	replace_file(f, "/dev/full");
	assert_int_equal(write_request(f, 5, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(write_request(f, 6, 512), VIRTIO_BLK_S_IOERR);
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
	replace_file(f, "/dev/null");
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_IOERR);
	replace_file(f, f->path);
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(virtio_blk_flush(&f->blk), -EINVAL);
	assert_int_equal(f->lines, 1);
}

/* A driver that did not negotiate flushes relies on each write: it fails if it is not durable. */
static void write_is_durable_without_flush_feature(void **state)
{
	struct fixture *f = *state;

	replace_file(f, "/dev/null");
	assert_int_equal(write_request(f, 0, 512), VIRTIO_BLK_S_OK);
	driver_start(&f->driver, 0);
	assert_int_equal(write_request(f, 0, 512), VIRTIO_BLK_S_IOERR);
}

/* What was queued, even without a notification, is done by the drain; later things are not. */
static void drain_completes_then_stops(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	memset(buffer(f), 0x33, 512);
	prepare(f, VIRTIO_BLK_T_OUT, 1, 512, true);
	virtio_blk_drain(&f->blk);
	assert_int_equal(*status_byte(f), VIRTIO_BLK_S_OK);
	assert_true(driver_wait(&f->driver, &head, &written));
	prepare(f, VIRTIO_BLK_T_IN, 1, 512, false);
	driver_kick(&f->driver);
	virtio_blk_drain(&f->blk);
	(void)usleep(20000);
	assert_int_equal(*status_byte(f), NO_ANSWER);
	assert_int_equal(virtio_blk_flush(&f->blk), 0);
	virtio_blk_resume(&f->blk);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(*status_byte(f), VIRTIO_BLK_S_OK);
}

/* Once a reset is done, the memory of requests is the driver's again: nothing writes to it. */
static void reset_under_load(void **state)
{
	struct fixture *f = *state;
	uint8_t *end = buffer(f) + LOAD_BYTES - 1;

	temp_zeros(&f->dir, "disk", 1 << 20);
	restart(f, false, FEATURE(VIRTIO_BLK_F_FLUSH));
	for (unsigned i = 0; i < 400; i++) {
		/* Four times the same request: its memory is left alone once one is offered. */
		prepare(f, VIRTIO_BLK_T_IN, 0, LOAD_BYTES, false);
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
	assert_int_equal(read_request(f, 0, 512), VIRTIO_BLK_S_OK);
}

static void refused(const char *path, bool read_only, int ret, const char *text)
{
	struct disk_file disk;
	struct vmm_error err;

	assert_int_equal(disk_file_open(&disk, path, read_only, &err), ret);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, text));
}

/* One line that names the file, what was expected, and what would mend it. */
static void bad_files_are_refused(void **state)
{
	struct fixture *f = *state;

	refused(temp_path(&f->dir, "none"), false, -ENOENT, "does not exist");
	refused(f->dir.path, false, -EISDIR, "directory");
	refused(f->dir.path, true, -EISDIR, "directory");
	temp_zeros(&f->dir, "odd", 1000);
	refused(temp_path(&f->dir, "odd"), false, -EINVAL, "1000 bytes");
	temp_zeros(&f->dir, "empty", 0);
	refused(temp_path(&f->dir, "empty"), false, -EINVAL, "empty");
	refused("/dev/null", false, -EINVAL, "neither");
	assert_int_equal(mkfifo(temp_path(&f->dir, "fifo"), 0600), 0);
	refused(temp_path(&f->dir, "fifo"), true, -EINVAL, "neither");
	if (geteuid() != 0) {
		assert_int_equal(chmod(f->path, 0400), 0);
		refused(f->path, false, -EACCES, ",ro");
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(config_tells_size),
		T(what_is_written_is_read),
		T(any_framing_is_taken),
		T(requests_past_the_end_fail),
		T(other_requests),
		T(read_only_disk_is_not_written),
		T(malformed_request_needs_a_reset),
		T(read_error_is_logged_once),
		T(full_disk_is_an_io_error),
		T(failed_flush_is_remembered),
		T(write_is_durable_without_flush_feature),
		T(drain_completes_then_stops),
		T(reset_under_load),
		T(bad_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
