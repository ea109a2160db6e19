/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the ACPI tables of some machines to files, MACHINE-TABLE.dat in the folder it is given. */
#include <stdio.h>

#include "acpi_tables.h"

static int write_file(const char *folder, const char *machine, const uint8_t *table)
{
	char path[256];
	FILE *file;
	int ret;

	(void)snprintf(path, sizeof(path), "%s/%s-%.4s.dat", folder, machine, (const char *)table);
	file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	ret = fwrite(table, acpi_length(table), 1, file) == 1 ? 0 : 1;
	return fclose(file) == 0 ? ret : 1;
}

int main(int argc, char **argv)
{
	static const char *const signatures[] = {"XSDT", "FACP", "FACS", "APIC",
						 "GTDT", "SPCR", "DSDT"};
	static struct acpi_tables tables;
	int failed = 0;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: acpi_dump FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < ACPI_MACHINE_COUNT; i++) {
		acpi_tables_build(&tables, &acpi_machines[i].config);
		for (size_t j = 0; j < sizeof(signatures) / sizeof(signatures[0]); j++) {
			failed |= write_file(argv[1], acpi_machines[i].name,
					     acpi_find(&tables, signatures[j]));
		}
	}
	return failed;
}
