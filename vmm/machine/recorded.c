/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/recorded.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/description_internal.h"

#define SVE_STEP_BITS 128

/* A part of the text. */
struct span {
	const char *at;
	size_t length;
};

static bool is(const struct span *span, const char *word)
{
	return strlen(word) == span->length && memcmp(span->at, word, span->length) == 0;
}

/* "128 256" as bits 0 and 1; what is no length is none. */
static uint64_t parse_lengths(const char *text)
{
	uint64_t lengths = 0;
	char *end;

	for (;;) {
		unsigned long bits = strtoul(text, &end, 10);

		if (end == text) {
			return lengths;
		}
		if (bits % SVE_STEP_BITS == 0 && bits / SVE_STEP_BITS - 1 < 64) {
			lengths |= UINT64_C(1) << (bits / SVE_STEP_BITS - 1);
		}
		text = end;
	}
}

/* "cpu.X" and "cpu12.X" are a CPU's X; the firmware's and the GIC's values go by all of their
 * name. Those of other parts are no identity, or have no value that is a hexadecimal number. */
static bool split_field(const struct span *field, struct kvm_identity *value)
{
	struct span name = *field;
	uint32_t cpu = KVM_IDENTITY_VM;

	if (field->length > 3 && memcmp(field->at, "cpu", 3) == 0) {
		const char *at = field->at + 3;
		char *end = NULL;

		cpu = KVM_IDENTITY_EACH_CPU;
		if (isdigit((unsigned char)*at)) {
			cpu = (uint32_t)strtoul(at, &end, 10);
			at = end;
		}
		if (*at != '.') {
			return false;
		}
		name.at = at + 1;
		name.length = field->length - (size_t)(at + 1 - field->at);
	}
	if (name.length == 0 || name.length >= sizeof(value->name)) {
		return false;
	}
	value->cpu = cpu;
	memcpy(value->name, name.at, name.length);
	value->name[name.length] = '\0';
	return true;
}

/* Of the text behind the field, up to the line's end. */
static bool parse_value(const char *text, struct kvm_identity *value)
{
	char *end;

	if (strcmp(value->name, KVM_IDENTITY_SVE_LENGTHS) == 0) {
		value->value = parse_lengths(text);
		return true;
	}
	if (text[0] != '0' || text[1] != 'x') {
		return false;
	}
	errno = 0;
	value->value = strtoull(text, &end, 16);
	return errno == 0 && (*end == '\n' || *end == '\0');
}

static void take_features(struct recorded *recorded, struct span words)
{
	recorded->has_features = true;
	for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
		const char *name = cpu_feature_name((enum cpu_feature)i);
		struct span rest = words;

		while (rest.length > 0) {
			size_t length = 0;
			struct span word;

			while (length < rest.length && rest.at[length] != ' ') {
				length++;
			}
			word = (struct span){rest.at, length};
			recorded->features[i] |= is(&word, name);
			length += length < rest.length ? 1 : 0;
			rest = (struct span){rest.at + length, rest.length - length};
		}
	}
}

static void take_line(struct recorded *recorded, struct span line)
{
	const char *space = memchr(line.at, ' ', line.length);
	struct kvm_identity *next = &recorded->identity[recorded->count];
	struct span field;

	if (space == NULL) {
		return;
	}
	field = (struct span){line.at, (size_t)(space - line.at)};
	if (is(&field, DESCRIPTION_CPU_FEATURES)) {
		take_features(recorded, (struct span){space + 1, line.length - field.length - 1});
	} else if (split_field(&field, next) && parse_value(space + 1, next)) {
		recorded->count++;
	}
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++) {
		count += *text == '\n' ? 1 : 0;
	}
	return count;
}

int recorded_read(struct recorded *recorded, const char *text)
{
	*recorded = (struct recorded){
		.identity = calloc(count_lines(text), sizeof(*recorded->identity)),
	};
	if (recorded->identity == NULL) {
		return -ENOMEM;
	}
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		take_line(recorded, (struct span){text, length});
		text += length + (text[length] == '\n' ? 1 : 0);
	}
	return 0;
}

void recorded_features(const struct recorded *recorded, struct cpu_features *wanted)
{
	for (unsigned i = 0; recorded->has_features && i < CPU_FEATURE_COUNT; i++) {
		if (!recorded->features[i] && wanted->want[i] == CPU_FEATURE_AUTO) {
			wanted->want[i] = CPU_FEATURE_OFF;
		}
	}
}

void recorded_free(struct recorded *recorded)
{
	free(recorded->identity);
	*recorded = (struct recorded){0};
}
