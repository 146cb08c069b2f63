# SPDX-License-Identifier: GPL-2.0-or-later
# Machine files as C: one row of shipped_machines[] for each file, with the first
# line's comment as its help.
function finish() {
	if (name != "")
		printf "\t  , \"%s\" },\n", help
}
BEGIN {
	print "/* SPDX-License-Identifier: GPL-2.0-or-later */"
	print "/* Made from src/sim/boot/machines/ by embed.awk: do not edit. */"
	print "#include \"sim/boot/config.h\"\n"
	print "const struct shipped_machine shipped_machines[] = {"
}
FNR == 1 {
	finish()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.machine$/, "", name)
	help = $0
	sub(/^# */, "", help)
	gsub(/["\\]/, "\\\\&", help)
	printf "\t{ \"%s\",\n", name
}
{
	gsub(/["\\]/, "\\\\&")
	end = "\\n\""
	printf "\t  \"%s%s\n", $0, end
}
END {
	finish()
	print "};\nconst unsigned int nr_shipped_machines = ARRAY_SIZE(shipped_machines);"
}
