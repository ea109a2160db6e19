/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memory file that gets transparent huge pages, on hosts whose memfds do not.
 *
 * Linux gives a memfd huge pages only if /sys/kernel/mm/transparent_hugepage/shmem_enabled says so,
 * which is off by default. A tmpfs has a switch of its own, its mount option huge=. So the file is
 * in a tmpfs that is mounted nowhere and goes with it. To make one takes CAP_SYS_ADMIN; without it,
 * a child makes it in a user namespace of its own.
 *
 * Unlike a memfd it can't be sealed: who is given it can change its size.
 */
#ifndef VMM_PLATFORM_HUGE_FILE_H
#define VMM_PLATFORM_HUGE_FILE_H

/**
 * huge_file_create() - make an empty one
 *
 * Context: any thread. Waits for the child, some milliseconds.
 * Return: its descriptor, close-on-exec; -errno on hosts that allow neither way.
 */
int huge_file_create(void);

#endif /* VMM_PLATFORM_HUGE_FILE_H */
