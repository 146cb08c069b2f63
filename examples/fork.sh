#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fork copies page tables, not pages; the first store after it copies one page.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

does init fork as a
does a mmap 0 16M rw private,anon as buf
addr=$(result a)
does a store @buf 16M
smaps() {
	awk -v at="${addr#0x}" -v label="$2:" \
		'$0 ~ "^" at { found = 1 } found && $1 == label { print $2; exit }' "sim/as/$1/smaps"
}
page() {
	awk '/^pte/ { print $6 }' "sim/as/$1/walk/$addr"
}
expect Pss "$(smaps a Pss)" 16384

step 'After fork both have all of it, and each page counts for half.'
does a fork as child
expect 'Rss of the child' "$(smaps child Rss)" 16384
expect 'Pss of the parent' "$(smaps a Pss)" 8192
expect 'page of both' "$(page child)" "$(page a)"
expect mapcount "$(value "sim/page/$(page a)" mapcount)" 2
sed -n '/^mapped/p' "sim/page/$(page a)"

step 'The entries are read-only now. One store by the child: one page is copied.'
grep ^pte "sim/as/child/walk/$addr"
was=$(page child)
does child store @buf
if [ "$(page child)" = "$was" ]; then
	echo 'the page was not copied' >&2
	exit 1
fi
expect 'Private_Dirty of the child' "$(smaps child Private_Dirty)" 4
expect mapcount "$(value "sim/page/$was" mapcount)" 1

step 'The parent has the old page alone: its store needs no copy.'
does a store @buf
expect 'page of the parent' "$(page a)" "$was"

does child exit_group
does a wait4
does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
