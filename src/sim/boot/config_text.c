/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines are kept in order in one array; the index finds a key's line by its
 * section and name. --set edits the array: a key that is there gets a new text in
 * place, a new key goes behind the last key of its section, a new section to the
 * end. So the joined text is a machine file again, comments included.
 */
#include "sim/boot/config_text.h"

static void line_free(void *data)
{
	struct config_line *line = data;

	g_free(line->text);
	g_free(line->section);
	g_free(line->key);
	g_free(line);
}

static char *index_key(const char *section, const char *key)
{
	return g_strconcat(section, key ? "\n" : NULL, key, NULL);
}

const struct config_line *config_text_find(const struct config_text *text,
					   const char *section, const char *key)
{
	g_autofree char *name = index_key(section, key);

	return g_hash_table_lookup(text->index, name);
}

char *config_text_where(const struct config_text *text, const struct config_line *line)
{
	if (!line)
		return g_strdup_printf("%s: ", text->name);
	if (line->set)
		return g_strdup_printf("--set %s: ", line->set);
	return g_strdup_printf("%s:%u: ", text->name, line->number);
}

static void G_GNUC_PRINTF(4, 5) fail(char **error, const struct config_text *text,
				     const struct config_line *line, const char *fmt, ...)
{
	g_autofree char *where = config_text_where(text, line);
	g_autofree char *reason = NULL;
	va_list args;

	va_start(args, fmt);
	reason = g_strdup_vprintf(fmt, args);
	va_end(args);
	*error = g_strconcat(where, reason, NULL);
}

/* What kind of line it is; fills in section and key. */
static int classify(struct config_text *text, struct config_line *line,
		    const char *section, char **error)
{
	g_autofree char *bare = g_strstrip(g_strdup(line->text));
	char *equals = strchr(bare, '=');
	size_t len = strlen(bare);

	line->section = g_strdup(section);
	if (!*bare || *bare == '#') {
		line->kind = CONFIG_BLANK;
		return 0;
	}
	if (*bare == '[') {
		if (len < 3 || bare[len - 1] != ']' || strcspn(bare + 1, "[]") != len - 2) {
			fail(error, text, line, "'%s' is not a section: write [NAME] alone on a line",
			     bare);
			return -EINVAL;
		}
		line->kind = CONFIG_SECTION;
		g_free(line->section);
		line->section = g_strndup(bare + 1, len - 2);
		return 0;
	}
	if (!equals || equals == bare) {
		fail(error, text, line,
		     "'%s' is neither a [section], a KEY = VALUE nor a # comment", bare);
		return -EINVAL;
	}
	if (!section) {
		fail(error, text, line, "'%s' stands before the first [section]", bare);
		return -EINVAL;
	}
	line->kind = CONFIG_KEY;
	line->key = g_strchomp(g_strndup(bare, (size_t)(equals - bare)));
	if (strpbrk(line->key, "[]")) {
		fail(error, text, line, "'%s' is not a key: brackets are for sections",
		     line->key);
		return -EINVAL;
	}
	return 0;
}

static int enter(struct config_text *text, struct config_line *line, char **error)
{
	g_autofree char *name = NULL;
	const struct config_line *first;

	if (line->kind == CONFIG_BLANK)
		return 0;
	first = config_text_find(text, line->section, line->key);
	if (first && line->kind == CONFIG_KEY)
		fail(error, text, line, "'%s' again: [%s] has it on line %u", line->key,
		     line->section, first->number);
	else if (first)
		fail(error, text, line, "[%s] again: it began on line %u", line->section,
		     first->number);
	if (first)
		return -EINVAL;
	name = index_key(line->section, line->key);
	g_hash_table_insert(text->index, g_steal_pointer(&name), line);
	return 0;
}

static int check_bytes(const struct config_text *text, const struct config_line *line,
		       char **error)
{
	const char *end;

	if (!g_utf8_validate(line->text, -1, &end)) {
		fail(error, text, line, "byte 0x%02x is not UTF-8 text", (unsigned char)*end);
		return -EINVAL;
	}
	for (const char *p = line->text; *p; p++) {
		if ((unsigned char)*p < ' ' && *p != '\t') {
			fail(error, text, line, "control character 0x%02x in the line",
			     (unsigned int)*p);
			return -EINVAL;
		}
	}
	return 0;
}

int config_text_scan(struct config_text *text, const char *name, const char *bytes,
		     char **error)
{
	g_auto(GStrv) parts = g_strsplit(bytes, "\n", -1);
	const char *section = NULL;
	unsigned int nr = g_strv_length(parts);

	text->name = name;
	text->lines = g_ptr_array_new_with_free_func(line_free);
	text->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (nr && !*parts[nr - 1])
		nr--;	/* the last newline ends a line, it does not begin one */
	for (unsigned int i = 0; i < nr; i++) {
		struct config_line *line = g_new0(struct config_line, 1);
		size_t len = strlen(parts[i]);

		if (len && parts[i][len - 1] == '\r')
			parts[i][len - 1] = '\0';
		line->text = g_strdup(parts[i]);
		line->number = i + 1;
		g_ptr_array_add(text->lines, line);
		if (check_bytes(text, line, error) ||
		    classify(text, line, section, error) || enter(text, line, error))
			return -EINVAL;
		section = line->section;
	}
	return 0;
}

/* Where a new key of the section goes: behind its last key, or its header. */
static unsigned int end_of_section(const struct config_text *text, const char *section)
{
	unsigned int at = text->lines->len;

	for (unsigned int i = 0; i < text->lines->len; i++) {
		const struct config_line *line = g_ptr_array_index(text->lines, i);

		if (line->kind != CONFIG_BLANK && !strcmp(line->section, section))
			at = i + 1;
	}
	return at;
}

static int insert(struct config_text *text, unsigned int at, struct config_line *line,
		  char **error)
{
	g_ptr_array_insert(text->lines, (int)at, line);
	return enter(text, line, error);
}

static struct config_line *new_line(enum config_line_kind kind, const char *section,
				    const char *key, const char *set)
{
	struct config_line *line = g_new0(struct config_line, 1);

	line->kind = kind;
	line->section = g_strdup(section);
	line->key = g_strdup(key);
	line->set = set;
	return line;
}

static int set_key(struct config_text *text, const char *section, const char *key,
		   const char *value, const char *set, char **error)
{
	struct config_line *line;

	/* The index holds our own lines: --set is what may change them. */
	line = (struct config_line *)config_text_find(text, section, key);
	if (line) {
		g_free(line->text);
		line->text = g_strdup_printf("%s = %s", key, value);
		line->set = set;
		return 0;
	}
	if (!config_text_find(text, section, NULL)) {
		line = new_line(CONFIG_BLANK, section, NULL, set);
		line->text = g_strdup("");
		g_ptr_array_add(text->lines, line);
		line = new_line(CONFIG_SECTION, section, NULL, set);
		line->text = g_strdup_printf("[%s]", section);
		if (insert(text, text->lines->len, line, error))
			return -EINVAL;
	}
	line = new_line(CONFIG_KEY, section, key, set);
	line->text = g_strdup_printf("%s = %s", key, value);
	return insert(text, end_of_section(text, section), line, error);
}

int config_text_set(struct config_text *text, const char *set, char **error)
{
	struct config_line as_line = { .text = (char *)set, .set = set };
	const char *equals = strchr(set, '=');
	const char *dot = NULL;
	g_autofree char *section = NULL, *key = NULL, *value = NULL;

	if (check_bytes(text, &as_line, error))
		return -EINVAL;
	for (const char *p = set; equals && p < equals; p++) {
		if (*p == '.')
			dot = p;
	}
	/* Names of sysctls have dots of their own. */
	if (equals && g_str_has_prefix(set, "sysctl."))
		dot = set + strlen("sysctl");
	if (equals) {
		section = dot ? g_strndup(set, (size_t)(dot - set)) : g_strdup("machine");
		key = g_strndup(dot ? dot + 1 : set, (size_t)(equals - (dot ? dot + 1 : set)));
		value = g_strstrip(g_strdup(equals + 1));
		g_strstrip(section);
		g_strstrip(key);
	}
	if (!equals || !*key || !*section || strpbrk(section, "[]") || strpbrk(key, "[]#")) {
		fail(error, text, &as_line,
		     "write [SECTION.]KEY=VALUE, for example 'node 0.memory=8G'");
		return -EINVAL;
	}
	return set_key(text, section, key, value, set, error);
}

char *config_text_join(const struct config_text *text)
{
	GString *all = g_string_new(NULL);

	for (unsigned int i = 0; i < text->lines->len; i++) {
		const struct config_line *line = g_ptr_array_index(text->lines, i);

		g_string_append(all, line->text);
		g_string_append_c(all, '\n');
	}
	return g_string_free(all, FALSE);
}

void config_text_clear(struct config_text *text)
{
	if (text->lines)
		g_ptr_array_free(text->lines, TRUE);
	if (text->index)
		g_hash_table_destroy(text->index);
	*text = (struct config_text){ 0 };
}
