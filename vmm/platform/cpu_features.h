/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what the guest's CPUs have beyond the base architecture
 *
 * Each is on when the host has it, so that a guest gets what the host can give. A machine that is
 * to move between hosts leaves out what not all of them have.
 */
#ifndef VMM_PLATFORM_CPU_FEATURES_H
#define VMM_PLATFORM_CPU_FEATURES_H

#include <stddef.h>

/**
 * enum cpu_feature - a feature that can be left out
 * @CPU_FEATURE_PMU:   performance counters, PMUv3
 * @CPU_FEATURE_PAUTH: pointer authentication
 * @CPU_FEATURE_SVE:   scalable vectors, as long as the host's
 */
enum cpu_feature {
	CPU_FEATURE_PMU,
	CPU_FEATURE_PAUTH,
	CPU_FEATURE_SVE,
	CPU_FEATURE_COUNT,
};

/**
 * enum cpu_feature_choice - what is wanted of a feature
 * @CPU_FEATURE_AUTO: have it if the host has it
 * @CPU_FEATURE_OFF:  leave it out
 * @CPU_FEATURE_ON:   have it, or there is no machine
 */
enum cpu_feature_choice {
	CPU_FEATURE_AUTO,
	CPU_FEATURE_OFF,
	CPU_FEATURE_ON,
};

/** struct cpu_features - what is wanted of each */
struct cpu_features {
	enum cpu_feature_choice want[CPU_FEATURE_COUNT];
};

/** cpu_feature_name() - Return: a static string, as --cpu-features takes it */
static inline const char *cpu_feature_name(enum cpu_feature feature)
{
	static const char *const names[] = {
		[CPU_FEATURE_PMU] = "pmu",
		[CPU_FEATURE_PAUTH] = "pauth",
		[CPU_FEATURE_SVE] = "sve",
	};

	return names[feature];
}

#endif /* VMM_PLATFORM_CPU_FEATURES_H */
