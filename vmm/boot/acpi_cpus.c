/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs' devices, and their idle states: ACPI 6.3, 8.4.4, and Arm's FFH (DEN0048).
 *
 * ACPI's Linux does not use OS-initiated mode, so there are no states of clusters.
 */
#include <stdio.h>

#include "boot/acpi_internal.h"
#include "platform/idle_states.h"

/* Of a state's package: its elements, its flag, and what it loses. */
#define LPI_ELEMENTS 10
#define LPI_ENABLED 1
#define LPI_LOSES_NOTHING 0
#define LPI_LOSES_CORE 1
/* The architecture's own way to wait, by WFI. */
#define FFH_WFI UINT64_C(0xFFFFFFFF)
/* What stands for a counter that is not there. */
#define SPACE_MEMORY 0

#define OSC_QUERY_ERROR_UUID 0x4
#define OSC_CAPABILITIES_MASKED 0x10
/* Platform-coordinated low power idle. */
#define OSC_PCLPI 0x80
#define UUID_BYTES 16

/* Capabilities of the platform as a whole: 0811b06e-4a27-44f9-8d60-3cbbc22e7b48. */
static const uint8_t uuid_platform[UUID_BYTES] = {
	0x6E, 0xB0, 0x11, 0x08, 0x27, 0x4A, 0xF9, 0x44,
	0x8D, 0x60, 0x3C, 0xBB, 0xC2, 0x2E, 0x7B, 0x48,
};

static void put_register(struct table_writer *w, uint64_t address)
{
	size_t resources = aml_resources(w);

	aml_fixed_hardware(w, address);
	aml_resources_end(w, resources);
}

static void put_no_counter(struct table_writer *w)
{
	aml_integer(w, 0);
}

static void write_state(struct table_writer *w, uint32_t min_us, uint32_t exit_us, uint32_t loses,
			uint64_t address, const char *name)
{
	size_t package = aml_package(w, LPI_ELEMENTS);

	aml_integer(w, min_us);
	aml_integer(w, exit_us);
	aml_integer(w, LPI_ENABLED);
	aml_integer(w, loses);
	/* Frequency of its counters; no state of a parent's comes with it. */
	aml_integer(w, 0);
	aml_integer(w, 0);
	put_register(w, address);
	put_no_counter(w);
	put_no_counter(w);
	aml_string(w, name);
	aml_end(w, package);
}

static void write_states(struct table_writer *w)
{
	size_t package;

	aml_define(w, "LPIS");
	package = aml_package(w, 3 + 1 + IDLE_STATE_CPU_COUNT);
	/* Revision, level and count. */
	aml_integer(w, 0);
	aml_integer(w, 0);
	aml_integer(w, 1 + IDLE_STATE_CPU_COUNT);
	write_state(w, 1, 1, LPI_LOSES_NOTHING, FFH_WFI, "WFI");
	for (uint32_t i = 0; i < IDLE_STATE_CPU_COUNT; i++) {
		const struct idle_state *state = &idle_states[i];

		write_state(w, state->min_us, state->entry_us + state->exit_us,
			    state->depth[IDLE_LEVEL_CPU] == IDLE_POWERDOWN ? LPI_LOSES_CORE
									   : LPI_LOSES_NOTHING,
			    state->power_state, state->name);
	}
	aml_end(w, package);
}

/* Grants that the states above are used, and nothing else; Linux does not use them unasked. */
static void write_osc(struct table_writer *w)
{
	size_t method = aml_method(w, "_OSC", 4 | AML_SERIALIZED);
	size_t known;
	size_t other;

	aml_op(w, AML_DWORD_FIELD);
	aml_op(w, AML_ARG(3));
	aml_integer(w, 0);
	aml_name(w, "STAT");
	known = aml_if(w);
	aml_op(w, AML_EQUAL);
	aml_op(w, AML_ARG(0));
	aml_buffer(w, uuid_platform, sizeof(uuid_platform));
	aml_op(w, AML_DWORD_FIELD);
	aml_op(w, AML_ARG(3));
	aml_integer(w, 4);
	aml_name(w, "CAPS");
	other = aml_if(w);
	/* Something but PCLPI was asked for. */
	aml_op(w, AML_AND);
	aml_name(w, "CAPS");
	aml_integer(w, (uint32_t)~OSC_PCLPI);
	aml_op(w, AML_NOWHERE);
	aml_op(w, AML_OR);
	aml_name(w, "STAT");
	aml_integer(w, OSC_CAPABILITIES_MASKED);
	aml_name(w, "STAT");
	aml_end(w, other);
	aml_op(w, AML_AND);
	aml_name(w, "CAPS");
	aml_integer(w, OSC_PCLPI);
	aml_name(w, "CAPS");
	aml_end(w, known);
	other = aml_else(w);
	aml_op(w, AML_OR);
	aml_name(w, "STAT");
	aml_integer(w, OSC_QUERY_ERROR_UUID);
	aml_name(w, "STAT");
	aml_end(w, other);
	aml_op(w, AML_RETURN);
	aml_op(w, AML_ARG(3));
	aml_end(w, method);
}

void acpi_write_cpus(struct table_writer *w, const struct acpi_config *config)
{
	if (config->idle_states) {
		write_osc(w);
		write_states(w);
	}
	for (uint32_t cpu = 0; cpu < config->cpu_count; cpu++) {
		char name[8];
		size_t device;

		(void)snprintf(name, sizeof(name), "C%03X", cpu);
		device = aml_device(w, name);
		aml_define_string(w, "_HID", "ACPI0007");
		aml_define_integer(w, "_UID", cpu);
		if (config->idle_states) {
			size_t method = aml_method(w, "_LPI", 0);

			aml_op(w, AML_RETURN);
			aml_name(w, "\\_SB.LPIS");
			aml_end(w, method);
		}
		aml_end(w, device);
	}
}
