/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files that read the options share.
 */
#ifndef VMM_CLI_OPTIONS_INTERNAL_H
#define VMM_CLI_OPTIONS_INTERNAL_H

#include <stdint.h>

#include "cli/options.h"

/*
 * Takes an option's value, which is NULL if it has none. True; false with @error filled, which
 * names the option and its value, says what was expected and what would mend it.
 */
typedef bool option_set_fn(struct run_options *options, const char *value, struct vmm_error *error);

/* options_parse.c: decimal digits, at least one; @end is what comes after. */
bool options_parse_number(const char *text, const char **end, uint64_t *number);
/* A number with K, M or G and nothing after. */
bool options_parse_size(const char *text, uint64_t *bytes);

/* options_machine.c */
void options_set_defaults(struct run_options *options);
option_set_fn options_set_kernel;
option_set_fn options_set_initrd;
option_set_fn options_set_append;
option_set_fn options_set_cpus;
option_set_fn options_set_cpu_features;
option_set_fn options_set_memory;
option_set_fn options_set_hugepages;
option_set_fn options_set_machine;
option_set_fn options_set_psci;
option_set_fn options_set_no_reboot;

/* options_power.c */
option_set_fn options_set_idle_states;
option_set_fn options_set_clusters;
option_set_fn options_set_ramoops;
/* Does what they say go with the other options? */
bool options_check_power(const struct machine_config *machine, struct vmm_error *error);

/* options_tables.c */
option_set_fn options_set_firmware_tables;
option_set_fn options_set_hardware_signature;
/* Does what they say go with the other options? */
bool options_check_tables(const struct run_options *options, struct vmm_error *error);

/* options_disk.c */
option_set_fn options_set_disk;

/* options_devices.c */
option_set_fn options_set_watchdog;
option_set_fn options_set_watchdog_action;
option_set_fn options_set_panic_action;
option_set_fn options_set_virtio_console;
option_set_fn options_set_virtio_port;
option_set_fn options_set_vsock;
option_set_fn options_set_balloon;

/* options_firmware.c */
option_set_fn options_set_firmware;
option_set_fn options_set_variables;
option_set_fn options_set_variables_template;
/* Is there a kernel or firmware, and what goes with it? */
bool options_check_firmware(const struct machine_config *machine, struct vmm_error *error);

/* options_net.c */
option_set_fn options_set_net;

#endif /* VMM_CLI_OPTIONS_INTERNAL_H */
