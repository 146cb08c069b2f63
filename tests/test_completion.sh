#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash completes is what --help says; zsh can read its file; the unit is one.
set -eu
build=${KMM_BUILDDIR:-.}
status=0

complain() {
	printf '%s\n' "$1" >&2
	status=1
}

# completes WORD...: what the last one is completed to, one a line.
completes() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	"_$(basename "$1" | tr - _)"
	printf '%s\n' "${COMPREPLY[@]}"
}

# shellcheck disable=SC1091  # made by the build
. "$build/doc/bash/kmmfs"
for program in kmmfs kmm-run kmm-ctl kmm-capture kmm-compare kmm-enter kmm-record kmm-replay; do
	wanted=$("$build/$program" --help | grep -oE -- '^  (-[A-Za-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort)
	got=$(completes "$program" -- | grep -e -- | sort)
	[ -n "$wanted" ] && [ "$wanted" = "$got" ] || complain "$program: completes $got, --help has $wanted"
done
[ "$(completes kmmfs num)" = "$(printf 'numa4\nnuma8')" ] || complain "machines: $(completes kmmfs num)"
[ "$(completes kmm-run --machine = i3)" = i386 ] || complain "a machine behind ="
[ "$(completes kmm-run -m i3)" = i386 ] || complain "a machine behind -m"
[ "$(completes kmm-replay -p cl)" = "$(printf 'classic\nclock')" ] || complain "policies"
completes kmm-ctl sim alloc | grep -qx alloc_pages || complain "verbs"
cd /
completes kmm-enter us | grep -qx usr || complain "mount points"
completes kmm-enter usr slabto | grep -qx slabtop || ! command -v slabtop >/dev/null || complain "commands"

if command -v zsh >/dev/null; then
	zsh -n "$build/doc/zsh/_kmmfs" || complain "zsh cannot read its file"
fi
if command -v systemd-analyze >/dev/null; then
	unit=$(mktemp -d)
	trap 'rm -rf "$unit"' EXIT
	sed "s|=-*/.*/kmmfs |=$build/kmmfs |" "$build/doc/kmmfs@.service" >"$unit/kmmfs@pc.service"
	said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$unit/kmmfs@pc.service" 2>&1 |
		grep kmmfs || true)
	[ -z "$said" ] || complain "the unit: $said"
fi
[ "$status" = 0 ] && echo "completion and unit are fine"
exit "$status"
