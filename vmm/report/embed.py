#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make the page's template a C string: embed.py PAGE.html PAGE.css PAGE.js OUT.c

The style and the script go into the page, and their hashes into its policy, so that a browser runs
nothing else that may have got into it.
"""

import base64
import hashlib
import pathlib
import sys


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def literal(text):
    """As C strings, a line each."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", r"\?").splitlines()
    return "\n".join(f'"{line}\\n"' for line in quoted)


def main():
    page, style, script = (pathlib.Path(path).read_text(encoding="utf-8")
                           for path in sys.argv[1:4])
    for name, text in (("STYLE_HASH", digest(style)), ("SCRIPT_HASH", digest(script)),
                       ("STYLE", style), ("SCRIPT", script)):
        assert page.count(f"@{name}@") == 1, name
        page = page.replace(f"@{name}@", text)
    pathlib.Path(sys.argv[4]).write_text(
        f'#include "report/page.h"\n\nconst char page_template[] =\n{literal(page)};\n',
        encoding="utf-8")


if __name__ == "__main__":
    main()
