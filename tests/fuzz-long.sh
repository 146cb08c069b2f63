#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Ten million random lines on machines of several kinds; for `make check-long`.
set -e
fuzz=${KMM_BUILDDIR:-.}/tests/fuzz_lines
lines=${KMM_FUZZ_LINES:-10000000}

seed=1
for machine in tiny pc numa4 i386; do
	# Large machines take longer to check whole.
	case $machine in
	tiny) whole=10000 count=$((lines * 6 / 10)) ;;
	*) whole=10000 count=$((lines / 10)) ;;
	esac
	echo "$machine:"
	"$fuzz" -m "$machine" -s $seed -n "$count" -w $whole -d 1000
	seed=$((seed + 1))
done
echo "tiny, 6.1:"
"$fuzz" -m tiny -S release=6.1 -s $seed -n "$((lines / 10))" -d 1000
for release in 6.1 6.18; do
	echo "tasks, hardly any memory, $release:"
	"$fuzz" -m tiny -S release=$release -S 'node 0.memory=32M' -T 97 -s $seed \
		-n "$((lines / 10))" -w 10000 -r 50000 -d 1000
done
sh "$(dirname "$0")/fuzz-live.sh" "$lines"
