// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts of /proc and /sys, taken apart: one function for each kind of file. A fact's
 * section and name say where it stands, and are what two files are matched by; nothing
 * here knows which names there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmm-compare.h"

struct facts *facts_new(void)
{
	struct facts *facts = g_new0(struct facts, 1);

	facts->facts = g_array_new(FALSE, TRUE, sizeof(struct fact));
	facts->chunk = g_string_chunk_new(4096);
	return facts;
}

void facts_free(struct facts *facts)
{
	g_array_free(facts->facts, TRUE);
	g_string_chunk_free(facts->chunk);
	g_free(facts);
}

static const char *keep(struct facts *facts, const char *text, size_t len)
{
	return g_string_chunk_insert_len(facts->chunk, text, (gssize)len);
}

static struct fact *add(struct facts *facts, const char *section, const char *name,
			const char *value)
{
	const struct fact fact = {
		.section = g_string_chunk_insert_const(facts->chunk, section),
		.name = g_string_chunk_insert_const(facts->chunk, name),
		.value = keep(facts, value, strlen(value)),
		.unit = "",
	};

	g_array_append_val(facts->facts, fact);
	return &g_array_index(facts->facts, struct fact, facts->facts->len - 1);
}

static GStrv lines_of(const char *text)
{
	return g_strsplit(text, "\n", -1);
}

/* Words between blanks; the last is followed by NULL. */
static GPtrArray *words_of(const char *line)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	for (const char *p = line; *p;) {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (len)
			g_ptr_array_add(words, g_strndup(p, len));
		p += len;
	}
	g_ptr_array_add(words, NULL);
	return words;
}

static const char *word(const GPtrArray *words, unsigned int i)
{
	return i + 1 < words->len ? g_ptr_array_index(words, i) : "";
}

/* "[always] madvise never" or any other text, blanks in a row being one. */
void parse_value(struct facts *facts, const char *text)
{
	g_auto(GStrv) parts = g_strsplit_set(text, " \t\n", -1);
	GString *value = g_string_new(NULL);

	for (char **part = parts; *part; part++) {
		if (**part)
			g_string_append_printf(value, "%s%s", value->len ? " " : "", *part);
	}
	add(facts, "", "", value->str);
	g_string_free(value, TRUE);
}

/* "123 kB": a number and a word behind it. */
static size_t unit_at(const char *value, size_t len)
{
	size_t digits = strspn(value, "0123456789"), at = digits;

	while (at < len && value[at] == ' ')
		at++;
	if (!digits || at == digits || at == len)
		return len;
	for (size_t i = at; i < len; i++) {
		if (!g_ascii_isalpha(value[i]))
			return len;
	}
	return at;
}

/* "NAME: VALUE UNIT", or "NAME VALUE". Blanks at either end belong to nothing. */
static void add_line(struct facts *facts, const char *section, const char *line)
{
	const char *name = line + strspn(line, " \t"), *colon = strchr(name, ':'), *value;
	size_t len = strlen(line), unit;
	g_autofree char *text = NULL;
	struct fact *fact;

	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	if (name >= line + len)
		return;
	if (colon && colon < line + len) {
		value = colon + 1;
		value += strspn(value, " \t");
	} else {
		for (value = line + len; value > name && value[-1] != ' ' && value[-1] != '\t';)
			value--;
		colon = value;
		while (colon > name && (colon[-1] == ' ' || colon[-1] == '\t'))
			colon--;
	}
	/* A word alone is a name. */
	if (colon == name) {
		colon = line + len;
		value = colon;
	}
	len = value < line + len ? (size_t)(line + len - value) : 0;
	unit = unit_at(value, len);
	text = g_strndup(name, (size_t)(colon - name));
	fact = add(facts, section, text, "");
	if (unit < len) {
		fact->unit = keep(facts, value + unit, len - unit);
		len = strspn(value, "0123456789");
	}
	fact->value = keep(facts, value, len);
	fact->line = keep(facts, line, strlen(line));
	fact->start = (unsigned int)(value - line);
	fact->end = fact->start + (unsigned int)len;
}

/* meminfo, vmstat, numastat, PID/status; a node's files say "Node N " before each name. */
void parse_names(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);

	for (char **line = lines; *line; line++) {
		const char *p = *line;

		if (g_str_has_prefix(p, "Node ")) {
			p += strlen("Node ");
			p += strspn(p, "0123456789");
			p += *p == ' ';
		}
		add_line(facts, "", p);
	}
}

/* /proc/stat: a word, and all that is behind it. */
void parse_words(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);

	for (char **line = lines; *line; line++) {
		const size_t len = strcspn(*line, " ");
		g_autofree char *name = g_strndup(*line, len);

		if (len)
			add(facts, "", name, *line + len + strspn(*line + len, " "));
	}
}

/* A heading of zoneinfo: what follows it belongs to it. False: the line is a figure. */
static bool zoneinfo_heading(const char *line, char zone[64], char part[32])
{
	char name[32];
	unsigned int n;

	if (sscanf(line, "Node %u, zone %31s", &n, name) == 2) {
		snprintf(zone, 64, "node %u %s", n, name);
		*part = '\0';
		return true;
	}
	if (sscanf(line, "    cpu: %u", &n) == 1) {
		snprintf(part, 32, ", cpu %u", n);
		return true;
	}
	if (!strcmp(line, "  per-node stats")) {
		strcpy(part, ", the node");
		return true;
	}
	/* Two blanks: a figure of the zone itself, or the heading "  pagesets"; but for one. */
	if (g_str_has_prefix(line, "  ") && line[2] != ' ' &&
	    !g_str_has_prefix(line, "  vm stats threshold"))
		*part = '\0';
	return !strcmp(line, "  pagesets");
}

/*
 * Watermarks are printed with the boost of the moment, which is state: they are
 * compared without.
 */
static void take_off_boost(struct facts *facts, unsigned int first)
{
	static const char *const names[] = { "min", "low", "high", "promo" };
	unsigned long long boost = 0;

	for (unsigned int i = first; i < facts->facts->len; i++) {
		struct fact *fact = &g_array_index(facts->facts, struct fact, i);

		if (!strcmp(fact->name, "boost"))
			boost = strtoull(fact->value, NULL, 10);
		for (unsigned int j = 0; boost && j < G_N_ELEMENTS(names); j++) {
			g_autofree char *text = NULL;

			if (strcmp(fact->name, names[j]) || strchr(fact->section, ','))
				continue;
			text = g_strdup_printf("%llu", strtoull(fact->value, NULL, 10) - boost);
			fact->value = keep(facts, text, strlen(text));
		}
	}
}

void parse_zoneinfo(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);
	char zone[64] = "", part[32] = "", section[96];
	unsigned int first = 0;

	for (char **line = lines; *line; line++) {
		if (zoneinfo_heading(*line, zone, part)) {
			if (g_str_has_prefix(*line, "Node ")) {
				take_off_boost(facts, first);
				first = facts->facts->len;
			}
			snprintf(section, sizeof(section), "%s%s", zone, part);
			add(facts, section, "", "");
			continue;
		}
		snprintf(section, sizeof(section), "%s%s", zone, part);
		add_line(facts, section, *line);
	}
	take_off_boost(facts, first);
}

/* "Node 0, zone      DMA" at the begin of a line: "node 0 DMA", and what is behind it. */
static const char *zone_of_line(const char *line, char section[64])
{
	char name[32];
	unsigned int nid;
	int at = 0;

	if (sscanf(line, "Node %u, zone %31[^, ]%n", &nid, name, &at) != 2)
		return NULL;
	snprintf(section, 64, "node %u %s", nid, name);
	return line + at;
}

static void add_numbered(struct facts *facts, const char *section, const char *format,
			 const GPtrArray *words)
{
	for (unsigned int i = 0; i + 1 < words->len; i++) {
		g_autofree char *name = g_strdup_printf("%s%u", format, i);

		add(facts, section, name, word(words, i));
	}
}

void parse_buddyinfo(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);
	char section[64];

	for (char **line = lines; *line; line++) {
		const char *rest = zone_of_line(*line, section);
		GPtrArray *words = words_of(rest ? rest : *line);

		if (rest)
			add_numbered(facts, section, "order ", words);
		else if (words->len > 1)
			add_line(facts, "", *line);
		g_ptr_array_free(words, TRUE);
	}
}

/* The blocks of a zone by type; their sum is the zone's size. */
static void add_blocks(struct facts *facts, const char *section, const GPtrArray *types,
		       const GPtrArray *words)
{
	unsigned long long sum = 0;
	g_autofree char *total = NULL;

	for (unsigned int i = 0; i + 1 < words->len; i++) {
		g_autofree char *name = g_strdup_printf("blocks of %s", word(types, i));

		add(facts, section, name, word(words, i));
		sum += strtoull(word(words, i), NULL, 10);
	}
	total = g_strdup_printf("%llu", sum);
	add(facts, section, "blocks", total);
}

/* "type Movable" and free blocks of each order, 100000 being printed as ">100000". */
static void add_free_counts(struct facts *facts, const char *zone, const char *rest)
{
	char type[32], section[128];
	int at = 0;
	GPtrArray *words;

	if (sscanf(rest, ", type %31s%n", type, &at) != 1)
		return;
	snprintf(section, sizeof(section), "%s, %s", zone, type);
	words = words_of(rest + at);
	add_numbered(facts, section, "order ", words);
	g_ptr_array_free(words, TRUE);
}

void parse_pagetypeinfo(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);
	GPtrArray *types = words_of("");
	char section[64];

	for (char **line = lines; *line; line++) {
		static const char head[] = "Number of blocks type";
		const char *rest = zone_of_line(*line, section);
		GPtrArray *words = words_of(rest ? rest : *line);

		if (rest && *rest == ',') {
			add_free_counts(facts, section, rest);
		} else if (rest) {
			add_blocks(facts, section, types, words);
		} else if (g_str_has_prefix(*line, head)) {
			g_ptr_array_free(types, TRUE);
			types = words_of(*line + strlen(head));
			add(facts, "", "types", *line + strlen(head));
		} else if (words->len > 1) {
			add_line(facts, "", *line);
		}
		g_ptr_array_free(words, TRUE);
	}
	g_ptr_array_free(types, TRUE);
}

/* "# name <active_objs> ... : tunables <limit>": the names of columns, one a word of a row. */
static GPtrArray *column_names(const char *line)
{
	GPtrArray *names = words_of(line + strspn(line, "# "));

	for (unsigned int i = 0; i + 1 < names->len; i++) {
		char *name = g_ptr_array_index(names, i);
		size_t len = strlen(name);

		if (*name == '<' && name[len - 1] == '>') {
			name[len - 1] = '\0';
			memmove(name, name + 1, len - 1);
		}
	}
	return names;
}

static void add_row(struct facts *facts, const GPtrArray *names, const GPtrArray *words)
{
	const unsigned int nr = MAX(names->len, words->len);

	add(facts, word(words, 0), "", "");
	for (unsigned int i = 1; i + 1 < nr; i++) {
		g_autofree char *number = g_strdup_printf("column %u", i + 1);
		const char *name = *word(names, i) ? word(names, i) : number;

		/* ":" and "tunables" separate columns. */
		if (!strcmp(name, ":") && !strcmp(word(words, i), ":"))
			continue;
		if (i + 1 < words->len)
			add(facts, word(words, 0), name, word(words, i));
	}
}

/* A heading that names columns, then a line for each object. */
static void parse_table(struct facts *facts, const char *text, const char *heading)
{
	g_auto(GStrv) lines = lines_of(text);
	GPtrArray *names = NULL;

	for (char **line = lines; *line; line++) {
		GPtrArray *words = words_of(*line);

		if (!names && g_str_has_prefix(*line, heading))
			names = column_names(*line);
		else if (names && words->len > 1)
			add_row(facts, names, words);
		else if (words->len > 1)
			add_line(facts, "", *line);
		g_ptr_array_free(words, TRUE);
	}
	if (names)
		g_ptr_array_free(names, TRUE);
}

void parse_slabinfo(struct facts *facts, const char *text)
{
	parse_table(facts, text, "# name");
}

/* swaps: the first line names the columns. */
void parse_columns(struct facts *facts, const char *text)
{
	parse_table(facts, text, "");
}

/* "some avg10=0.00 avg60=0.00" */
void parse_pressure(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);

	for (char **line = lines; *line; line++) {
		GPtrArray *words = words_of(*line);

		for (unsigned int i = 1; i + 1 < words->len; i++) {
			g_auto(GStrv) pair = g_strsplit(word(words, i), "=", 2);

			add(facts, word(words, 0), pair[0], pair[1] ? pair[1] : "");
		}
		g_ptr_array_free(words, TRUE);
	}
}

/* "  01000000-0220ffff : Kernel code": ranges of one name are told apart by their number. */
void parse_iomem(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (char **line = lines; *line; line++) {
		const char *at = strstr(*line, " : ");
		g_autofree char *name = NULL, *range = NULL;
		unsigned int nr;

		if (!at)
			continue;
		nr = GPOINTER_TO_UINT(g_hash_table_lookup(seen, at + 3)) + 1;
		g_hash_table_replace(seen, (void *)(at + 3), GUINT_TO_POINTER(nr));
		name = g_strdup_printf("%s%s %u", **line == ' ' ? "in it: " : "", at + 3, nr);
		range = g_strndup(*line, (size_t)(at - *line));
		add(facts, "", name, g_strstrip(range));
	}
	g_hash_table_destroy(seen);
}

/* Without privileges all addresses read as zeros. */
bool iomem_is_hidden(const char *text)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (p[strspn(p, " 0-")] != ':')
			return false;
	}
	return true;
}

/* The figures of the first mapping: which there are. */
void parse_smaps(struct facts *facts, const char *text)
{
	g_auto(GStrv) lines = lines_of(text);
	bool begun = false;

	for (char **line = lines; *line; line++) {
		if (g_ascii_isupper(**line))
			add_line(facts, "", *line);
		else if (begun)
			return;
		else
			begun = true;
	}
}
