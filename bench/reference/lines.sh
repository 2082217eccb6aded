#!/bin/sh
# `lines.sh FILE SCALE`: a text of 256 MiB times the scale, lines of 66 bytes with 13 fields.
set -eu
size=$(awk -v scale="$2" 'BEGIN { printf "%d", 268435456 * scale }')
[ "$(stat -c %s "$1" 2>/dev/null)" = "$size" ] && exit 0
awk 'BEGIN { while (1) printf "line %d of some text that is like a log record, more or less\n", ++n }' 2>/dev/null |
    head -c "$size" >"$1.new"
mv "$1.new" "$1"
