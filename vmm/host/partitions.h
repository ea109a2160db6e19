/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a disk's partitions begin: GPT, else MBR with its logical partitions.
 */
#ifndef VMM_HOST_PARTITIONS_H
#define VMM_HOST_PARTITIONS_H

#include <stddef.h>
#include <stdint.h>

#define PARTITIONS_MAX 256

/**
 * partitions_find() - read the tables
 * @fd:         of the disk
 * @size_bytes: of the disk
 * @starts:     filled, in bytes; each within the disk
 *
 * A table that makes no sense has none.
 *
 * Return: how many there are.
 */
size_t partitions_find(int fd, uint64_t size_bytes, uint64_t starts[PARTITIONS_MAX]);

#endif /* VMM_HOST_PARTITIONS_H */
