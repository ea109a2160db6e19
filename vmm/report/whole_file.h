/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that is written whole or not at all.
 *
 * The caller owns struct whole_file, and after whole_file_open() has succeeded calls exactly one of
 * whole_file_commit() and whole_file_drop().
 */
#ifndef VMM_REPORT_WHOLE_FILE_H
#define VMM_REPORT_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"

/**
 * struct whole_file - a file that is being written
 * @stream:    to write to; failures show in it, and may be left to whole_file_commit()
 * @path:      what it is to become, its links followed; owned. NULL if it is no file that could
 *             be replaced: standard output, a device or a pipe
 * @temporary: what it is until then; owned
 * @name:      for messages; borrowed
 */
struct whole_file {
	FILE *stream;
	char *path;
	char *temporary;
	const char *name;
};

/**
 * whole_file_open() - begin
 * @path: borrowed until the end; "-" for standard output
 *
 * Return: 0 or -errno with @error filled.
 */
int whole_file_open(struct whole_file *file, const char *path, struct vmm_error *error);

/**
 * whole_file_commit() - all is written: make it durable and put it in its place
 *
 * Return: 0 or -errno with @error filled; then what was in its place is there as before.
 */
int whole_file_commit(struct whole_file *file, struct vmm_error *error);

/** whole_file_drop() - leave everything as it was */
void whole_file_drop(struct whole_file *file);

#endif /* VMM_REPORT_WHOLE_FILE_H */
