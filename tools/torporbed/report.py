# SPDX-License-Identifier: BSD-3-Clause
"""Messages go to stderr, so that stdout is the command's alone."""

import sys

# Statuses of our own, as timeout(1) and its kin use them.
STATUS_TIMEOUT = 124
STATUS_BED_FAILED = 125


class BedError(Exception):
    """Something the user can act on: one line that says what failed and what would mend it."""


def say(text):
    try:
        print(f"testbed: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody reads us any more; the run itself goes on


def megabytes(count):
    return f"{count / 1e6:.1f} MB"
