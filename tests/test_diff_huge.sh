#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that make huge pages and take them apart, made by the host's own kernel too: where
# they are asked for, and as if they were always on.
calls=${1:-5000} seed=${2:-1}
diff=${KMM_BUILDDIR:-.}/tests/diff_host

"$diff" -H -n "$calls" -s "$seed" || exit
"$diff" -A -n "$calls" -s "$seed"
