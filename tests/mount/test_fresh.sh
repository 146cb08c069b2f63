#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes that ended are gone at once, though their names are kept while they live.
. "$KMM_SRCDIR/tests/mount/lib.sh"
fresh=$KMM_BUILDDIR/tests/mount/fresh

start tiny
expect "gone at once" timeout 100 "$fresh" "$mnt" 4 "${KMM_ROUNDS:-100}"
expect "check" says '^clean' cat "$mnt/sim/check"
expect "stop" stop
start -s tiny
expect "gone at once, one thread" timeout 100 "$fresh" "$mnt" 4 "${KMM_ROUNDS:-100}"
expect "stop one thread" stop
finish
