/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of boot/table.h and boot/aml.h: the bytes of ACPI 6.3, chapters 5.2.6, 6.4 and 20. */
#include "check.h"

#include <string.h>

#include "boot/aml.h"

#define ROOM 8192

static uint8_t room[ROOM];

static struct table_writer writer(size_t size_bytes)
{
	memset(room, 0xA5, sizeof(room));
	return (struct table_writer){.to = room, .ipa = 0x40000000, .size_bytes = size_bytes};
}

static void write_name(struct table_writer *w)
{
	aml_name(w, "AB");
}

static void write_root_name(struct table_writer *w)
{
	aml_name(w, "\\_SB");
}

static void write_path(struct table_writer *w)
{
	aml_name(w, "\\_SB.COM0");
}

static void write_long_path(struct table_writer *w)
{
	aml_name(w, "_SB.GPO0.X");
}

static void write_integers(struct table_writer *w)
{
	static const uint64_t values[] = {
		0, 1, 2, 0xFF, 0x100, 0xFFFF, 0x10000, UINT32_MAX, UINT64_C(0x100000000),
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		aml_integer(w, values[i]);
	}
}

static void write_string(struct table_writer *w)
{
	aml_define_string(w, "_HID", "A1");
}

static void write_scope(struct table_writer *w)
{
	size_t scope = aml_scope(w, "\\_SB");
	size_t device = aml_device(w, "DEV");

	aml_define_integer(w, "_UID", 3);
	aml_end(w, device);
	aml_end(w, scope);
}

static void write_method(struct table_writer *w)
{
	size_t method = aml_method(w, "MTH", 2 | AML_SERIALIZED);
	size_t branch = aml_if(w);

	aml_op(w, AML_LESS);
	aml_op(w, AML_ARG(1));
	aml_integer(w, 1);
	aml_op(w, AML_RETURN);
	aml_op(w, AML_LOCAL(7));
	aml_end(w, branch);
	branch = aml_else(w);
	aml_op(w, AML_STORE);
	aml_integer(w, 0);
	aml_op(w, AML_LOCAL(0));
	aml_end(w, branch);
	aml_end(w, method);
}

static void write_package(struct table_writer *w)
{
	size_t package = aml_package(w, 2);

	aml_integer(w, 1);
	aml_buffer(w, "\x11\x22", 2);
	aml_end(w, package);
}

static void write_fields(struct table_writer *w)
{
	size_t fields;

	aml_memory_region(w, "REG", 0x9030000, 0x1000);
	fields = aml_fields(w, "REG", AML_ACCESS_DWORD);
	aml_field_gap(w, 256);
	aml_field(w, "A", 32);
	aml_end(w, fields);
}

static void write_resources(struct table_writer *w)
{
	size_t resources = aml_resources(w);

	aml_memory32(w, 0x9000000, 0x1000);
	aml_interrupt(w, 33, 0);
	aml_interrupt(w, 48, AML_EDGE);
	aml_resources_end(w, resources);
}

static void write_gpios(struct table_writer *w)
{
	aml_gpio_int(w, "G", 3, AML_EDGE | AML_WAKE);
	aml_gpio_input(w, "G", 5);
}

static void write_register(struct table_writer *w)
{
	aml_fixed_hardware(w, 0xFFFFFFFF);
}

#define BYTES(text) text, sizeof(text) - 1

/* Each is what the specification's grammar gives by hand; iasl reads the same (acpi_check.py). */
static const struct {
	const char *what;
	void (*write)(struct table_writer *w);
	const char *bytes;
	size_t count;
} encodings[] = {
	{"a short name is filled up", write_name, BYTES("AB__")},
	{"a name from the root", write_root_name, BYTES("\\_SB_")},
	{"two segments", write_path, BYTES("\\\x2E_SB_COM0")},
	{"three segments", write_long_path, BYTES("\x2F\x03_SB_GPO0X___")},
	{"integers of each width", write_integers,
	 BYTES("\x00\x01\x0A\x02\x0A\xFF\x0B\x00\x01\x0B\xFF\xFF\x0C\x00\x00\x01\x00"
	       "\x0C\xFF\xFF\xFF\xFF\x0E\x00\x00\x00\x00\x01\x00\x00\x00")},
	{"a string with a name", write_string,
	 BYTES("\x08_HID\x0D"
	       "A1\0")},
	{"a device in a scope", write_scope,
	 BYTES("\x10\x14\\_SB_\x5B\x82\x0C"
	       "DEV_\x08_UID\x0A\x03")},
	{"a method with a branch", write_method,
	 BYTES("\x14\x12MTH_\x0A\xA0\x06\x95\x69\x01\xA4\x67\xA1\x04\x70\x00\x60")},
	{"a package with a buffer", write_package,
	 BYTES("\x12\x09\x02\x01\x11\x05\x0A\x02\x11\x22")},
	{"fields of a region", write_fields,
	 BYTES("\x5B\x80REG_\x00\x0C\x00\x00\x03\x09\x0B\x00\x10"
	       "\x5B\x81\x0E"
	       "REG_\x03\x00\x40\x10"
	       "A___\x20")},
	{"memory and interrupts", write_resources,
	 BYTES("\x11\x23\x0A\x20\x86\x09\x00\x01\x00\x00\x00\x09\x00\x10\x00\x00"
	       "\x89\x06\x00\x01\x01\x21\x00\x00\x00\x89\x06\x00\x03\x01\x30\x00\x00\x00\x79\x00")},
	{"lines of a GPIO", write_gpios,
	 BYTES("\x8C\x18\x00\x01\x00\x01\x00\x11\x00\x03\x00\x00\x00\x00\x17\x00\x00\x19\x00"
	       "\x1B\x00\x00\x00\x03\x00G\0"
	       "\x8C\x18\x00\x01\x01\x01\x00\x01\x00\x03\x00\x00\x00\x00\x17\x00\x00\x19\x00"
	       "\x1B\x00\x00\x00\x05\x00G\0")},
	{"fixed hardware", write_register,
	 BYTES("\x82\x0C\x00\x7F\x20\x00\x03\xFF\xFF\xFF\xFF\x00\x00\x00\x00")},
};

static void test_encodings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		struct table_writer w = writer(ROOM);

		encodings[i].write(&w);
		if (w.full || w.used_bytes != encodings[i].count ||
		    memcmp(room, encodings[i].bytes, encodings[i].count) != 0) {
			print_error("%s: %zu bytes, expected %zu:", encodings[i].what, w.used_bytes,
				    encodings[i].count);
			for (size_t at = 0; at < w.used_bytes; at++) {
				print_error(" %02X", room[at]);
			}
			fail_msg("\n");
		}
	}
}

/* A length counts itself, in as many bytes as it takes: one up to 63, then 12, then 20 bits. */
static void test_lengths(void **state)
{
	static const struct {
		size_t body;
		size_t count;
		uint8_t bytes[3];
	} lengths[] = {
		{0, 1, {0x01}},
		{62, 1, {0x3F}},
		{63, 2, {0x41, 0x04}},
		{4093, 2, {0x4F, 0xFF}},
		{4094, 3, {0x81, 0x00, 0x01}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct table_writer w = writer(ROOM);
		size_t begin = aml_if(&w);

		table_zeros(&w, lengths[i].body);
		aml_end(&w, begin);
		assert_int_equal(w.used_bytes, 1 + lengths[i].count + lengths[i].body);
		assert_memory_equal(room + 1, lengths[i].bytes, lengths[i].count);
	}
}

/* Nothing is written past the end, whatever is asked for; and it is known afterwards. */
static void test_full(void **state)
{
	(void)state;
	for (size_t size = 0; size < 36; size++) {
		struct table_writer w = writer(size);

		write_resources(&w);
		assert_true(w.full);
		assert_true(w.used_bytes <= size);
		assert_int_equal(room[size], 0xA5);
	}
}

static void test_header(void **state)
{
	struct table_writer w = writer(ROOM);
	unsigned sum = 0;
	size_t begin;

	(void)state;
	table_u8(&w, 7);
	begin = table_begin(&w, "TEST", 5);
	assert_int_equal(begin, 16);
	table_u32(&w, 0x12345678);
	table_end(&w, begin);
	assert_memory_equal(room + 16, "TEST\x28\0\0\0\x05", 9);
	assert_memory_equal(room + 26, "TORPORTORPOR-1\x01\0\0\0TRPR\x01\0\0\0", 26);
	assert_memory_equal(room + 52, "\x78\x56\x34\x12", 4);
	for (size_t i = begin; i < w.used_bytes; i++) {
		sum += room[i];
	}
	assert_int_equal(sum & 0xFF, 0);
	/* Between tables there are zeros, not what was in memory. */
	for (size_t i = 1; i < begin; i++) {
		assert_int_equal(room[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests_name("aml", tests, NULL, NULL);
}
