/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands of the memory balloon; the first two are QEMU's. */
#include "control/commands_internal.h"
#include "devices/virtio_balloon.h"

static enum command_result no_balloon(const struct command_target *target, struct vmm_error *error)
{
	if (target->machine == NULL) {
		vmm_error_set(error, "there is no machine: wait until it runs");
	} else {
		vmm_error_set(error, "the machine has no balloon: start it with --balloon");
	}
	return COMMAND_FAILED;
}

enum command_result command_balloon(const struct command_target *target,
				    struct json_object *arguments, struct json_object **value,
				    struct vmm_error *error)
{
	struct json_object *member = json_object_object_get(arguments, "value");
	int64_t size_bytes = json_object_get_int64(member);

	(void)value;
	if (!json_object_is_type(member, json_type_int) || size_bytes <= 0) {
		vmm_error_set(error,
			      "argument 'value' is %.40s: expected the bytes of RAM that the guest "
			      "is to keep, above 0",
			      json_object_to_json_string(member));
		return COMMAND_FAILED;
	}
	if (target->machine == NULL ||
	    !machine_balloon_resize(target->machine, (uint64_t)size_bytes)) {
		return no_balloon(target, error);
	}
	return COMMAND_OK;
}

enum command_result command_query_balloon(const struct command_target *target,
					  struct json_object *arguments, struct json_object **value,
					  struct vmm_error *error)
{
	uint64_t size_bytes;

	(void)arguments;
	if (target->machine == NULL || !machine_balloon_size(target->machine, &size_bytes)) {
		return no_balloon(target, error);
	}
	json_object_object_add(*value, "actual", json_object_new_uint64(size_bytes));
	return COMMAND_OK;
}

/* QEMU's words for them. */
static const char *const stat_names[VIRTIO_BALLOON_STATS] = {
	"stat-swap-in",	     "stat-swap-out",	  "stat-major-faults",	   "stat-minor-faults",
	"stat-free-memory",  "stat-total-memory", "stat-available-memory", "stat-disk-caches",
	"stat-htlb-pgalloc", "stat-htlb-pgfail",  "stat-oom-kills",	   "stat-alloc-stalls",
	"stat-scan-async",   "stat-scan-direct",  "stat-reclaim-async",	   "stat-reclaim-direct",
};

enum command_result command_query_balloon_stats(const struct command_target *target,
						struct json_object *arguments,
						struct json_object **value, struct vmm_error *error)
{
	struct virtio_balloon_stats stats;
	struct json_object *found;

	(void)arguments;
	if (target->machine == NULL || !machine_balloon_stats(target->machine, &stats)) {
		return no_balloon(target, error);
	}
	found = json_object_new_object();
	for (unsigned i = 0; i < VIRTIO_BALLOON_STATS; i++) {
		if ((stats.known & UINT32_C(1) << i) != 0) {
			json_object_object_add(found, stat_names[i],
					       json_object_new_uint64(stats.values[i]));
		}
	}
	json_object_object_add(*value, "stats", found);
	json_object_object_add(*value, "last-update", json_object_new_uint64(stats.updated_s));
	return COMMAND_OK;
}
