#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that make huge pages and take them apart, made by the host's own kernel too.
exec "${KMM_BUILDDIR:-.}/tests/diff_host" -H -n "${1:-5000}" -s "${2:-1}"
