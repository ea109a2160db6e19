/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host that fails: system and library calls of the VMM that a test makes go wrong, or wait.
 *
 * For programs linked with --wrap of the functions that meson.build names in `wrapped`. Only
 * what is linked statically goes through here: not libc's own calls, nor those of shared libraries.
 */
#ifndef TESTS_VMM_FAULTS_H
#define TESTS_VMM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/** faults_reset() - everything works again; the counts start over */
void faults_reset(void);

/** faults_arm() - the @nth call from now on of any wrapped function fails, 1 the next */
void faults_arm(unsigned nth);

/** faults_disarm() - Return: true if a call has failed since faults_arm() */
bool faults_disarm(void);

/** faults_flush_errno() - fdatasync() fails with that; 0: works */
void faults_flush_errno(int error);

/** faults_discard_errno() - giving memory back by madvise() fails with that; 0: works */
void faults_discard_errno(int error);

/** faults_hold_writes() - pwritev() waits until this is called with false */
void faults_hold_writes(bool hold);

/** faults_wait_held() - until a pwritev() waits; false after 20 s */
bool faults_wait_held(void);

/** faults_flushes(), faults_writes() - calls that have succeeded since faults_reset() */
unsigned faults_flushes(void);
unsigned faults_writes(void);

/** faults_mapped() - bytes that were mapped and not unmapped since faults_reset() */
int64_t faults_mapped(void);

#endif /* TESTS_VMM_FAULTS_H */
