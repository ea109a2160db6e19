/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/huge_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "torpor-ram"
#define STACK_BYTES 65536

/* Of a tmpfs that is not mounted anywhere: as long as the file is open. */
static int create_in(int mount)
{
	int fd = openat(mount, NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		return -errno;
	}
	(void)unlinkat(mount, NAME, 0);
	return fd;
}

static int mount_tmpfs(int context)
{
	/* Pages come out of the host's memory as a memfd's do, without a limit of the tmpfs. */
	if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "huge", "always", 0) != 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "0", 0) != 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
		return -1;
	}
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
}

static int create_here(void)
{
	int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int mount = context < 0 ? -1 : mount_tmpfs(context);
	int fd = mount < 0 ? -errno : create_in(mount);

	if (mount >= 0) {
		(void)close(mount);
	}
	if (context >= 0) {
		(void)close(context);
	}
	return fd;
}

/* Of the calling process in its new user namespace: its user is root there, for the tmpfs. */
static bool write_map(const char *path, const char *format, unsigned id)
{
	char text[32];
	int count = snprintf(text, sizeof(text), format, id);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, (size_t)count) == count;

	if (fd >= 0) {
		(void)close(fd);
	}
	return written;
}

struct child {
	uid_t uid;
	gid_t gid;
	int answer[2]; /* a pipe */
};

/* Its table of descriptors is that of its parent, so the number is all that is to be told. */
static int child_main(void *arg)
{
	struct child *child = arg;
	int fd = -EPERM;

	if (write_map("/proc/self/setgroups", "deny", 0) &&
	    write_map("/proc/self/gid_map", "0 %u 1", child->gid) &&
	    write_map("/proc/self/uid_map", "0 %u 1", child->uid)) {
		fd = create_here();
	}
	(void)!write(child->answer[1], &fd, sizeof(fd));
	_exit(0);
}

static int create_in_namespace(void)
{
	static _Alignas(16) char stack[STACK_BYTES];
	struct child child = {.uid = geteuid(), .gid = getegid()};
	int fd = -EPERM;
	pid_t pid;

	if (pipe2(child.answer, O_CLOEXEC | O_NONBLOCK) != 0) {
		return -errno;
	}
	pid = clone(child_main, stack + STACK_BYTES, CLONE_NEWUSER | CLONE_NEWNS | CLONE_FILES,
		    &child);
	if (pid > 0 && waitpid(pid, NULL, __WALL) == pid) {
		if (read(child.answer[0], &fd, sizeof(fd)) != sizeof(fd)) {
			fd = -EPERM;
		}
	}
	(void)close(child.answer[0]);
	(void)close(child.answer[1]);
	return fd;
}

int huge_file_create(void)
{
	int fd = create_here();

	return fd >= 0 ? fd : create_in_namespace();
}
