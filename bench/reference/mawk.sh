#!/bin/bash
# `mawk.sh lines|fields FILE`: CPU per line of mawk that counts the lines, or the fields too.
set -eu
case $1 in
    fields) program='{ n += NF } END { print NR, n }' ;;
    *) program='{ n += length($0) } END { print NR, n }' ;;
esac
lines=$(wc -l <"$2")
TIMEFORMAT='%U %S'
seconds=$({ time mawk "$program" "$2" >/dev/null; } 2>&1)
awk -v seconds="$seconds" -v lines="$lines" \
    'BEGIN { split(seconds, t, " "); printf "ns %.3f\n", (t[1] + t[2]) * 1e9 / lines }'
