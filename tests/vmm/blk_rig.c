/* SPDX-License-Identifier: BSD-3-Clause */
#include "blk_rig.h"

#include <errno.h>
#include <liburing.h>
#include <string.h>

/* What reading an eventfd comes to. */
#define SIGNAL_BYTES 8

/* Atomic: the ring is its thread's. */
static struct {
	int init_error;
	int error;
	unsigned good;
	int next;
	bool has_next;
} ring;

/* Set while the device's threads have nothing to do; pwritev() is called by this name. */
static struct {
	void (*hook)(void *ctx);
	void *ctx;
} writes;

ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
int __real_io_uring_queue_init(unsigned entries, struct io_uring *of, unsigned flags);
int __wrap_io_uring_queue_init(unsigned entries, struct io_uring *of, unsigned flags);
unsigned __real_io_uring_peek_batch_cqe(struct io_uring *of, struct io_uring_cqe **cqes,
					unsigned count);
unsigned __wrap_io_uring_peek_batch_cqe(struct io_uring *of, struct io_uring_cqe **cqes,
					unsigned count);

int __wrap_io_uring_queue_init(unsigned entries, struct io_uring *of, unsigned flags)
{
	int error = __atomic_load_n(&ring.init_error, __ATOMIC_RELAXED);

	return error != 0 ? -error : __real_io_uring_queue_init(entries, of, flags);
}

static void falsify(struct io_uring_cqe *cqe)
{
	int error = __atomic_load_n(&ring.error, __ATOMIC_ACQUIRE);

	if (cqe->res == SIGNAL_BYTES) {
		return;
	}
	if (__atomic_exchange_n(&ring.has_next, false, __ATOMIC_ACQUIRE)) {
		cqe->res = __atomic_load_n(&ring.next, __ATOMIC_RELAXED);
	} else if (error != 0 && __atomic_load_n(&ring.good, __ATOMIC_RELAXED) > 0) {
		(void)__atomic_sub_fetch(&ring.good, 1, __ATOMIC_RELAXED);
	} else if (error != 0) {
		cqe->res = -error;
	}
}

unsigned __wrap_io_uring_peek_batch_cqe(struct io_uring *of, struct io_uring_cqe **cqes,
					unsigned count)
{
	unsigned got = __real_io_uring_peek_batch_cqe(of, cqes, count);

	for (unsigned i = 0; i < got; i++) {
		falsify(cqes[i]);
	}
	return got;
}

ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset)
{
	if (writes.hook != NULL) {
		writes.hook(writes.ctx);
	}
	return __real_pwritev64(fd, iov, count, offset);
}

void blk_rig_on_write(void (*hook)(void *ctx), void *ctx)
{
	writes.hook = hook;
	writes.ctx = ctx;
}

void blk_rig_no_uring(int error)
{
	__atomic_store_n(&ring.init_error, error, __ATOMIC_RELAXED);
}

void blk_rig_next_result(int res)
{
	__atomic_store_n(&ring.next, res, __ATOMIC_RELAXED);
	__atomic_store_n(&ring.has_next, true, __ATOMIC_RELEASE);
}

/* Put another file in the place of the disk's. */
static void replace_file(struct fixture *f, const char *path)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_true(dup2(fd, f->blk.file.fd) >= 0);
	assert_int_equal(close(fd), 0);
}

void blk_rig_break(struct fixture *f, const char *path, unsigned good, int error)
{
	if (path != NULL) {
		replace_file(f, path);
	}
	/* It has its own hold on the file, but for writes. */
	__atomic_store_n(&ring.good, good, __ATOMIC_RELAXED);
	__atomic_store_n(&ring.error, error, __ATOMIC_RELEASE);
}

void blk_rig_mend(struct fixture *f)
{
	__atomic_store_n(&ring.error, 0, __ATOMIC_RELEASE);
	replace_file(f, f->path);
}

static void take_line(void *ctx, const char *msg)
{
	struct fixture *f = ctx;

	f->lines++;
	(void)snprintf(f->line, sizeof(f->line), "%s", msg);
}

static void start(struct fixture *f, uint64_t features)
{
	struct vmm_error err;

	driver_init(&f->driver);
	assert_int_equal(virtio_blk_init(&f->blk, &f->setup, &f->driver.ram, &err), 0);
	f->driver.mmio = &f->blk.mmio;
	driver_start(&f->driver, features);
}

static int setup(void **state, enum disk_aio aio)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	memset(&ring, 0, sizeof(ring));
	memset(&writes, 0, sizeof(writes));
	temp_dir_make(&f.dir);
	(void)snprintf(f.path, sizeof(f.path), "%s", temp_path(&f.dir, "disk"));
	temp_zeros(&f.dir, "disk", DISK_BYTES);
	f.setup = (struct virtio_blk_setup){
		.path = f.path,
		.discard = true,
		.queue_count = 1,
		.aio = aio,
		.serial = "torpor-0123456789abcdefg",
		.log = take_line,
		.log_ctx = &f,
		.irq = irq_probe_line(&f.irq),
	};
	start(&f, FEATURE(VIRTIO_BLK_F_FLUSH));
	assert_int_equal(f.blk.aio, aio);
	*state = &f;
	return 0;
}

int blk_rig_setup_threads(void **state)
{
	return setup(state, DISK_AIO_THREADS);
}

int blk_rig_setup_uring(void **state)
{
	return setup(state, DISK_AIO_IO_URING);
}

int blk_rig_teardown(void **state)
{
	struct fixture *f = *state;

	virtio_blk_destroy(&f->blk);
	temp_dir_remove(&f->dir);
	return 0;
}

void blk_rig_restart(struct fixture *f, uint64_t features)
{
	virtio_blk_destroy(&f->blk);
	start(f, features);
}

uint8_t *blk_rig_buffer(struct fixture *f)
{
	return guest_ram_at(&f->driver.ram, BUFFER_IPA, BUFFER_SIZE);
}

uint8_t *blk_rig_status(struct fixture *f)
{
	return guest_ram_at(&f->driver.ram, STATUS_IPA, 1);
}

void blk_rig_prepare(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
		     bool write)
{
	struct virtio_blk_outhdr header = {.type = type, .sector = sector};
	uint16_t data_flags = (uint16_t)(NEXT | (write ? 0 : WRITE));

	memcpy(guest_ram_at(&f->driver.ram, HEADER_IPA, sizeof(header)), &header, sizeof(header));
	*blk_rig_status(f) = NO_ANSWER;
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, HEADER_IPA, sizeof(header), NEXT,
		    len_bytes != 0 ? 1 : 2);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 1, BUFFER_IPA, len_bytes, data_flags, 2);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 2, STATUS_IPA, 1, WRITE, 0);
	driver_offer(&f->driver, 0);
}

uint8_t blk_rig_request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
			bool write)
{
	uint32_t head;
	uint32_t written;

	blk_rig_prepare(f, type, sector, len_bytes, write);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(head, 0);
	if (type == VIRTIO_BLK_T_IN) {
		assert_int_equal(written, len_bytes + 1);
	}
	return *blk_rig_status(f);
}

uint8_t blk_rig_read(struct fixture *f, uint64_t sector, uint32_t len_bytes)
{
	return blk_rig_request(f, VIRTIO_BLK_T_IN, sector, len_bytes, false);
}

uint8_t blk_rig_write(struct fixture *f, uint64_t sector, uint32_t len_bytes)
{
	return blk_rig_request(f, VIRTIO_BLK_T_OUT, sector, len_bytes, true);
}
