/* SPDX-License-Identifier: BSD-3-Clause */
/* Results: a line for each check that fails, and one for each case, as a line takes long here. */
#include "bare.h"

static const char *current;
static u64 passed;
static u64 failed;

void case_begin(const char *name)
{
	current = name;
	passed = 0;
	failed = 0;
}

void case_end(void)
{
	if (failed == 0) {
		say("ok %s # %x checks", current, passed);
	} else {
		say("not ok %s # %x of %x checks failed", current, failed, passed + failed);
	}
}

void check(bool good, const char *promise)
{
	if (good) {
		passed++;
	} else {
		failed++;
		say("not ok %s: %s", current, promise);
	}
}

void check_is(u64 seen, u64 expected, const char *promise)
{
	if (seen == expected) {
		passed++;
	} else {
		failed++;
		say("not ok %s: %s # %x, expected %x", current, promise, seen, expected);
	}
}
