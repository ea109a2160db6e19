/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about devices. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/options_internal.h"
#include "devices/vhost_vsock.h"

#define PORT_NAME_SIZE_MAX 63

bool options_set_virtio_console(struct run_options *options, const char *value,
				struct vmm_error *error)
{
	struct machine_console_config *console = &options->machine.console;

	(void)error;
	console->on_terminal = strcmp(value, "stdio") == 0;
	console->path = console->on_terminal ? NULL : value;
	return true;
}

static bool is_port_name(const char *name, size_t length)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return length > 0 && length <= PORT_NAME_SIZE_MAX && strspn(name, allowed) >= length;
}

static bool has_port(const struct machine_console_config *console, const char *name, size_t length)
{
	bool found = false;

	for (size_t n = 0; n < console->port_count && !found; n++) {
		found = strncmp(console->ports[n].name, name, length) == 0 &&
			console->ports[n].name[length] == '\0';
	}
	return found;
}

bool options_set_virtio_port(struct run_options *options, const char *value,
			     struct vmm_error *error)
{
	struct machine_console_config *console = &options->machine.console;
	size_t length = strcspn(value, "=");
	char *name;

	if (!is_port_name(value, length) || value[length] == '\0' || value[length + 1] == '\0') {
		vmm_error_set(error,
			      "--virtio-port '%.100s': expected NAME=SOCKET, the name of up to %d "
			      "letters, digits, dots, dashes and underscores, such as "
			      "org.qemu.guest_agent.0=agent.sock",
			      value, PORT_NAME_SIZE_MAX);
		return false;
	}
	if (has_port(console, value, length)) {
		vmm_error_set(error,
			      "--virtio-port '%.100s': expected another name, there is a "
			      "port of this one",
			      value);
		return false;
	}
	if (console->port_count == MACHINE_PORT_COUNT_MAX) {
		vmm_error_set(error, "--virtio-port '%.100s': expected %d ports at most", value,
			      MACHINE_PORT_COUNT_MAX);
		return false;
	}
	name = strndup(value, length);
	if (name == NULL) {
		vmm_error_set(error, "--virtio-port '%.100s': %s", value, strerror(errno));
		return false;
	}
	options->port_names[console->port_count] = name;
	console->ports[console->port_count].name = name;
	console->ports[console->port_count].path = value + length + 1;
	console->port_count++;
	return true;
}

bool options_set_vsock(struct run_options *options, const char *value, struct vmm_error *error)
{
	const char *end;
	uint64_t cid;

	if (!options_parse_number(value, &end, &cid) || *end != '\0' || cid < VHOST_VSOCK_CID_MIN ||
	    cid > VHOST_VSOCK_CID_MAX) {
		vmm_error_set(error,
			      "--vsock '%s': expected a context id from %" PRIu32 " to %" PRIu32,
			      value, VHOST_VSOCK_CID_MIN, VHOST_VSOCK_CID_MAX);
		return false;
	}
	options->machine.vsock_cid = (uint32_t)cid;
	return true;
}

bool options_set_balloon(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)value;
	(void)error;
	options->machine.balloon = true;
	return true;
}

bool options_set_watchdog(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)value;
	(void)error;
	/* The action may have come first. */
	if (options->machine.watchdog == MACHINE_WATCHDOG_NONE) {
		options->machine.watchdog = MACHINE_WATCHDOG_RESET;
	}
	return true;
}

bool options_set_watchdog_action(struct run_options *options, const char *value,
				 struct vmm_error *error)
{
	if (strcmp(value, "reset") == 0) {
		options->machine.watchdog = MACHINE_WATCHDOG_RESET;
	} else if (strcmp(value, "poweroff") == 0) {
		options->machine.watchdog = MACHINE_WATCHDOG_POWEROFF;
	} else {
		vmm_error_set(error, "--watchdog-action '%.100s': expected reset or poweroff",
			      value);
		return false;
	}
	return true;
}

bool options_set_panic_action(struct run_options *options, const char *value,
			      struct vmm_error *error)
{
	options->machine.panic_ends = strcmp(value, "poweroff") == 0;
	if (!options->machine.panic_ends && strcmp(value, "run") != 0) {
		vmm_error_set(error, "--panic-action '%.100s': expected run or poweroff", value);
		return false;
	}
	return true;
}
