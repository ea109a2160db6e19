/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machine types: what a machine is whatever version of torpor runs it.
 *
 * A type never changes once it was released, or guests that hibernated could not be resumed after
 * an upgrade. What it fixes is here, and for torpor-1 in layout.h, idle_states.c, the slots of
 * machine/board.h, what each device offers, and the form of the device tree, of the ACPI tables and
 * of the description. Whatever is to be otherwise in a next type becomes a member of this struct,
 * with torpor-1's value in its row, and the next type gets a row of its own. The golden tests
 * (tests/vmm/golden) tell when a row has moved.
 */
#ifndef VMM_PLATFORM_MACHINE_TYPE_H
#define VMM_PLATFORM_MACHINE_TYPE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct machine_type - a type
 * @name:         what --machine takes
 * @psci_version: where --psci is not given, TORPOR_PSCI_*
 */
struct machine_type {
	const char *name;
	uint32_t psci_version;
};

/* What a machine is that was given none, for ever. */
#define MACHINE_TYPE_DEFAULT "torpor-1"

/** machine_type_find() - Return: the type of that name; NULL if there is none */
const struct machine_type *machine_type_find(const char *name);

/** machine_type_at() - Return: type @n, counted from 0, the oldest; NULL after the last */
const struct machine_type *machine_type_at(size_t n);

#endif /* VMM_PLATFORM_MACHINE_TYPE_H */
