// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program's own .symtab is not mapped, so it is copied: functions only,
 * sorted by address. Shared libraries are asked through dladdr1(), which reads
 * their dynamic symbols where they are mapped and opens nothing.
 */
#include "sim/base/symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbol_table {
	struct symbol *symbols;	/* by start; start relative to the load address */
	size_t nr;
	char *names;
	u64 base;		/* where the program is loaded */
	bool loaded;
};

static struct symbol_table table;

struct elf_image {
	const char *bytes;
	size_t len;
};

/* The part [offset, offset + len) of the file, or NULL if it is not all there. */
static const void *image_at(const struct elf_image *image, u64 offset, u64 len)
{
	if (offset > image->len || len > image->len - offset)
		return NULL;
	return image->bytes + offset;
}

static const ElfW(Shdr) *find_section(const struct elf_image *image, u32 type,
				      const ElfW(Shdr) **strings)
{
	const ElfW(Ehdr) *header = image_at(image, 0, sizeof(*header));
	const ElfW(Shdr) *sections;

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_shentsize != sizeof(*sections))
		return NULL;
	sections = image_at(image, header->e_shoff,
			    (u64)header->e_shnum * sizeof(*sections));
	if (!sections)
		return NULL;
	for (unsigned int i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type != type || sections[i].sh_link >= header->e_shnum)
			continue;
		*strings = &sections[sections[i].sh_link];
		return &sections[i];
	}
	return NULL;
}

static int symbol_cmp(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static bool is_function(const ElfW(Sym) *sym, u64 strings_len)
{
	/* The type is in the low nibble for both classes. */
	return (sym->st_info & 0xf) == STT_FUNC && sym->st_value &&
	       sym->st_shndx != SHN_UNDEF && sym->st_name < strings_len;
}

static void copy_functions(const struct elf_image *image)
{
	const ElfW(Shdr) *strings, *section = find_section(image, SHT_SYMTAB, &strings);
	const ElfW(Sym) *syms;
	const char *names;
	size_t nr;

	if (!section || !strings->sh_size)
		return;
	syms = image_at(image, section->sh_offset, section->sh_size);
	names = image_at(image, strings->sh_offset, strings->sh_size);
	if (!syms || !names || names[strings->sh_size - 1])
		return;
	nr = section->sh_size / sizeof(*syms);
	table.names = malloc(strings->sh_size);
	table.symbols = calloc(nr ? nr : 1, sizeof(*table.symbols));
	if (!table.names || !table.symbols)
		return;
	memcpy(table.names, names, strings->sh_size);
	for (size_t i = 0; i < nr; i++) {
		if (!is_function(&syms[i], strings->sh_size))
			continue;
		table.symbols[table.nr++] = (struct symbol) {
			.name = table.names + syms[i].st_name,
			.start = syms[i].st_value,
			.bytes = syms[i].st_size,
			.global = syms[i].st_info >> 4 != STB_LOCAL,
		};
	}
	qsort(table.symbols, table.nr, sizeof(*table.symbols), symbol_cmp);
}

/* The first object that is reported is the program. */
static int note_base(struct dl_phdr_info *info, size_t size, void *data)
{
	table.base = info->dlpi_addr;
	return 1;
}

void symbols_init(void)
{
	struct elf_image image = { 0 };
	struct stat st;
	void *map;
	int fd;

	if (table.loaded)
		return;
	table.loaded = true;
	dl_iterate_phdr(note_base, NULL);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0) {
		map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map != MAP_FAILED) {
			image = (struct elf_image) { map, st.st_size };
			copy_functions(&image);
			munmap(map, st.st_size);
		}
	}
	close(fd);
}

static bool symbol_find_own(u64 ip, struct symbol *symbol)
{
	u64 offset = ip - table.base;
	size_t low = 0, high = table.nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table.symbols[mid].start <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return false;
	*symbol = table.symbols[low - 1];
	if (offset >= symbol->start + MAX(symbol->bytes, 1))
		return false;
	symbol->start += table.base;
	return true;
}

bool symbol_find(u64 ip, struct symbol *symbol)
{
	const ElfW(Sym) *sym = NULL;
	Dl_info info;

	if (symbol_find_own(ip, symbol))
		return true;
	if (!dladdr1((void *)(uintptr_t)ip, &info, (void **)&sym, RTLD_DL_SYMENT) ||
	    !info.dli_sname || !sym)
		return false;
	*symbol = (struct symbol) {
		.name = info.dli_sname,
		.start = (uintptr_t)info.dli_saddr,
		.bytes = sym->st_size,
	};
	return true;
}
