#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# build.sh NAME FOLDER LINKER SOURCES COMPILER FLAG...: build, link with -r, and look at what is
# undefined. One line of TAP on standard output.
name=$1
out=$2
linker=$3
sources=$4
shift 4

for tool in "$1" "$linker"; do
    if ! command -v "$tool" > /dev/null; then
        echo "ok #n# - $name # SKIP no $tool"
        exit 0
    fi
done
rm -rf "$out"
mkdir -p "$out"
objects=
for source in $sources; do
    object=$out/$(basename "$source").o
    objects="$objects $object"
    if ! "$@" -c "$source" -o "$object"; then
        echo "not ok #n# - $name: $(basename "$source") does not compile"
        exit 0
    fi
done
# shellcheck disable=SC2086
if ! "$linker" -r -o "$out/torpor.o" $objects; then
    echo "not ok #n# - $name: does not link"
    exit 0
fi
undefined=$(nm -u "$out/torpor.o" | awk '{ print $NF }' |
	grep -vx -e memcpy -e memset | tr '\n' ' ')
if [ -n "$undefined" ]; then
    echo "not ok #n# - $name: undefined: $undefined"
else
    echo "ok #n# - $name: $(size "$out/torpor.o" | awk 'NR == 2 { print $1 }') bytes"
fi
