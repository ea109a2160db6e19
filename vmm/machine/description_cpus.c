/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest can tell its CPUs, its firmware and its GIC by. What is the same for all CPUs is
 * one line, "cpu.MIDR_EL1"; what is not is one a CPU, "cpu3.MPIDR_EL1".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machine/description_internal.h"

#define SVE_STEP_BITS 128

/* All values of all CPUs. */
struct values {
	struct kvm_identity *list;
	size_t count;
	size_t room;
	bool failed;
};

static void collect(void *ctx, const struct kvm_identity *value)
{
	struct values *values = ctx;

	if (values->count == values->room) {
		size_t room = values->room == 0 ? 256 : 2 * values->room;
		struct kvm_identity *list = realloc(values->list, room * sizeof(*list));

		if (list == NULL) {
			values->failed = true;
			return;
		}
		values->list = list;
		values->room = room;
	}
	values->list[values->count++] = *value;
}

static int compare(const void *a, const void *b)
{
	const struct kvm_identity *one = a;
	const struct kvm_identity *other = b;
	int order = strcmp(one->name, other->name);

	if (order != 0 || one->cpu == other->cpu) {
		return order;
	}
	return one->cpu < other->cpu ? -1 : 1;
}

/* "128 256 512": the lengths in bits. */
static void name_lengths(uint64_t lengths, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned n = 0; n < 64 && used < size; n++) {
		if ((lengths >> n & 1) != 0) {
			used += (size_t)snprintf(text + used, size - used, "%s%u",
						 used > 0 ? " " : "", (n + 1) * SVE_STEP_BITS);
		}
	}
}

static void add_value(struct description_lines *lines, const char *whose,
		      const struct kvm_identity *value)
{
	char field[KVM_IDENTITY_NAME_SIZE + 16];
	char lengths[512];

	(void)snprintf(field, sizeof(field), "%s%s", whose, value->name);
	if (strcmp(value->name, KVM_IDENTITY_SVE_LENGTHS) == 0) {
		name_lengths(value->value, lengths, sizeof(lengths));
		lines_add(lines, field, "%s", lengths);
	} else {
		lines_add(lines, field, "0x%" PRIx64, value->value);
	}
}

/* @count values of one name, of different CPUs. */
static void add_run(struct description_lines *lines, const struct kvm_identity *run, size_t count,
		    uint32_t cpu_count)
{
	bool same = count == cpu_count;
	char whose[16];

	for (size_t i = 1; same && i < count; i++) {
		same = run[i].value == run[0].value;
	}
	if (same) {
		add_value(lines, "cpu.", &run[0]);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(whose, sizeof(whose), "cpu%u.", run[i].cpu);
		add_value(lines, whose, &run[i]);
	}
}

static void add_cpus(struct description_lines *lines, struct values *values, uint32_t cpu_count)
{
	size_t run = 0;

	if (values->count == 0) {
		return;
	}
	qsort(values->list, values->count, sizeof(values->list[0]), compare);
	for (size_t i = 1; i <= values->count; i++) {
		if (i == values->count ||
		    strcmp(values->list[i].name, values->list[run].name) != 0) {
			add_run(lines, &values->list[run], i - run, cpu_count);
			run = i;
		}
	}
}

static void add_vm_value(void *ctx, const struct kvm_identity *value)
{
	add_value(ctx, "", value);
}

static int describe_identity(const struct machine *machine, struct description_lines *lines)
{
	struct values values = {0};
	uint32_t cpu_count = machine->config.cpu_count;
	int ret = kvm_vm_identity(machine->vm, KVM_IDENTITY_VM, add_vm_value, lines);

	for (uint32_t cpu = 0; ret == 0 && cpu < cpu_count; cpu++) {
		ret = kvm_vm_identity(machine->vm, cpu, collect, &values);
	}
	if (ret == 0 && values.failed) {
		ret = -ENOMEM;
	}
	if (ret == 0) {
		add_cpus(lines, &values, cpu_count);
	}
	free(values.list);
	return ret;
}

static void describe_features(const struct machine *machine, struct description_lines *lines)
{
	char words[64] = "";

	for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
		size_t used = strlen(words);

		if (kvm_vm_has_feature(machine->vm, (enum cpu_feature)i)) {
			(void)snprintf(words + used, sizeof(words) - used, "%s%s",
				       used > 0 ? " " : "", cpu_feature_name((enum cpu_feature)i));
		}
	}
	lines_add(lines, DESCRIPTION_CPU_FEATURES, "%s",
		  words[0] != '\0' ? words : DESCRIPTION_NONE);
}

int describe_cpus(const struct machine *machine, struct description_lines *lines,
		  struct vmm_error *error)
{
	int ret;

	lines_add(lines, "cpu.count", "%u", machine->config.cpu_count);
	describe_features(machine, lines);
	ret = describe_identity(machine, lines);
	if (ret != 0) {
		vmm_error_set(error, "KVM did not tell what the guest's CPUs are: %s",
			      strerror(-ret));
	}
	return ret;
}
