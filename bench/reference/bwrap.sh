#!/bin/sh
# `bwrap.sh FILTER ARGUMENT...`: bubblewrap with the namespaces, the empty root and the seccomp profile of
# bench/lib/sandbox.lua, whose program is in the file FILTER.
filter=$1
shift
exec bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --hostname box --tmpfs / --seccomp 9 "$@" 9<"$filter"
