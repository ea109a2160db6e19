/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which memory the host backs by transparent huge pages.
 *
 * They halve the levels that a guest's address is translated by, so a guest without them is much
 * slower. Linux has one switch for anonymous memory, usually on, and one for memory files, usually
 * off (Documentation/admin-guide/mm/transhuge.rst).
 */
#ifndef VMM_PLATFORM_HUGE_PAGES_H
#define VMM_PLATFORM_HUGE_PAGES_H

#include <stdbool.h>

/**
 * huge_pages_anonymous_only() - does anonymous memory get huge pages, and a memory file not?
 *
 * Memory that asks for them, by madvise().
 *
 * Context: any thread; reads two files of sysfs.
 * Return: false also where that can't be told.
 */
bool huge_pages_anonymous_only(void);

/**
 * huge_pages_given() - what a switch's text says
 * @text: of the file, such as "always [madvise] never"
 *
 * Return: true if memory that asks for huge pages gets them.
 */
bool huge_pages_given(const char *text);

#endif /* VMM_PLATFORM_HUGE_PAGES_H */
