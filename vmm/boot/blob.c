/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks zlib.h for const input. */
#define ZLIB_CONST

#include "boot/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INFLATE_STEP_BYTES ((size_t)1 << 20)
/* For inflateInit2(): the largest window, and a gzip header instead of zlib's own. */
#define GZIP_WINDOW_BITS (15 + 16)

void blob_free(struct blob *blob)
{
	free(blob->bytes);
	*blob = (struct blob){0};
}

int blob_open(const char *path, const char *what, struct vmm_error *err)
{
	/* Without O_NONBLOCK a FIFO's open would wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;
	int error;

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		return fd;
	}
	if (fd < 0) {
		error = errno;
		vmm_error_set(err, "%s %s cannot be opened: %s", what, path, strerror(error));
		return -error;
	}
	(void)close(fd);
	vmm_error_set(err, "%s %s is not a regular file", what, path);
	return -EINVAL;
}

int blob_size(int fd, const char *path, const char *what, uint64_t *size_bytes,
	      struct vmm_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0) {
		int error = errno;

		vmm_error_set(err, "%s %s cannot be read: %s", what, path, strerror(error));
		return -error;
	}
	if (info.st_size <= 0) {
		vmm_error_set(err, "%s %s is empty", what, path);
		return -EINVAL;
	}
	*size_bytes = (uint64_t)info.st_size;
	return 0;
}

int blob_read_at(int fd, void *to, size_t count, const char *path, const char *what,
		 struct vmm_error *err)
{
	uint8_t *at = to;
	size_t done = 0;

	while (done < count) {
		ssize_t got = pread(fd, at + done, count - done, (off_t)done);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			int error = got < 0 ? errno : EIO;

			vmm_error_set(err, "%s %s cannot be read: %s", what, path,
				      got < 0 ? strerror(error)
					      : "it has become shorter meanwhile");
			return -error;
		}
		done += (size_t)got;
	}
	return 0;
}

/* Room for the next piece; the limit itself is allowed, one byte more is tried to see it passed. */
static int out_grow(struct blob *out, size_t used, size_t max_bytes)
{
	size_t want = used < INFLATE_STEP_BYTES ? INFLATE_STEP_BYTES : 2 * used;
	uint8_t *bytes;

	if (used > max_bytes) {
		return -EFBIG;
	}
	if (want > max_bytes) {
		want = max_bytes + 1;
	}
	bytes = realloc(out->bytes, want);
	if (bytes == NULL) {
		return -ENOMEM;
	}
	out->bytes = bytes;
	out->count = want;
	return 0;
}

/* zlib counts in unsigned int: what does not fit waits for the next call. */
static uInt piece(size_t bytes)
{
	return bytes > UINT_MAX ? UINT_MAX : (uInt)bytes;
}

static int inflate_all(z_stream *stream, const uint8_t *from, size_t count, size_t max_bytes,
		       struct blob *out)
{
	size_t used = 0;
	size_t eaten = 0;
	int status = Z_OK;

	while (status == Z_OK) {
		uInt in;
		uInt room;

		if (used == out->count) {
			int ret = out_grow(out, used, max_bytes);

			if (ret != 0) {
				return ret;
			}
		}
		in = piece(count - eaten);
		room = piece(out->count - used);
		stream->next_in = from + eaten;
		stream->avail_in = in;
		stream->next_out = out->bytes + used;
		stream->avail_out = room;
		/* Z_BUF_ERROR here means that the input has ended in the middle. */
		status = inflate(stream, Z_NO_FLUSH);
		eaten += in - stream->avail_in;
		used += room - stream->avail_out;
	}
	if (status == Z_MEM_ERROR) {
		return -ENOMEM;
	}
	if (status != Z_STREAM_END) {
		return -EBADMSG;
	}
	out->count = used;
	return used > max_bytes ? -EFBIG : 0;
}

int blob_inflate(const uint8_t *from, size_t count, size_t max_bytes, struct blob *out)
{
	z_stream stream = {0};
	int ret;

	*out = (struct blob){0};
	if (max_bytes > SIZE_MAX / 4) {
		max_bytes = SIZE_MAX / 4;
	}
	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK) {
		return -ENOMEM;
	}
	ret = inflate_all(&stream, from, count, max_bytes, out);
	(void)inflateEnd(&stream);
	if (ret != 0) {
		blob_free(out);
	}
	return ret;
}
