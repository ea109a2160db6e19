/* SPDX-License-Identifier: BSD-3-Clause */
/* The DSDT: devices that no other table describes. Device ids are those that QEMU's machine has. */
#include <stdio.h>

#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define DSDT_REVISION 2

/* What a device has in memory; and its interrupt, 0 for none. */
static void write_resources(struct table_writer *w, uint64_t base, uint64_t size_bytes,
			    uint32_t intid, unsigned flags)
{
	size_t resources;

	aml_define(w, "_CRS");
	resources = aml_resources(w);
	aml_memory32(w, base, size_bytes);
	if (intid != 0) {
		aml_interrupt(w, intid, flags);
	}
	aml_resources_end(w, resources);
}

static void write_uart(struct table_writer *w)
{
	size_t device = aml_device(w, "COM0");

	aml_define_string(w, "_HID", "ARMH0011");
	aml_define_integer(w, "_UID", 0);
	write_resources(w, LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES, LAYOUT_UART_INTID, 0);
	aml_end(w, device);
}

static void write_gpio(struct table_writer *w)
{
	size_t device = aml_device(w, "GPO0");

	aml_define_string(w, "_HID", "ARMH0061");
	aml_define_integer(w, "_UID", 0);
	write_resources(w, LAYOUT_GPIO_BASE, LAYOUT_GPIO_SIZE_BYTES, LAYOUT_GPIO_INTID, 0);
	acpi_write_keys(w);
	aml_end(w, device);
}

/* In order of address, which is the order in which Linux names what it finds. */
static void write_virtio(struct table_writer *w, uint32_t slots)
{
	for (uint32_t slot = 0; slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		char name[8];
		size_t device;

		if ((slots & (UINT32_C(1) << slot)) == 0) {
			continue;
		}
		(void)snprintf(name, sizeof(name), "VR%02u", slot);
		device = aml_device(w, name);
		aml_define_string(w, "_HID", "LNRO0005");
		aml_define_integer(w, "_UID", slot);
		aml_define_integer(w, "_CCA", 1);
		/* Edge, as in the device tree. */
		write_resources(w, LAYOUT_VIRTIO_SLOT_BASE(slot), LAYOUT_VIRTIO_STRIDE_BYTES,
				LAYOUT_VIRTIO_SLOT_INTID(slot), AML_EDGE);
		aml_end(w, device);
	}
}

static void write_pvpanic(struct table_writer *w)
{
	size_t device = aml_device(w, "PVPN");

	aml_define_string(w, "_HID", "QEMU0001");
	aml_define_integer(w, "_UID", 0);
	write_resources(w, LAYOUT_PVPANIC_BASE, LAYOUT_PVPANIC_SIZE_BYTES, 0, 0);
	aml_end(w, device);
}

uint64_t acpi_write_dsdt(struct table_writer *w, const struct acpi_config *config)
{
	size_t begin = table_begin(w, "DSDT", DSDT_REVISION);
	size_t scope = aml_scope(w, "\\_SB");

	acpi_write_cpus(w, config);
	write_uart(w);
	write_gpio(w);
	acpi_write_buttons(w);
	acpi_write_clock(w);
	write_virtio(w, config->virtio_slots);
	write_pvpanic(w);
	aml_end(w, scope);
	table_end(w, begin);
	return w->ipa + begin;
}
