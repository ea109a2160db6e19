/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a description can be asked of a host's KVM, so that a machine is again what it was.
 */
#ifndef VMM_MACHINE_RECORDED_H
#define VMM_MACHINE_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "kvm/kvm.h"

/**
 * struct recorded - what was recorded
 * @identity:     for struct kvm_vm_config; owned
 * @count:        of @identity
 * @has_features: @features is known
 * @features:     what the CPUs had
 */
struct recorded {
	struct kvm_identity *identity;
	size_t count;
	bool has_features;
	bool features[CPU_FEATURE_COUNT];
};

/**
 * recorded_read() - find it in a description
 * @recorded: filled; to be given to recorded_free()
 * @text:     a description, of any version of torpor, or any text: lines that are not understood
 *            are left to the comparison
 *
 * Return: 0; -ENOMEM.
 */
int recorded_read(struct recorded *recorded, const char *text);

/** recorded_features() - what is to be asked for so that CPUs have the recorded ones and no more */
void recorded_features(const struct recorded *recorded, struct cpu_features *wanted);

/** recorded_free() - free it; all zero is allowed */
void recorded_free(struct recorded *recorded);

#endif /* VMM_MACHINE_RECORDED_H */
