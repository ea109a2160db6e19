/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machine types stay what they are: device trees, ACPI tables, descriptions and signatures of some
 * machines are byte for byte those in tests/vmm/golden, where each type has a folder.
 *
 * With the folder of a type as its argument, and no file in it, the program writes them: see
 * tools/golden.
 */
#include "machine_rig.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/boot_tables.h"
#include "golden_machines.h"
#include "machine/description.h"
#include "machine/internal.h"

#define MUST_NOT_CHANGE                                                                            \
	"A machine type must not change: guests that hibernated on it could not be resumed. Put "  \
	"it back as it was, and make what is new part of a new type: docs/machine-types.md"

/* What is known of a machine; @length counts. */
struct known {
	char *bytes;
	size_t length;
};

static const char *folder;
static const char *type_name;
static bool writing;

static void path_of(char path[256], const char *name, const char *ending)
{
	(void)snprintf(path, 256, "%s/%s%s", folder, name, ending);
}

static struct known read_known(const char *path)
{
	struct known known = {NULL, 0};
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		return known;
	}
	known.bytes = test_calloc(1, FDT_SIZE_MAX_BYTES);
	known.length = fread(known.bytes, 1, FDT_SIZE_MAX_BYTES - 1, file);
	(void)fclose(file);
	return known;
}

static void write_known(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wbx");

	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		fail_msg("%s cannot be written, or is there", path);
	}
}

static void print_difference(void *ctx, const char *field, const char *was, const char *is)
{
	(void)ctx;
	print_message("# %s: was %s, is %s\n", field, was, is);
}

static void check(const char *name, const char *ending, const void *bytes, size_t length)
{
	char path[256];
	struct known known;
	size_t same = 0;

	path_of(path, name, ending);
	if (writing) {
		write_known(path, bytes, length);
		return;
	}
	known = read_known(path);
	while (same < length && same < known.length &&
	       known.bytes[same] == ((const char *)bytes)[same]) {
		same++;
	}
	if (known.bytes == NULL) {
		fail_msg("no %s: tools/golden writes those of a new type", path);
	}
	if (same != length || same != known.length) {
		if (strcmp(ending, ".txt") == 0) {
			(void)description_compare(known.bytes, bytes, print_difference, NULL);
		}
		fail_msg("%s: %s%s is another from byte %zu on. " MUST_NOT_CHANGE, type_name, name,
			 ending, same);
	}
	test_free(known.bytes);
}

static void check_tree(const char *name, const struct machine *machine)
{
	static const uint8_t seeds[FDT_SEEDS_BYTES];
	struct vmm_error error = {.text = ""};
	struct fdt_config tree;
	void *dtb = test_malloc(FDT_SIZE_MAX_BYTES);

	machine_tell_tree(machine, &tree);
	tree.seeds = seeds;
	tree.ram_ipa = LAYOUT_RAM_BASE;
	tree.ram_size_bytes = machine->config.memory_bytes;
	assert_int_equal(fdt_build(&tree, dtb, FDT_SIZE_MAX_BYTES, &error), 0);
	check(name, ".dtb", dtb, fdt_totalsize(dtb));
	test_free(dtb);
}

static void check_acpi(const char *name, const struct machine *machine)
{
	struct table_writer w = {.ipa = LAYOUT_RAM_BASE, .size_bytes = BOOT_TABLES_BYTES};
	struct acpi_config acpi;
	struct acpi_place place;

	w.to = test_calloc(1, BOOT_TABLES_BYTES);
	machine_tell_acpi(machine, &acpi);
	acpi.ram_size_bytes = machine->config.memory_bytes;
	acpi_build(&acpi, &w, &place);
	assert_false(w.full);
	check(name, ".acpi", w.to, w.used_bytes);
	test_free(w.to);
}

/* The description ends with what follows from it, which is no part of it. */
static void check_description(const char *name, struct machine *machine)
{
	struct vmm_error error = {.text = ""};
	char *text = NULL;
	char *whole;

	if (machine_describe(machine, &text, &error) != 0) {
		fail_msg("%s: %s", name, error.text);
	}
	whole = test_malloc(strlen(text) + 64);
	(void)sprintf(whole, "%s~signature 0x%08x\n~signature,epoch=1 0x%08x\n", text,
		      description_signature(text, 0), description_signature(text, 1));
	check(name, ".txt", whole, strlen(whole));
	test_free(whole);
	free(text);
}

/* In memory, so that the block size is not that of the file system that tests happen to be on. */
static void make_disks(struct machine_config *config, char paths[][32])
{
	for (size_t n = 0; n < config->disk_count; n++) {
		int fd = memfd_create("disk", MFD_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, GOLDEN_DISK_BYTES), 0);
		(void)snprintf(paths[n], 32, "/proc/self/fd/%d", fd);
		config->disks[n].path = paths[n];
	}
}

static void close_disks(const struct machine_config *config)
{
	for (size_t n = 0; n < config->disk_count; n++) {
		(void)close(atoi(config->disks[n].path + strlen("/proc/self/fd/")));
	}
}

static void types_stay_what_they_are(void **state)
{
	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		const struct golden_machine *golden = &golden_machines[i];
		struct machine_rig *rig = *state;
		char paths[MACHINE_DISK_COUNT_MAX][32];

		rig->config = golden->config;
		rig->config.type = machine_type_find(type_name);
		rig->config.cmdline = "";
		rig->config.describe_only = true;
		assert_non_null(rig->config.type);
		fake_kvm_features(golden->pmu, false, false);
		make_disks(&rig->config, paths);
		machine_rig_up(rig);
		if (golden->config.firmware_tables == MACHINE_TABLES_ACPI) {
			check_acpi(golden->name, rig->machine);
		} else {
			check_tree(golden->name, rig->machine);
		}
		check_description(golden->name, rig->machine);
		close_disks(&rig->config);
		machine_rig_again(state);
	}
}

/* What is not in a file: a type's name leads to these, and these are all there are. */
static void constants_of_types(void **state)
{
	(void)state;
	assert_string_equal(machine_type_at(0)->name, "torpor-1");
	assert_int_equal(machine_type_at(0)->psci_version, TORPOR_PSCI_1_3);
	assert_string_equal(MACHINE_TYPE_DEFAULT, "torpor-1");
	assert_ptr_equal(machine_type_find("torpor-1"), machine_type_at(0));
	assert_null(machine_type_find("torpor-0"));
	assert_null(machine_type_find(""));
	/* A further type has a folder of its own, and a test of its own in meson.build. */
	assert_null(machine_type_at(1));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(types_stay_what_they_are),
		cmocka_unit_test(constants_of_types),
	};

	if (argc < 2) {
		(void)fprintf(stderr, "usage: test_vmm_golden FOLDER/TYPE [--write]\n");
		return 2;
	}
	folder = argv[1];
	type_name = strrchr(folder, '/') != NULL ? strrchr(folder, '/') + 1 : folder;
	writing = argc > 2 && strcmp(argv[2], "--write") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
