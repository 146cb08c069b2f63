// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects of slab caches are as large as the kernel's build makes them. The machine was
 * booted with Debian's; where the distance of two objects is another on the real one,
 * the machine file says how large the objects are. Caches that the simulated release
 * does not have are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmm-capture.h"
#include "sim/phys/slab.h"

static char *slabinfo(const struct capture *c)
{
	return capture_read(c, "proc/slabinfo");
}

bool capture_has_slabs(const struct capture *c)
{
	g_autofree char *text = slabinfo(c);

	return text && strchr(text, '\n');
}

static u64 attribute(const struct capture *c, const char *cache, const char *name)
{
	g_autofree char *path = g_strdup_printf("sys/kernel/slab/%s/%s", cache, name);
	g_autofree char *text = capture_read_word(c, path);

	return text ? strtoull(text, NULL, 10) : 0;
}

/* Sizes that no build decides; and one of a boot that the kernel's tables do not have. */
static bool is_fixed(const char *name)
{
	return g_str_has_prefix(name, "kmem_cache") || strstr(name, "kmalloc-") || *name == ':';
}

/* `size`: from one object to the next, as slabinfo prints it. */
static void write_slab(const struct capture *c, const struct machine *booted, const char *name,
		       u64 size, GString *out)
{
	struct kmem_cache *cache = is_fixed(name) ? NULL : kmem_cache_find(booted, name);
	struct slab_info info;
	u64 object;

	if (!cache)
		return;
	kmem_cache_info(booted, cache, &info);
	if (info.size == size)
		return;
	object = attribute(c, name, "object_size");
	/* Else what our own cache adds to an object. */
	if (!object && size > info.size - info.object_size)
		object = size - (info.size - info.object_size);
	if (object && object <= 65536)
		g_string_append_printf(out, "%s = %llu\n", name, (unsigned long long)object);
}

static void write_lines(const struct capture *c, const struct machine *booted, GHashTable *seen,
			GString *out)
{
	g_autofree char *text = slabinfo(c);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		unsigned long long size;
		char name[64];

		if (sscanf(*line, "%63s %*u %*u %llu", name, &size) != 2 ||
		    !g_hash_table_add(seen, g_strdup(name)))
			continue;
		write_slab(c, booted, name, size, out);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Caches that are part of others stand in sysfs only. */
static void write_aliases(const struct capture *c, const struct machine *booted,
			  GHashTable *seen, GString *out)
{
	g_autofree char *path = g_build_filename(c->root, "sys/kernel/slab", NULL);
	GDir *entries = g_dir_open(path, 0, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (entries && (name = g_dir_read_name(entries)))
		g_ptr_array_add(names, g_strdup(name));
	if (entries)
		g_dir_close(entries);
	g_ptr_array_sort(names, by_name);
	for (unsigned int i = 0; i < names->len; i++) {
		const char *cache = g_ptr_array_index(names, i);
		u64 size = g_hash_table_contains(seen, cache) ? 0 :
								attribute(c, cache, "slab_size");

		if (size)
			write_slab(c, booted, cache, size, out);
	}
	g_ptr_array_free(names, TRUE);
}

void capture_write_slabs(const struct capture *c, const struct machine *booted, GString *out)
{
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GString *slabs = g_string_new(NULL);

	write_lines(c, booted, seen, slabs);
	write_aliases(c, booted, seen, slabs);
	if (slabs->len)
		g_string_append_printf(out, "\n# objects that are not as large as in Debian's "
				       "kernel\n[slab]\n%s", slabs->str);
	g_string_free(slabs, TRUE);
	g_hash_table_destroy(seen);
}
