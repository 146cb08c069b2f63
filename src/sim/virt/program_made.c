// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files and programs that a line describes, so that a recording needs nothing of the
 * machine that it runs on: a file of the disk by its size; what execve maps of it,
 * segment by segment. They come before the rows of program.c and the machine file's.
 */
#include "sim/virt/exec.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/virt.h"

struct made_program {
	struct made_program *next;
	char *path, *interp;	/* interp: NULL without one */
	struct program program;
};

static char *copy_string(struct machine *m, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = arena_alloc(&m->arena, bytes);

	return copy ? memcpy(copy, text, bytes) : NULL;
}

static void free_string(struct machine *m, char *text)
{
	if (text)
		arena_free(&m->arena, text, strlen(text) + 1);
}

static struct made_program *made_find(const struct machine *m, const char *path)
{
	struct made_program *made = m->virt->programs;

	while (made && strcmp(made->path, path))
		made = made->next;
	return made;
}

const struct program *made_program(const struct machine *m, const char *path)
{
	const struct made_program *made = made_find(m, path);

	return made ? &made->program : NULL;
}

bool made_program_runs(const struct program *program)
{
	for (unsigned int i = 0; i < program->nr_segments; i++) {
		if (program->segments[i].prot & PROT_EXEC)
			return true;
	}
	return false;
}

/* As a linker writes them: one behind the other. */
static bool follows(const struct program *program, const struct program_segment *segment)
{
	const struct program_segment *last;

	if (segment->filesz > segment->memsz || segment->vaddr > ~0ULL - segment->memsz)
		return false;
	if (!program->nr_segments)
		return true;
	last = &program->segments[program->nr_segments - 1];
	return segment->vaddr >= last->vaddr + last->memsz;
}

int file_make(struct machine *m, const char *path, u64 size)
{
	struct inode *inode = inode_find(m, path);

	if (!inode)
		return inode_on_disk(m, path, size);
	if (inode->kind != INODE_DISK)
		return -EEXIST;
	if (inode->i_size == size)
		return 0;
	/* Somebody has it open, or runs it. */
	if (inode->i_count > 1)
		return -EBUSY;
	return inode_truncate_path(m, inode, size);
}

/* The description of a path, an empty one if there is none yet; NULL: no host memory. */
static struct made_program *made_get(struct machine *m, const char *path)
{
	struct made_program *made = made_find(m, path);

	if (made)
		return made;
	made = arena_alloc(&m->arena, sizeof(*made));
	if (!made)
		return NULL;
	made->path = copy_string(m, path);
	if (!made->path) {
		arena_free(&m->arena, made, sizeof(*made));
		return NULL;
	}
	made->next = m->virt->programs;
	m->virt->programs = made;
	return made;
}

int program_make(struct machine *m, const struct program *program)
{
	char *interp = program->interp ? copy_string(m, program->interp) : NULL;
	struct made_program *made;

	if (program->interp && !interp)
		return -ENOBUFS;
	made = made_get(m, program->path);
	if (!made) {
		free_string(m, interp);
		return -ENOBUFS;
	}
	free_string(m, made->interp);
	made->interp = interp;
	made->program = *program;
	made->program.path = made->path;
	made->program.interp = interp;
	return 0;
}

int program_add_segment(struct machine *m, const char *path, const struct program_segment *segment)
{
	struct made_program *made = made_find(m, path);
	struct program *program;

	if (!made)
		return -ENOENT;
	program = &made->program;
	if (program->nr_segments == MAX_SEGMENTS)
		return -ENOSPC;
	if (!follows(program, segment))
		return -EINVAL;
	program->segments[program->nr_segments++] = *segment;
	return 0;
}

void made_programs_free(struct machine *m)
{
	struct made_program *made;

	while ((made = m->virt->programs)) {
		m->virt->programs = made->next;
		free_string(m, made->path);
		free_string(m, made->interp);
		arena_free(&m->arena, made, sizeof(*made));
	}
}

void made_programs_digest(const struct machine *m, struct digest *digest)
{
	for (const struct made_program *made = m->virt->programs; made; made = made->next) {
		const struct program *program = &made->program;

		digest_string(digest, made->path);
		digest_string(digest, made->interp ? made->interp : "");
		digest_u64(digest, program->entry);
		digest_u64(digest, program->phoff);
		digest_u64(digest, program->align);
		digest_u64(digest, (u64)program->phnum << 4 | (u64)program->dynamic << 2 |
				   (u64)program->exec_stack << 1 | program->no_stack_header);
		for (unsigned int i = 0; i < program->nr_segments; i++) {
			const struct program_segment *seg = &program->segments[i];

			digest_u64(digest, seg->vaddr);
			digest_u64(digest, seg->memsz);
			digest_u64(digest, seg->offset);
			digest_u64(digest, seg->filesz);
			digest_u64(digest, seg->prot);
		}
	}
}
