#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the compiler made of the libraries: no variable that can be written outlives
# a call (all state hangs off struct machine or struct tree), and nothing but the
# loading of machine files calls GLib.
set -eu
cd "${KMM_BUILDDIR:-.}"

status=0
complain() {
	printf '%s\n' "$1" >&2
	status=1
}

libraries='libkmmsim.a libkmmtree.a'

# The table of the program's own symbols belongs to the process, not to a machine
# (clang makes several of it).
# Names that begin with __ are the compiler's (sanitizers, coverage).
# shellcheck disable=SC2086
variables=$(nm -A --format=sysv $libraries 2>/dev/null | awk -F'|' '
{ gsub(/ /, "", $1); gsub(/ /, "", $7) }
$7 !~ /^\.(data|bss|tdata|tbss)/ && $7 != "*COM*" { next }
$7 ~ /^\.data\.rel\.ro/ || $4 !~ /OBJECT|TLS/ { next }
{ name = $1; sub(/.*:/, "", name) }
name ~ /^__/ || $1 ~ /symbols\.o:table(\.[0-9]+)?$/ { next }
{ print "state outside struct machine: " $1 }')
[ -z "$variables" ] || complain "$variables"

# shellcheck disable=SC2086
glib=$(nm -A $libraries 2>/dev/null | sed -n 's/^[^:]*:\([^:]*\):.* U \(g_.*\)$/\1 calls \2/p' |
	grep -v '^\(libkmmsim_a-\)\{0,1\}config[a-z_]*\.o ' || true)
[ -z "$glib" ] || complain "GLib on the path of a call: $glib"

# The checks see something at all.
nm libkmmsim.a 2>/dev/null | grep -q ' T machine_boot$' || complain 'libkmmsim.a has no symbols'

[ "$status" = 0 ] && echo "no writable variables, no GLib behind start-up"
exit "$status"
