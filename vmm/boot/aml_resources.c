/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource templates: ACPI 6.3, 6.4. */
#include <string.h>

#include "boot/aml.h"

#define OP_BUFFER 0x11

#define TAG_MEMORY32 0x86
#define TAG_REGISTER 0x82
#define TAG_INTERRUPT 0x89
#define TAG_GPIO 0x8C
#define TAG_END 0x79

#define CONSUMER 1U
#define MEMORY_READ_WRITE 1
#define INTERRUPT_EDGE (1U << 1)

#define GPIO_REVISION 1
#define GPIO_INTERRUPT 0
#define GPIO_IO 1
#define GPIO_EDGE (1U << 0)
#define GPIO_WAKE (1U << 4)
#define GPIO_INPUT_ONLY 1U
#define GPIO_PULL_NONE 3
/* Of a GPIO descriptor up to its table of lines, and with one line in that. */
#define GPIO_LINES_AT 23
#define GPIO_NAME_AT 25

#define SPACE_FIXED_HARDWARE 0x7F
#define FIXED_HARDWARE_BITS 32
#define ACCESS_DWORD 3

size_t aml_resources(struct table_writer *w)
{
	table_u8(w, OP_BUFFER);
	return w->used_bytes;
}

/* What is before the bytes of a buffer: its length in bytes, as a constant. */
void aml_resources_end(struct table_writer *w, size_t begin)
{
	uint8_t size[9];
	struct table_writer number = {.to = size, .size_bytes = sizeof(size)};
	uint8_t *to;

	table_u8(w, TAG_END);
	/* A checksum of 0 says that there is none. */
	table_u8(w, 0);
	aml_integer(&number, w->used_bytes - begin);
	to = table_insert(w, begin, number.used_bytes);
	if (to != NULL) {
		memcpy(to, size, number.used_bytes);
	}
	aml_end(w, begin);
}

void aml_memory32(struct table_writer *w, uint64_t base, uint64_t len_bytes)
{
	table_u8(w, TAG_MEMORY32);
	table_u16(w, 9);
	table_u8(w, MEMORY_READ_WRITE);
	table_u32(w, (uint32_t)base);
	table_u32(w, (uint32_t)len_bytes);
}

void aml_interrupt(struct table_writer *w, uint32_t intid, unsigned flags)
{
	table_u8(w, TAG_INTERRUPT);
	table_u16(w, 6);
	table_u8(w, (uint8_t)(CONSUMER | ((flags & AML_EDGE) != 0 ? INTERRUPT_EDGE : 0)));
	table_u8(w, 1);
	table_u32(w, intid);
}

static void put_gpio(struct table_writer *w, const char *controller, uint16_t line, uint8_t type,
		     uint16_t flags)
{
	size_t name_bytes = strlen(controller) + 1;
	size_t end = GPIO_NAME_AT + name_bytes;

	table_u8(w, TAG_GPIO);
	table_u16(w, (uint16_t)(end - 3));
	table_u8(w, GPIO_REVISION);
	table_u8(w, type);
	table_u16(w, CONSUMER);
	table_u16(w, flags);
	table_u8(w, GPIO_PULL_NONE);
	/* Drive strength and debouncing: none. */
	table_u16(w, 0);
	table_u16(w, 0);
	table_u16(w, GPIO_LINES_AT);
	table_u8(w, 0);
	table_u16(w, GPIO_NAME_AT);
	/* Data of the vendor's: none. */
	table_u16(w, (uint16_t)end);
	table_u16(w, 0);
	table_u16(w, line);
	table_bytes(w, controller, name_bytes);
}

void aml_gpio_int(struct table_writer *w, const char *controller, uint16_t line, unsigned flags)
{
	put_gpio(w, controller, line, GPIO_INTERRUPT,
		 (uint16_t)(((flags & AML_EDGE) != 0 ? GPIO_EDGE : 0) |
			    ((flags & AML_WAKE) != 0 ? GPIO_WAKE : 0)));
}

void aml_gpio_input(struct table_writer *w, const char *controller, uint16_t line)
{
	put_gpio(w, controller, line, GPIO_IO, GPIO_INPUT_ONLY);
}

void aml_fixed_hardware(struct table_writer *w, uint64_t address)
{
	table_u8(w, TAG_REGISTER);
	table_u16(w, 12);
	table_u8(w, SPACE_FIXED_HARDWARE);
	table_u8(w, FIXED_HARDWARE_BITS);
	table_u8(w, 0);
	table_u8(w, ACCESS_DWORD);
	table_u64(w, address);
}
