// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libelf reads the headers, for both widths and any byte order; what is no program
 * that this machine could run is a file like any other.
 */
#include "sim/boot/program.h"

#include <fcntl.h>
#include <gelf.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROT_OF(flags) (((flags) & PF_R ? 1U : 0) | ((flags) & PF_W ? 2U : 0) | \
			((flags) & PF_X ? 4U : 0))
#define MAX_INTERP 4096

static bool read_interp(int fd, const GElf_Phdr *header, struct program *program)
{
	char *path;

	if (!header->p_filesz || header->p_filesz > MAX_INTERP || program->interp)
		return false;
	path = g_malloc0(header->p_filesz + 1);
	if (pread(fd, path, header->p_filesz, (off_t)header->p_offset) !=
	    (ssize_t)header->p_filesz) {
		g_free(path);
		return false;
	}
	program->interp = path;
	return true;
}

static bool add_segment(const GElf_Phdr *header, struct program *program)
{
	if (program->nr_segments == MAX_SEGMENTS || header->p_filesz > header->p_memsz)
		return false;
	program->segments[program->nr_segments++] = (struct program_segment){
		.vaddr = header->p_vaddr, .memsz = header->p_memsz,
		.offset = header->p_offset, .filesz = header->p_filesz,
		.prot = PROT_OF(header->p_flags),
	};
	if (is_power_of_2(header->p_align))
		program->align = MAX(program->align, header->p_align);
	return true;
}

static bool read_header(int fd, const GElf_Phdr *header, struct program *program)
{
	switch (header->p_type) {
	case PT_LOAD:
		return add_segment(header, program);
	case PT_INTERP:
		return read_interp(fd, header, program);
	case PT_GNU_STACK:
		program->exec_stack = header->p_flags & PF_X;
		program->no_stack_header = false;
		return true;
	}
	return true;
}

static bool is_runnable(const GElf_Ehdr *elf, unsigned int bits)
{
	return (elf->e_type == ET_EXEC || elf->e_type == ET_DYN) &&
	       elf->e_machine == (bits == 64 ? EM_X86_64 : EM_386) &&
	       elf->e_ident[EI_CLASS] == (bits == 64 ? ELFCLASS64 : ELFCLASS32);
}

static struct program *read_elf(int fd, Elf *elf, unsigned int bits)
{
	struct program *program;
	GElf_Phdr header;
	GElf_Ehdr ehdr;
	size_t nr;
	bool good = true;

	if (!gelf_getehdr(elf, &ehdr) || !is_runnable(&ehdr, bits) ||
	    elf_getphdrnum(elf, &nr) || !nr)
		return NULL;
	program = g_new0(struct program, 1);
	program->dynamic = ehdr.e_type == ET_DYN;
	program->entry = ehdr.e_entry;
	program->phoff = ehdr.e_phoff;
	program->phnum = (u16)nr;
	program->no_stack_header = true;
	for (size_t i = 0; i < nr && good; i++)
		good = gelf_getphdr(elf, (int)i, &header) &&
		       read_header(fd, &header, program);
	if (good && program->nr_segments)
		return program;
	program_free_host(program);
	return NULL;
}

int program_read_host(const char *host, unsigned int bits, struct program **program,
		      u64 *size)
{
	int fd = open(host, O_RDONLY | O_CLOEXEC);
	struct stat st;
	Elf *elf;
	int err = 0;

	*program = NULL;
	if (fd < 0 || fstat(fd, &st)) {
		err = -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err = -EINVAL;
		goto out;
	}
	*size = (u64)st.st_size;
	elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		*program = read_elf(fd, elf, bits);
	elf_end(elf);
out:
	if (fd >= 0)
		close(fd);
	return err;
}

void program_free_host(struct program *program)
{
	if (!program)
		return;
	g_free((char *)(uintptr_t)program->interp);
	g_free(program);
}
