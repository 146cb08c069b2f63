# SPDX-License-Identifier: GPL-2.0-or-later
# Files of the steps of a scenario, each behind a line "==> STEP PATH <==", become the
# facts that any machine of that shape has: "STEP PATH: FACT" each. What a pool of huge
# pages comes to that asks for more than there is depends on what the boot left free.
function fact(text) {
	print step " " path ": " zone text
}
function zoneinfo() {
	if (/^Node/)
		zone = $2 $4 " "
	if (/vm stats threshold:/ && !greedy)
		fact($0)
	else if ($1 == "high:" && release != "6.1")
		return
	else if (/^Node|protection:|start_pfn:|cpu:|^  pagesets/ ||
	    $1 ~ /^(boost|min|low|high|promo|spanned|present|managed|high:|batch:|high_min:|high_max:)$/)
		fact($0)
}
function meminfo() {
	sub(/^Node [0-9]+ /, "")
	if (/^HugePages_Total:/)
		total = $2
	if (/^HugePages_Free:/)
		fact("HugePages_Free is " (total - $2) " below the total")
	if (/^(MemTotal|SwapTotal|Hugepagesize):/ ||
	    (!greedy && /^(HugePages_|Hugetlb|CommitLimit)/))
		fact($0)
}
/^==> / {
	step = $2
	path = $3
	zone = ""
	greedy = index(" " all_there_is " ", " " step " ")
	next
}
!NF { next }
path ~ /zoneinfo$/ { zoneinfo(); next }
path ~ /meminfo$/ { meminfo(); next }
{ fact($0) }
