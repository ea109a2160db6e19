/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/machine_type.h"

#include <string.h>

#include <torpor/abi.h>

/* A row never changes once it was released; the next type goes to the end. */
static const struct machine_type types[] = {
	{.name = "torpor-1", .psci_version = TORPOR_PSCI_1_3},
};

const struct machine_type *machine_type_at(size_t n)
{
	return n < sizeof(types) / sizeof(types[0]) ? &types[n] : NULL;
}

const struct machine_type *machine_type_find(const char *name)
{
	const struct machine_type *type;
	size_t n = 0;

	for (type = machine_type_at(0); type != NULL; type = machine_type_at(++n)) {
		if (strcmp(type->name, name) == 0) {
			break;
		}
	}
	return type;
}
