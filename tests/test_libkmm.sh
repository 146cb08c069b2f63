#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# libkmm as others find it: installed below a prefix, found by pkg-config, used by the
# example and by a program that calls everything once.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
: "${CC:=cc}"
needs pkg-config "${CC%% *}" make readelf
# Where the build has sanitizers, so has what uses the library.
sanitize=$(sed -n 's/^KMM_CFLAGS = .*\(-fsanitize=[a-z,]*\).*/\1/p' "$build/Makefile")
CC=$(sed -n 's/^CC = //p' "$build/Makefile")

MAKEFLAGS='' make -s -C "$build" install-libkmm DESTDIR="$tmp/root" > "$tmp/out" 2>&1 || {
	cat "$tmp/out"
	exit 1
}
pc=$(find "$tmp/root" -name libkmm.pc)
[ -n "$pc" ] || { echo "libkmm.pc is not installed"; exit 1; }
lib=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$tmp/root"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export LD_LIBRARY_PATH="$lib"
[ "$(pkg-config --modversion libkmm)" = "$("$build/kmm-run" --version | sed 's/.* //')" ] ||
	complain "version: $(pkg-config --modversion libkmm)"

# Nothing but what the map names is to be seen; it is what the header declares.
readelf --dyn-syms -W "$lib/libkmm.so" |
	awk '$5 == "GLOBAL" && $7 != "UND" { sub(/@.*/, "", $8); print $8 }' | grep -v '^KMM_' | sort > "$tmp/seen"
grep -o 'kmm_[a-z_]*(' "$here/include/kmm/kmm.h" | tr -d '(' | grep -v '^kmm_error$' | sort -u > "$tmp/declared"
echo kmm_error >> "$tmp/declared"
sort -o "$tmp/declared" "$tmp/declared"
diff "$tmp/declared" "$tmp/seen" > "$tmp/diff" || complain "symbols: $(cat "$tmp/diff")"
readelf -d "$lib/libkmm.so" | grep -q 'SONAME.*libkmm\.so\.0\]' || complain "no soname"
[ -e "$lib/libkmm.so.0" ] || complain "no libkmm.so.0"

# compile SOURCE PROGRAM
compile() {
	# Several words of a command line.
	# shellcheck disable=SC2046,SC2086
	$CC -Wall -Wextra -Werror $sanitize "$1" -o "$2" $(pkg-config --cflags --libs libkmm) ||
		complain "$1 does not compile"
}

compile "$here/examples/libkmm/grow.c" "$tmp/grow"
"$tmp/grow" > "$tmp/out" 2>&1 || complain "grow: $(cat "$tmp/out")"
grep -Eq '^[0-9]+ MiB touched: [1-9][0-9]* pages are on swap' "$tmp/out" || complain "grow: $(cat "$tmp/out")"
"$tmp/grow" no-such-machine 2>&1 | grep -q 'no-such-machine' || complain "grow of no machine"

cat > "$tmp/all.c" <<'C'
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kmm/kmm.h>

static int count(const char *name, void *data)
{
	*(int *)data += 1;
	return strcmp(name, "meminfo") ? 0 : 7;
}

int main(void)
{
	static const char *const sets[] = { "node 0.memory=192M", NULL };
	static const char text[] = "[node 0]\ncpus = 0\nmemory = 128M\n";
	char *error = NULL, *out = NULL, digest[2][65];
	const char *help = NULL;
	unsigned int line = 0;
	struct kmm *a, *b;
	uint64_t value;
	int nr = 0;
	size_t len;

	assert(*kmm_version() && !strcmp(kmm_shipped(0, &help), "pc") && *help);
	assert(!kmm_shipped(1000, NULL));
	assert(kmm_boot("/no/such", NULL, &a, &error) == -ENOENT && strstr(error, "/no/such"));
	free(error);
	assert(kmm_boot_text("mine", "[node 0]\ncpus = x\n", NULL, &a, &error) < 0);
	assert(strstr(error, "mine:2: "));
	free(error);
	assert(!kmm_boot_text("mine", text, NULL, &a, NULL));
	assert(!kmm_boot_text("mine", "[node 0]\ncpus = 0\nmemory = 256M\n", sets, &b, NULL));
	assert(!kmm_run(a, "# four lines\n\nalloc_pages 0 as page\ncat sim/as/page\n", &out, &line));
	assert(line == 4 && strstr(out, "order 0") && !*kmm_error(a));
	free(out);
	assert(kmm_history(a) == 1 && kmm_history(b) == 0);
	assert(kmm_run(a, "sim/ctl: free_pages @page\nfree_pages @page\nalloc_pages 0", NULL, &line) < 0);
	assert(line == 2 && strstr(kmm_error(a), "not allocated"));
	assert(kmm_run(a, "proc/1/ctl: munmap 1 4096", NULL, NULL) == -EINVAL && *kmm_error(a));
	assert(!kmm_run(a, "proc/1/ctl: munmap 1 4096 = -1 EINVAL", NULL, NULL));
	assert(!kmm_read(a, "proc/meminfo", &out, &len) && strlen(out) == len);
	free(out);
	assert(kmm_read(a, "proc/nothing", &out, NULL) == -ENOENT && strstr(kmm_error(a), "proc/nothing"));
	assert(!kmm_write(a, "proc/sys/vm/swappiness", "11\n") && !*kmm_error(a));
	assert(kmm_write(a, "proc/sys/vm/swappiness", "-1") == -EINVAL);
	assert(!kmm_read(a, "proc/sys/vm/swappiness", &out, NULL) && !strcmp(out, "11\n"));
	free(out);
	assert(!kmm_figure(a, "proc/meminfo", "MemTotal", &value) && value > 80000 && value < 131072);
	assert(kmm_figure(a, "proc/meminfo", "Mem", &value) == -ENOENT && *kmm_error(a));
	assert(kmm_list(a, "proc", count, &nr) == 7 && nr > 0);
	assert(kmm_list(a, "proc/meminfo", count, &nr) < 0);
	assert(!kmm_digest(a, digest[0]) && !kmm_digest(b, digest[1]));
	assert(strlen(digest[0]) >= 16 && strcmp(digest[0], digest[1]));
	assert(!kmm_check(a, &out) && !strncmp(out, "clean", 5));
	free(out);
	kmm_free(a);
	kmm_free(b);
	kmm_free(NULL);
	puts("all of it");
	return 0;
}
C
compile "$tmp/all.c" "$tmp/all"
[ "$("$tmp/all" 2> "$tmp/err")" = 'all of it' ] || complain "all: $(cat "$tmp/err")"

# Sanitizers of two compilers do not mix.
if [ -z "$sanitize" ] && command -v c++ >/dev/null; then
	printf '#include <kmm/kmm.h>\nint main() { return !*kmm_version(); }\n' > "$tmp/plus.cc"
	# shellcheck disable=SC2046
	c++ "$tmp/plus.cc" -o "$tmp/plus" $(pkg-config --cflags --libs libkmm) && "$tmp/plus" ||
		complain "C++ cannot use it"
fi
[ $failed -eq 0 ] && echo "libkmm is found, linked and does what its header says"
