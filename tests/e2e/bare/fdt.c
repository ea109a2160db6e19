/* SPDX-License-Identifier: BSD-3-Clause */
/* The two things that are wanted of the device tree. Its words are aligned, as all here must be. */
#include "bare.h"

#define AT_STRUCT 2
#define AT_STRINGS 3
#define BEGIN_NODE 1
#define END_NODE 2
#define PROPERTY 3
#define NOP 4

static u32 word(const u32 *at)
{
	return be32(*at);
}

static bool is(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static u64 length(const char *text)
{
	u64 n = 0;

	while (text[n] != '\0') {
		n++;
	}
	return n;
}

static bool is_memory(const char *node)
{
	static const char prefix[] = "memory@";
	unsigned n = 0;

	while (prefix[n] != '\0' && node[n] == prefix[n]) {
		n++;
	}
	return prefix[n] == '\0';
}

void fdt_read(const void *tree, struct machine_facts *facts)
{
	const u32 *header = tree;
	const u32 *at = header + word(&header[AT_STRUCT]) / 4;
	const char *strings = (const char *)tree + word(&header[AT_STRINGS]);
	const char *node = "";

	facts->bootargs = "";
	for (;;) {
		u32 token = word(at++);

		if (token == BEGIN_NODE) {
			node = (const char *)at;
			at += length(node) / 4 + 1;
		} else if (token == PROPERTY) {
			const char *name = strings + word(&at[1]);

			if (is(name, "bootargs")) {
				facts->bootargs = (const char *)&at[2];
			} else if (is(name, "reg") && is_memory(node)) {
				facts->ram_end = ((u64)word(&at[2]) << 32) + word(&at[3]) +
						 ((u64)word(&at[4]) << 32) + word(&at[5]);
			}
			at += 2 + (word(at) + 3) / 4;
		} else if (token != END_NODE && token != NOP) {
			return;
		}
	}
}
