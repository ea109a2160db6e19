/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what a machine is to its guest
 *
 * The canonical form of the guest-visible machine: a text of sorted lines "field value\n". Two
 * machines with the same text are the same to a guest, so that an image which it hibernated to on
 * one can be resumed on the other. Paths of the host are not in it, nor are kernel, initrd and
 * command line, which are a boot's.
 *
 * The form of each line is part of the machine type: a signature depends on it.
 * docs/machine-types.md lists the fields.
 */
#ifndef VMM_MACHINE_DESCRIPTION_H
#define VMM_MACHINE_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct machine;

/* What stands for a field that one of two descriptions does not have. */
#define DESCRIPTION_NONE "none"

/**
 * machine_describe() - say what a machine is to its guest
 * @machine: made and not started; the same text comes from one that is made to be described only
 *           (struct machine_config)
 * @text:    set on success; to be freed
 * @error:   filled on failure
 *
 * Return: 0; -EBUSY if the machine was started; -ENOMEM; -errno of KVM.
 */
int machine_describe(struct machine *machine, char **text, struct vmm_error *error);

/**
 * description_compare() - find what differs between two descriptions
 * @was:     one
 * @is:      the other
 * @differs: called for each field that differs, in order; DESCRIPTION_NONE stands for the value
 *           that a side lacks. The strings are the call's. May be NULL
 * @ctx:     its first argument
 *
 * Return: how many fields differ; SIZE_MAX if there is no memory to tell.
 */
size_t description_compare(const char *was, const char *is,
			   void (*differs)(void *ctx, const char *field, const char *was,
					   const char *is),
			   void *ctx);

/**
 * description_signature() - the hardware signature of a machine
 * @text:  its description
 * @epoch: raised to have another signature for the same machine
 *
 * The same in every version of torpor. Return: not 0.
 */
uint32_t description_signature(const char *text, uint32_t epoch);

#endif /* VMM_MACHINE_DESCRIPTION_H */
