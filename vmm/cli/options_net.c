/* SPDX-License-Identifier: BSD-3-Clause */
/* --net: KIND[=VALUE] and, after commas, what is true of any kind. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "devices/virtio_net.h"

#define MAC_TEXT_BYTES 17

/* Locally administered; the last byte is the device's number. Part of the machine type. */
static const uint8_t default_mac[MACHINE_NET_MAC_BYTES] = {0x02, 0x74, 0x70, 0x72, 0x00, 0x00};

/* What comes after "NAME=", or NULL. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	if (strlen(text) != MAC_TEXT_BYTES) {
		return false;
	}
	for (unsigned i = 0; i < MACHINE_NET_MAC_BYTES; i++) {
		const char *pair = text + (size_t)3 * i;
		const char digits[3] = {pair[0], pair[1], '\0'};

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) ||
		    (pair[2] != ':' && pair[2] != '\0')) {
			return false;
		}
		mac[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	/* The group bit: no device has such an address. */
	return (mac[0] & 1) == 0;
}

static bool set_mac(struct machine_net_config *net, const char *text, const char *value,
		    struct vmm_error *error)
{
	if (!parse_mac(text, net->mac)) {
		vmm_error_set(error,
			      "--net '%s': mac=%s: expected six bytes in hexadecimal, such as "
			      "52:54:00:12:34:56, the first of them even",
			      value, text);
		return false;
	}
	return true;
}

static bool set_mtu(struct machine_net_config *net, const char *text, const char *value,
		    struct vmm_error *error)
{
	const char *end;
	uint64_t number;

	if (!options_parse_number(text, &end, &number) || *end != '\0' ||
	    number < VIRTIO_NET_MTU_MIN || number > VIRTIO_NET_MTU_MAX) {
		vmm_error_set(error, "--net '%s': mtu=%s: expected a number from %d to %d", value,
			      text, VIRTIO_NET_MTU_MIN, VIRTIO_NET_MTU_MAX);
		return false;
	}
	net->mtu = (uint16_t)number;
	return true;
}

static bool set_kind(struct machine_net_config *net, const char *word, const char *value,
		     struct vmm_error *error)
{
	const char *text;
	const char *end;
	uint64_t number;

	if ((text = value_of(word, "tap")) != NULL && *text != '\0') {
		net->kind = MACHINE_NET_TAP;
		net->target = text;
		return true;
	}
	if ((text = value_of(word, "tapfd")) != NULL && options_parse_number(text, &end, &number) &&
	    *end == '\0' && number <= INT_MAX) {
		net->kind = MACHINE_NET_TAP_FD;
		net->fd = (int)number;
		return true;
	}
	if ((text = value_of(word, "stream")) != NULL && *text != '\0') {
		net->kind = MACHINE_NET_STREAM;
		net->target = text;
		return true;
	}
	if (strcmp(word, "passt") == 0) {
		net->kind = MACHINE_NET_PASST;
		return true;
	}
	vmm_error_set(error,
		      "--net '%s': expected tap=INTERFACE, tapfd=NUMBER, stream=SOCKET or passt, "
		      "then maybe ,mac=ADDRESS and others",
		      value);
	return false;
}

/* One word after the kind. args= takes all that is left, commas included. */
static bool set_detail(struct machine_net_config *net, const char *word, const char *value,
		       struct vmm_error *error)
{
	const char *text;

	if ((text = value_of(word, "mac")) != NULL) {
		return set_mac(net, text, value, error);
	}
	if ((text = value_of(word, "mtu")) != NULL) {
		return set_mtu(net, text, value, error);
	}
	if ((text = value_of(word, "args")) != NULL && net->kind == MACHINE_NET_PASST) {
		net->target = text;
		return true;
	}
	vmm_error_set(error, "--net '%s': '%s': expected mac=ADDRESS%s", value, word,
		      net->kind == MACHINE_NET_PASST ? ", mtu=NUMBER or, last, args=PASST-OPTIONS"
						     : " or mtu=NUMBER");
	return false;
}

/* Cuts the details off @words and returns them, NULL if there are none. */
static char *cut_details(char *words)
{
	char *comma = strchr(words, ',');

	if (value_of(words, "stream") != NULL) {
		/* A file's name may have commas: what follows its last word is no part of it. */
		char *first = NULL;

		for (; comma != NULL; comma = strchr(comma + 1, ',')) {
			if (value_of(comma + 1, "mac") == NULL &&
			    value_of(comma + 1, "mtu") == NULL) {
				first = NULL;
			} else if (first == NULL) {
				first = comma;
			}
		}
		comma = first;
	}
	if (comma == NULL) {
		return NULL;
	}
	*comma = '\0';
	return comma + 1;
}

static bool parse(struct machine_net_config *net, char *words, const char *value,
		  struct vmm_error *error)
{
	char *rest = cut_details(words);

	if (!set_kind(net, words, value, error)) {
		return false;
	}
	while (rest != NULL) {
		char *word = value_of(rest, "args") != NULL ? rest : strsep(&rest, ",");
		if (!set_detail(net, word, value, error)) {
			return false;
		}
		if (word == rest) {
			break;
		}
	}
	return true;
}

/* Frames to one of two devices with one address may reach the other. */
static bool check_mac(const struct machine_config *machine, const struct machine_net_config *net,
		      const char *value, struct vmm_error *error)
{
	for (size_t i = 0; i < machine->net_count; i++) {
		if (memcmp(machine->nets[i].mac, net->mac, sizeof(net->mac)) == 0) {
			vmm_error_set(error,
				      "--net '%s': has the same address as network device %zu: "
				      "expected another mac=ADDRESS",
				      value, i);
			return false;
		}
	}
	return true;
}

bool options_set_net(struct run_options *options, const char *value, struct vmm_error *error)
{
	struct machine_config *machine = &options->machine;
	struct machine_net_config net = {0};
	char *words;

	if (machine->net_count == MACHINE_NET_COUNT_MAX) {
		vmm_error_set(error, "--net '%s': expected %d network devices at most", value,
			      MACHINE_NET_COUNT_MAX);
		return false;
	}
	words = strdup(value);
	if (words == NULL) {
		vmm_error_set(error, "--net '%s': %s", value, strerror(errno));
		return false;
	}
	memcpy(net.mac, default_mac, sizeof(net.mac));
	net.mac[MACHINE_NET_MAC_BYTES - 1] = (uint8_t)machine->net_count;
	if (!parse(&net, words, value, error) || !check_mac(machine, &net, value, error)) {
		free(words);
		return false;
	}
	options->net_words[machine->net_count] = words;
	machine->nets[machine->net_count] = net;
	machine->net_count++;
	return true;
}
