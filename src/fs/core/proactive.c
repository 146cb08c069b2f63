// SPDX-License-Identifier: GPL-2.0-or-later
/* As user_proactive_reclaim() reads it: a size, then options between blanks. */
#include "fs/core/proactive.h"

#include <ctype.h>
#include <stdlib.h>

#include "sim/base/memparse.h"
#include "sim/reclaim/reclaim.h"

#define BLANKS " \t\n"
#define MAX_SWAPPINESS 200

static bool parse_option(const char *word, size_t len, int *swappiness)
{
	static const char option[] = "swappiness=";
	size_t name = strlen(option);
	char *end;
	long n;

	if (len <= name || strncmp(word, option, name))
		return false;
	word += name;
	len -= name;
	if (len == 3 && !strncmp(word, "max", 3)) {
		*swappiness = SWAPPINESS_ANON_ONLY;
		return true;
	}
	if (!isdigit((unsigned char)*word))
		return false;
	n = strtol(word, &end, 0);
	*swappiness = (int)n;
	return end == word + len && n <= MAX_SWAPPINESS;
}

int parse_proactive(struct store *s, const char *text, u64 *bytes, int *swappiness)
{
	const char *p = text + strspn(text, BLANKS), *end;
	bool good;

	*swappiness = -1;
	*bytes = memparse(p, &end);
	good = end != p;
	for (p = end + strspn(end, BLANKS); good && *p; p += strspn(p, BLANKS)) {
		size_t len = strcspn(p, BLANKS);

		good = parse_option(p, len, swappiness);
		p += len;
	}
	if (good)
		return 0;
	out_printf(s->sentence, "'%s' is not a size, with swappiness=0 to 200 or max behind it", text);
	return -EINVAL;
}
