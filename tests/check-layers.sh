#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The folder is the layer: no file includes upward, only src/fs/fuse and the
# daemon include FUSE, the engine includes no GLib outside its start-up files, and
# only src/sim/abi compares releases.
set -eu
cd "${KMM_SRCDIR:-.}"

status=0
complain() {
	printf '%s\n' "$1" >&2
	status=1
}

# Every include of our own, as "FILE HEADER".
includes() {
	find src tools -name '*.[ch]' -exec \
		sed -n 's|^#include "\(.*\)"|\1|; T; F; p' {} + | paste -d' ' - -
}

# sed's F prints the name on a line of its own, before the header.
violations=$(includes | awk '
function rank(path) {
	sub(/^src\//, "", path)
	if (path ~ /^tools\//)			return 100
	if (path ~ /^fs\/main/)			return 90
	if (path ~ /^lib\//)			return 90
	if (path ~ /^fs\/fuse\//)		return 80
	if (path ~ /^fs\/(proc|sys|sim)\//)	return 70
	if (path ~ /^fs\/core\/parts\.c/)	return 75
	if (path ~ /^fs\/core\//)		return 60
	# The root object: forward declarations that every layer of the engine
	# may see, and code that joins the layers.
	if (path ~ /^sim\/machine\.h/)		return 2
	if (path ~ /^sim\/boot\/config\.h/)	return 2
	if (path ~ /^sim\/phys\/(mmzone|page)\.h/)	return 2
	if (path ~ /^sim\/[^\/]*$/)		return 50
	if (path ~ /^sim\/policy\//)		return 47
	if (path ~ /^sim\/reclaim\//)		return 45
	if (path ~ /^sim\/virt\//)		return 40
	if (path ~ /^sim\/phys\//)		return 35
	if (path ~ /^sim\/boot\//)		return 30
	if (path ~ /^sim\/arch\//)		return 1
	if (path ~ /^sim\/abi\//)		return 1
	if (path ~ /^sim\/base\//)		return 0
	return -1
}
$2 !~ /^(sim|fs|tools)\// { next }
rank($1) < rank($2) && !($1 ~ /\.h$/ && rank($1) == 2) && !($1 ~ /sim\/base\/.*\.c$/ && $2 == "sim/machine.h") {
	print $1 " includes " $2 ", which is above it"
}')
[ -z "$violations" ] || complain "$violations"

fuse=$(grep -rlE '#include <fuse' src tools | grep -v '^src/fs/fuse/' |
	grep -v '^src/fs/main\.c$' || true)
[ -z "$fuse" ] || complain "includes FUSE outside src/fs/fuse: $fuse"

glib=$(grep -rlE '#include <glib' src | grep -vE '^src/sim/boot/config|^src/fs/(main|fuse/)|^src/lib/' || true)
[ -z "$glib" ] || complain "calls GLib outside start-up: $glib"

releases=$(grep -rnE 'release *(==|!=|<=?|>=?) *R_' src tools | grep -v '^src/sim/abi/' || true)
[ -z "$releases" ] || complain "compares releases outside src/sim/abi: $releases"

spdx=$(find src tools tests examples m4 \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' \
	-o -name '*.mk' -o -name '*.m4' \) -exec grep -L 'SPDX-License-Identifier: GPL-2.0-or-later' {} +)
[ -z "$spdx" ] || complain "no SPDX line: $spdx"

[ "$status" = 0 ] && echo "layers, libraries and licences are as they should be"
exit "$status"
