#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gen-completion.sh bash|zsh BUILD: what a shell completes for our programs, from what
# they say themselves: options from --help, machines from --list, verbs from their table.
set -eu
shell=$1 build=$2
programs='kmmfs kmm-run kmm-ctl kmm-capture kmm-compare kmm-enter kmm-record kmm-replay'

# Options of a program, one a line: LETTER NAME ARGUMENT TEXT, - for none, tabs between.
options() {
	"$build/$1" --help | awk '
	/^  (-[A-Za-z], )?--/ {
		letter = arg = "-"
		text = $0
		sub(/^ */, "", text)
		if (text ~ /^-[A-Za-z], /) {
			letter = substr(text, 1, 2)
			text = substr(text, 5)
		}
		name = text
		sub(/  .*/, "", name)
		sub(/^[^ ]* */, "", text)
		if (index(name, "=")) {
			arg = substr(name, index(name, "=") + 1)
			name = substr(name, 1, index(name, "=") - 1)
		}
		printf "%s\t%s\t%s\t%s\n", letter, name, arg, text
	}'
}

machines=$("$build/kmmfs" --list | awk '{ print $1 }' | tr '\n' ' ')
verbs=$("$build/doc/gen-man" verbs | tr '\n' ' ')

# What completes an argument, by the word that --help has for it.
kind() {
	case $1 in
	MACHINE) echo machine ;;
	FILE | MOUNTPOINT | MOUNT | DIR) echo file ;;
	POLICY) echo policy ;;
	*) echo none ;;
	esac
}

# The words behind the options.
operands() {
	case $1 in
	kmmfs | kmm-compare) echo machine ;;
	kmm-ctl) echo verb ;;
	kmm-enter) echo command ;;
	*) echo file ;;
	esac
}

bash_program() {
	function=_$(echo "$1" | tr - _)
	echo
	echo "$function()"
	echo '{'
	echo '	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}'
	echo '	[[ $cur == "=" ]] && cur= || { [[ $prev == "=" ]] && prev=${COMP_WORDS[COMP_CWORD-2]}; }'
	echo '	COMPREPLY=()'
	echo '	case $prev in'
	options "$1" | while IFS='	' read -r letter name arg text; do
		[ "$arg" = - ] && continue
		case $letter in -) ;; *) name="$letter | $name" ;; esac
		echo "	$name) _kmm_$(kind "$arg") \"\$cur\"; return ;;"
	done
	echo '	esac'
	echo '	if [[ $cur == -* ]]; then'
	echo "		COMPREPLY=(\$(compgen -W \"$(options "$1" | awk -F '\t' '
		$1 != "-" { printf "%s ", $1 } { printf "%s ", $2 }')\" -- \"\$cur\"))"
	echo '	else'
	echo "		_kmm_$(operands "$1") \"\$cur\""
	echo '	fi'
	echo '}'
	echo "complete -o filenames -F $function $1"
}

bash_file() {
	cat <<-FILE
		# Completion of bash for kmmfs and its tools. Generated; do not edit.
		_kmm_none() { :; }
		_kmm_file() { COMPREPLY=(\$(compgen -f -- "\$1")); }
		_kmm_machine() { COMPREPLY=(\$(compgen -W "$machines" -- "\$1") \$(compgen -f -- "\$1")); }
		_kmm_policy() { COMPREPLY=(\$(compgen -W "classic lru fifo clock" -- "\$1")); }
		_kmm_verb() { COMPREPLY=(\$(compgen -W "sim $verbs" -- "\$1")); }
		_kmm_command()
		{
		 	local i
		 	for ((i = 1; i < COMP_CWORD; i++)); do
		 		[[ \${COMP_WORDS[i]} == -* ]] || break
		 	done
		 	if ((i == COMP_CWORD)); then
		 		COMPREPLY=(\$(compgen -d -- "\$1"))
		 	elif ((i + 1 == COMP_CWORD)); then
		 		COMPREPLY=(\$(compgen -c -- "\$1"))
		 	else
		 		COMPREPLY=(\$(compgen -f -- "\$1"))
		 	fi
		}
	FILE
	for program in $programs; do
		bash_program "$program"
	done
}

zsh_action() {
	case $1 in
	machine) echo '_kmm_machine' ;;
	file) echo '_files' ;;
	policy) echo '(classic lru fifo clock)' ;;
	*) echo ' ' ;;
	esac
}

zsh_program() {
	echo "$1)"
	echo '	_arguments -s -S \'
	options "$1" | while IFS='	' read -r letter name arg text; do
		text=$(echo "$text" | sed "s/'/'\\\\''/g; s/\[/\\\\[/g; s/\]/\\\\]/g; s/:/\\\\:/g")
		value='' plus=''
		if [ "$arg" != - ]; then
			value=":$(echo "$arg" | tr -d '[]' | tr ':' ' '):$(zsh_action "$(kind "$arg")")"
			plus='='
		fi
		[ "$letter" = - ] || echo "		'*$letter${plus:++}[$text]$value' \\" | sed 's/++\[/[/; s/=\[/+[/'
		echo "		'*$name$plus[$text]$value' \\"
	done
	case $(operands "$1") in
	machine) echo "		'*:machine or mount point:_kmm_machine' ;;" ;;
	verb) echo "		'1:target:(sim)' '2:call:($verbs)' '*: : ' ;;" ;;
	command) echo "		'1:mount point:_directories' '*::command:_normal' ;;" ;;
	*) echo "		'*:file:_files' ;;" ;;
	esac
}

zsh_file() {
	echo "#compdef $programs"
	echo '# Completion of zsh for kmmfs and its tools. Generated; do not edit.'
	echo '_kmm_machine() {'
	echo "	_alternative 'machines:machine:($machines)' 'files:file:_files'"
	echo '}'
	echo 'case $service in'
	for program in $programs; do
		zsh_program "$program"
	done
	echo 'esac'
}

"${shell}_file"
