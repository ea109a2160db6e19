/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files that write ACPI tables share.
 */
#ifndef VMM_BOOT_ACPI_INTERNAL_H
#define VMM_BOOT_ACPI_INTERNAL_H

#include "boot/acpi.h"
#include "boot/aml.h"
#include "boot/table.h"

/* Devices that others refer to. */
#define ACPI_GPIO_PATH "\\_SB.GPO0"

/* Each writes a table and returns where the guest finds it. */
uint64_t acpi_write_facs(struct table_writer *w, const struct acpi_config *config);
uint64_t acpi_write_fadt(struct table_writer *w, uint64_t facs_ipa, uint64_t dsdt_ipa);
uint64_t acpi_write_madt(struct table_writer *w, const struct acpi_config *config);
uint64_t acpi_write_gtdt(struct table_writer *w, const struct acpi_config *config);
uint64_t acpi_write_spcr(struct table_writer *w);
uint64_t acpi_write_dsdt(struct table_writer *w, const struct acpi_config *config);

/* Parts of the DSDT: devices below \_SB; the second is what the GPIO controller has of the keys. */
void acpi_write_cpus(struct table_writer *w, const struct acpi_config *config);
void acpi_write_keys(struct table_writer *w);
void acpi_write_buttons(struct table_writer *w);
void acpi_write_clock(struct table_writer *w);

/* acpi_alarm.c: the clock's, and its event of the GPIO controller. */
void acpi_write_alarm(struct table_writer *w);
void acpi_write_alarm_event(struct table_writer *w);

/* A generic address, of memory (5.2.3.2). */
void acpi_put_address(struct table_writer *w, uint8_t bits, uint8_t access, uint64_t address);

#endif /* VMM_BOOT_ACPI_INTERNAL_H */
