/* SPDX-License-Identifier: BSD-3-Clause */
/* make_sample NAME LIMIT page|trace: a sample as a page or as a trace, on standard output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"
#include "report/trace.h"
#include "report_sample.h"

int main(int argc, char **argv)
{
	struct history history;
	bool page = argc == 4 && strcmp(argv[3], "page") == 0;

	if (argc != 4 || !sample_make(argv[1], strtoul(argv[2], NULL, 10), &history)) {
		(void)fprintf(stderr,
			      "usage: make_sample usual|none|hostile|many LIMIT page|trace\n");
		return EXIT_FAILURE;
	}
	if (page) {
		page_write(stdout, &history);
	} else {
		trace_write(stdout, &history);
	}
	history_free(&history);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
