/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AML, the code in ACPI's definition blocks, being written (ACPI 6.3, chapter 20).
 *
 * AML is in prefix order: an operator comes first and its operands follow, each of them a further
 * call. What has a length is begun by a function whose result goes to aml_end().
 */
#ifndef VMM_BOOT_AML_H
#define VMM_BOOT_AML_H

#include <stddef.h>
#include <stdint.h>

#include "boot/table.h"

/* Operators, with their operands; a target may be AML_NOWHERE. */
enum aml_op {
	AML_NOWHERE = 0x00,
	AML_STORE = 0x70, /* source, target */
	AML_ADD = 0x72, /* a, b, target */
	AML_SUBTRACT = 0x74, /* a, b, target */
	AML_MULTIPLY = 0x77, /* a, b, target */
	AML_DIVIDE = 0x78, /* dividend, divisor, remainder's target, quotient's target */
	AML_AND = 0x7B, /* a, b, target */
	AML_OR = 0x7D, /* a, b, target */
	AML_NOTIFY = 0x86, /* device, value */
	AML_DWORD_FIELD = 0x8A, /* buffer, offset, name: likewise the next two */
	AML_WORD_FIELD = 0x8B,
	AML_BYTE_FIELD = 0x8C,
	AML_EQUAL = 0x93, /* a, b */
	AML_GREATER = 0x94, /* a, b */
	AML_LESS = 0x95, /* a, b */
	AML_RETURN = 0xA4, /* value */
};

/* A method's own variables, 0 to 7, and arguments, 0 to 6. */
#define AML_LOCAL(n) ((enum aml_op)(0x60 + (n)))
#define AML_ARG(n) ((enum aml_op)(0x68 + (n)))

/* Of aml_method(), beside its number of arguments: it has named objects of its own, so that it can
 * run once at a time only. */
#define AML_SERIALIZED 8U

/* Flags of aml_interrupt() and aml_gpio_*(). */
#define AML_EDGE 1U
#define AML_WAKE 2U

/* Access width of a field. */
#define AML_ACCESS_DWORD 3U

/* An operator or variable; a name as "COM0", "\\_SB" or "\\_SB.COM0"; a constant; a string. */
void aml_op(struct table_writer *w, enum aml_op op);
void aml_name(struct table_writer *w, const char *name);
void aml_integer(struct table_writer *w, uint64_t value);
void aml_string(struct table_writer *w, const char *text);

/* Named objects. */
size_t aml_scope(struct table_writer *w, const char *name);
size_t aml_device(struct table_writer *w, const char *name);
size_t aml_method(struct table_writer *w, const char *name, unsigned flags);
/* Name (@name, …), whose value follows, or is given. */
void aml_define(struct table_writer *w, const char *name);
void aml_define_integer(struct table_writer *w, const char *name, uint64_t value);
void aml_define_string(struct table_writer *w, const char *name, const char *text);

/* Name = @value, and local variable @to = name. */
void aml_set_integer(struct table_writer *w, const char *name, uint64_t value);
void aml_get(struct table_writer *w, const char *name, unsigned to);

/* Return (@value). */
void aml_return_integer(struct table_writer *w, uint64_t value);

/* Statements: a condition follows, then what to do. An else follows an if that has ended. */
size_t aml_if(struct table_writer *w);
size_t aml_else(struct table_writer *w);

/* A package of @count elements, which follow; bytes. */
size_t aml_package(struct table_writer *w, unsigned count);
void aml_buffer(struct table_writer *w, const void *bytes, size_t count);

/* End what was begun. */
void aml_end(struct table_writer *w, size_t begin);

/* Registers at an address of memory, and the fields in them: in order, with no gaps but unnamed
 * ones, of AML_ACCESS_* width. */
void aml_memory_region(struct table_writer *w, const char *name, uint64_t base, uint64_t len_bytes);
size_t aml_fields(struct table_writer *w, const char *region, unsigned access);
void aml_field(struct table_writer *w, const char *name, uint32_t bits);
void aml_field_gap(struct table_writer *w, uint32_t bits);

/* A resource template: what follows until aml_resources_end() (6.4). */
size_t aml_resources(struct table_writer *w);
void aml_resources_end(struct table_writer *w, size_t begin);
void aml_memory32(struct table_writer *w, uint64_t base, uint64_t len_bytes);
/* A GSI, active high and not shared. */
void aml_interrupt(struct table_writer *w, uint32_t intid, unsigned flags);
/* A line of a GPIO controller, active high and not shared, as interrupt; and as input. */
void aml_gpio_int(struct table_writer *w, const char *controller, uint16_t line, unsigned flags);
void aml_gpio_input(struct table_writer *w, const char *controller, uint16_t line);
/* Register (FFixedHW, …): an address that the processor's architecture gives a meaning. */
void aml_fixed_hardware(struct table_writer *w, uint64_t address);

#endif /* VMM_BOOT_AML_H */
