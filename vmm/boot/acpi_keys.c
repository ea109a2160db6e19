/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys by which the host asks the guest for a power state.
 *
 * Power and sleep are ACPI's buttons. They hang on the GPIO controller's own events, as that is
 * what Linux can be woken by: the interrupts of a Generic Event Device are none of its wake-up
 * sources. ACPI knows no button that asks for hibernation, so that key is the one of the device
 * tree, "gpio-keys", with its properties (PRP0001 and _DSD).
 */
#include <linux/input-event-codes.h>
#include <stdio.h>

#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define NOTIFY_PRESSED 0x80
#define GPIO_REGION "DATA"
#define EV_ACT_ASSERTED 1
#define UUID_BYTES 16

/* Device properties, daffd814-6eba-4d8c-8a91-bc9bbf4aa301, and nodes below a device that have some,
 * dbb8e3e6-5886-4ba6-8795-1319f52a966b; as ToUUID makes them. */
static const uint8_t uuid_properties[UUID_BYTES] = {
	0x14, 0xD8, 0xFF, 0xDA, 0xBA, 0x6E, 0x8C, 0x4D,
	0x8A, 0x91, 0xBC, 0x9B, 0xBF, 0x4A, 0xA3, 0x01,
};
static const uint8_t uuid_nodes[UUID_BYTES] = {
	0xE6, 0xE3, 0xB8, 0xDB, 0x86, 0x58, 0xA6, 0x4B,
	0x87, 0x95, 0x13, 0x19, 0xF5, 0x2A, 0x96, 0x6B,
};

static const struct button {
	const char *name;
	const char *hid;
	const char *path;
	const char *method;
	const char *level; /* of its line */
	uint16_t line;
} buttons[] = {
	{"PWRB", "PNP0C0C", "\\_SB.PWRB", "_E03", "LN03", LAYOUT_GPIO_LINE_POWER},
	{"SLPB", "PNP0C0E", "\\_SB.SLPB", "_E04", "LN04", LAYOUT_GPIO_LINE_SLEEP},
};
#define BUTTON_COUNT (sizeof(buttons) / sizeof(buttons[0]))

/* GPIODATA: address bits 9 to 2 choose the lines. */
static uint32_t line_offset(uint16_t line)
{
	return UINT32_C(4) << line;
}

static void write_levels(struct table_writer *w)
{
	uint32_t at = 0;
	size_t fields;

	aml_memory_region(w, GPIO_REGION, LAYOUT_GPIO_BASE, LAYOUT_GPIO_SIZE_BYTES);
	fields = aml_fields(w, GPIO_REGION, AML_ACCESS_DWORD);
	for (size_t i = 0; i < BUTTON_COUNT; i++) {
		uint32_t offset = line_offset(buttons[i].line);

		aml_field_gap(w, (offset - at) * 8);
		aml_field(w, buttons[i].level, 32);
		at = offset + 4;
	}
	aml_end(w, fields);
}

/* A press counts, whatever its line is by now. That it was read lets the host release the key. */
static void write_event(struct table_writer *w, const struct button *button)
{
	size_t method = aml_method(w, button->method, 0);

	aml_op(w, AML_STORE);
	aml_name(w, button->level);
	aml_name(w, "SEEN");
	aml_op(w, AML_NOTIFY);
	aml_name(w, button->path);
	aml_integer(w, NOTIFY_PRESSED);
	aml_end(w, method);
}

void acpi_write_keys(struct table_writer *w)
{
	size_t events;

	aml_define(w, "_AEI");
	events = aml_resources(w);
	for (size_t i = 0; i < BUTTON_COUNT; i++) {
		aml_gpio_int(w, ACPI_GPIO_PATH, buttons[i].line, AML_EDGE | AML_WAKE);
	}
	aml_gpio_int(w, ACPI_GPIO_PATH, LAYOUT_GPIO_LINE_RTC, AML_EDGE | AML_WAKE);
	aml_resources_end(w, events);
	write_levels(w);
	aml_define_integer(w, "SEEN", 0);
	for (size_t i = 0; i < BUTTON_COUNT; i++) {
		write_event(w, &buttons[i]);
	}
	acpi_write_alarm_event(w);
}

/* Of a package of them: a name and a value. */
static void put_number(struct table_writer *w, const char *name, uint64_t value)
{
	size_t property = aml_package(w, 2);

	aml_string(w, name);
	aml_integer(w, value);
	aml_end(w, property);
}

static void put_text(struct table_writer *w, const char *name, const char *value)
{
	size_t property = aml_package(w, 2);

	aml_string(w, name);
	aml_string(w, value);
	aml_end(w, property);
}

/* The first line of the first GPIO resource of the device, active high. */
static void put_line(struct table_writer *w, const char *device)
{
	size_t property = aml_package(w, 2);
	size_t reference;

	aml_string(w, "gpios");
	reference = aml_package(w, 4);
	aml_name(w, device);
	for (unsigned i = 0; i < 3; i++) {
		aml_integer(w, 0);
	}
	aml_end(w, reference);
	aml_end(w, property);
}

static void write_key_device(struct table_writer *w)
{
	size_t package;
	size_t list;

	aml_define(w, "_DSD");
	package = aml_package(w, 4);
	aml_buffer(w, uuid_properties, sizeof(uuid_properties));
	list = aml_package(w, 1);
	put_text(w, "compatible", "gpio-keys");
	aml_end(w, list);
	aml_buffer(w, uuid_nodes, sizeof(uuid_nodes));
	list = aml_package(w, 1);
	put_text(w, "hibernate", "HIBR");
	aml_end(w, list);
	aml_end(w, package);
}

/* As in the device tree: a press wakes, a release does not. */
static void write_key(struct table_writer *w)
{
	size_t package;
	size_t list;

	aml_define(w, "HIBR");
	package = aml_package(w, 2);
	aml_buffer(w, uuid_properties, sizeof(uuid_properties));
	list = aml_package(w, 5);
	put_text(w, "label", "GPIO Key Hibernate");
	put_number(w, "linux,code", KEY_SUSPEND);
	put_line(w, "\\_SB.HKEY");
	put_number(w, "wakeup-source", 1);
	put_number(w, "wakeup-event-action", EV_ACT_ASSERTED);
	aml_end(w, list);
	aml_end(w, package);
}

static void write_hibernate_key(struct table_writer *w)
{
	size_t device = aml_device(w, "HKEY");
	size_t resources;

	aml_define_string(w, "_HID", "PRP0001");
	aml_define_integer(w, "_UID", 0);
	aml_define(w, "_CRS");
	resources = aml_resources(w);
	aml_gpio_input(w, ACPI_GPIO_PATH, LAYOUT_GPIO_LINE_HIBERNATE);
	aml_resources_end(w, resources);
	write_key_device(w);
	write_key(w);
	aml_end(w, device);
}

void acpi_write_buttons(struct table_writer *w)
{
	for (size_t i = 0; i < BUTTON_COUNT; i++) {
		size_t device = aml_device(w, buttons[i].name);

		aml_define_string(w, "_HID", buttons[i].hid);
		aml_define_integer(w, "_UID", 0);
		aml_end(w, device);
	}
	write_hibernate_key(w);
}
