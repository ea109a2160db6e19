/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages are cut out of any stream of bytes, and after rubbish the next one is found. */
#include <string.h>

#include "check.h"

#include "control/qmp_frame.h"

/* What @text gives: messages, each followed by ';', '!' for an error, '#' for too big. */
static void cut(const char *text, size_t count, char *result)
{
	struct qmp_frame frame = {0};

	for (size_t i = 0; i < count; i++) {
		switch (qmp_frame_push(&frame, (uint8_t)text[i])) {
		case QMP_FRAME_MORE:
			break;
		case QMP_FRAME_MESSAGE:
			memcpy(result, frame.bytes, frame.count);
			result += frame.count;
			*result++ = ';';
			qmp_frame_reset(&frame);
			break;
		case QMP_FRAME_BAD:
			*result++ = '!';
			break;
		case QMP_FRAME_TOO_BIG:
			*result++ = '#';
			*result = '\0';
			qmp_frame_free(&frame);
			return;
		}
	}
	*result = '\0';
	qmp_frame_free(&frame);
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		const char *result;
	} cases[] = {
		{"", ""},
		{" \t\r\n", ""},
		{"{}", "{};"},
		{"{}{}", "{};{};"},
		{"{}\n[] ", "{};[];"},
		{"{\"a\": [1, {\"b\": 2}]}", "{\"a\": [1, {\"b\": 2}]};"},
		{"{\n\t\"a\":\r\n1}", "{\n\t\"a\":\r\n1};"},
		{"{\"}\": 1}", "{\"}\": 1};"},
		{"{'}': 1}", "{'}': 1};"},
		{"{\"\\\"}\": 1}", "{\"\\\"}\": 1};"},
		{"{\"\\\\\"}", "{\"\\\\\"};"},
		{"{\"'\":1}", "{\"'\":1};"},
		/* Not a message, then one. */
		{"quit\n{}", "!{};"},
		{"quit {}", "!{};"},
		{"42\n42\n{}", "!!{};"},
		{"}}}{}", "!{};"},
		{"\"{}\"\n{}", "!{};!{};"},
		/* Broken off, then one. */
		{"{\"a\n{}", "!{};"},
		{"{\"a\": \"\n\"}\n{}", "!!{};"},
		{"{\"a\": \xff{}", "!{};"},
		{"{\"a\xff{}", "!{};"},
		{"\xff{}\xff\xff{}", "{};{};"},
		{"{\x01{}", "!{};"},
		{"\x01{}", "!{};"},
		/* Brackets count, whether they match is the parser's business. */
		{"{]{}", "{];{};"},
	};
	char result[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cut(cases[i].text, strlen(cases[i].text), result);
		assert_string_equal(result, cases[i].result);
	}
}

static void test_nul_is_a_control_character(void **state)
{
	static const char text[] = "{\"a\0\"}\n{}";
	char result[64];

	(void)state;
	cut(text, sizeof(text) - 1, result);
	assert_string_equal(result, "!!{};");
}

static void test_size_limit(void **state)
{
	static char text[QMP_MESSAGE_SIZE_MAX + 1];
	static char result[QMP_MESSAGE_SIZE_MAX + 8];

	(void)state;
	memset(text, ' ', sizeof(text));
	text[0] = '{';
	text[QMP_MESSAGE_SIZE_MAX - 1] = '}';
	cut(text, QMP_MESSAGE_SIZE_MAX, result);
	assert_int_equal(strlen(result), QMP_MESSAGE_SIZE_MAX + 1);
	text[QMP_MESSAGE_SIZE_MAX - 1] = ' ';
	text[QMP_MESSAGE_SIZE_MAX] = '}';
	cut(text, QMP_MESSAGE_SIZE_MAX + 1, result);
	assert_string_equal(result, "#");
	/* Blanks between messages and the rest of rubbish are not kept. */
	memset(text, ' ', sizeof(text));
	cut(text, sizeof(text), result);
	assert_string_equal(result, "");
	memset(text, 'x', sizeof(text));
	cut(text, sizeof(text), result);
	assert_string_equal(result, "!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_nul_is_a_control_character),
		cmocka_unit_test(test_size_limit),
	};

	return cmocka_run_group_tests_name("qmp_frame", tests, NULL, NULL);
}
