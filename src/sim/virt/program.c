// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs that every machine has, one row for each width: init, which is
 * static, and a small dynamic one with its interpreter. A [file] of the machine file
 * comes before a row of the same path.
 */
#include "sim/virt/exec.h"
#include "sim/virt/file.h"

#define R 1
#define RW 3
#define RX 5

static const struct program_row {
	u8 bits;
	u64 size;		/* of its file, bytes */
	struct program program;
} rows[] = {
	{ .bits = 64, .size = 804112, .program = {
		.path = "/init", .entry = 0x4019c0, .phnum = 10, .nr_segments = 4,
		.segments = {
			{ 0x400000, 0x5b8, 0, 0x5b8, R },
			{ 0x401000, 0x7c371, 0x1000, 0x7c371, RX },
			{ 0x47e000, 0x28a10, 0x7e000, 0x28a10, R },
			{ 0x4a70d8, 0x38a68, 0xa70d8, 0x61d8, RW },
		} } },
	{ .bits = 64, .size = 35664, .program = {
		.path = "/bin/true", .interp = "/lib64/ld-linux-x86-64.so.2",
		.dynamic = true, .entry = 0x23d0, .phnum = 13, .nr_segments = 4,
		.segments = {
			{ 0, 0x1290, 0, 0x1290, R },
			{ 0x2000, 0x3d59, 0x2000, 0x3d59, RX },
			{ 0x6000, 0x1b60, 0x6000, 0x1b60, R },
			{ 0x8d70, 0x608, 0x7d70, 0x470, RW },
		} } },
	{ .bits = 64, .size = 215000, .program = {
		.path = "/lib64/ld-linux-x86-64.so.2",
		.dynamic = true, .entry = 0x1ab70, .phnum = 9, .nr_segments = 4,
		.segments = {
			{ 0, 0xd58, 0, 0xd58, R },
			{ 0x1000, 0x25111, 0x1000, 0x25111, RX },
			{ 0x27000, 0x9c7c, 0x27000, 0x9c7c, R },
			{ 0x31900, 0x29d8, 0x31900, 0x2810, RW },
		} } },
	{ .bits = 32, .size = 788504, .program = {
		.path = "/init", .entry = 0x8049a90, .phnum = 8, .nr_segments = 4,
		.segments = {
			{ 0x8048000, 0x1f8, 0, 0x1f8, R },
			{ 0x8049000, 0x728fc, 0x1000, 0x728fc, RX },
			{ 0x80bc000, 0x33e0c, 0x74000, 0x33e0c, R },
			{ 0x80f08ec, 0x32614, 0xa78ec, 0x39ec, RW },
		} } },
	{ .bits = 32, .size = 34264, .program = {
		.path = "/bin/true", .interp = "/lib/ld-linux.so.2",
		.dynamic = true, .entry = 0x1770, .phnum = 12, .nr_segments = 4,
		.segments = {
			{ 0, 0xf3c, 0, 0xf3c, R },
			{ 0x1000, 0x4b5c, 0x1000, 0x4b5c, RX },
			{ 0x6000, 0x1c50, 0x6000, 0x1c50, R },
			{ 0x8eac, 0x3a0, 0x7eac, 0x254, RW },
		} } },
	{ .bits = 32, .size = 225864, .program = {
		.path = "/lib/ld-linux.so.2",
		.dynamic = true, .entry = 0x1b0f0, .phnum = 10, .nr_segments = 4,
		.segments = {
			{ 0, 0xd00, 0, 0xd00, R },
			{ 0x1000, 0x24f00, 0x1000, 0x24f00, RX },
			{ 0x26000, 0xd1f0, 0x26000, 0xd1f0, R },
			{ 0x344c0, 0x2b14, 0x334c0, 0x29b8, RW },
		} } },
};

static const struct config_file *config_file(const struct machine *m, const char *path)
{
	for (unsigned int i = 0; i < m->config->nr_files; i++) {
		if (!strcmp(m->config->files[i].path, path))
			return &m->config->files[i];
	}
	return NULL;
}

static const struct program *row_program(const struct machine *m, const char *path)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].bits == m->arch->bits && !strcmp(rows[i].program.path, path))
			return &rows[i].program;
	}
	return NULL;
}

int programs_init(struct machine *m)
{
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows) && !err; i++) {
		const char *path = rows[i].program.path;

		if (rows[i].bits == m->arch->bits && !config_file(m, path))
			err = inode_on_disk(m, path, rows[i].size);
	}
	return err;
}

int program_load(struct machine *m, const char *path, struct program *program)
{
	const struct inode *inode = inode_find(m, path);
	const struct config_file *file;
	const struct program *found;

	if (!inode)
		return -ENOENT;
	file = config_file(m, inode->path);
	found = made_program(m, inode->path);
	if (found && !made_program_runs(found))
		return -ENOEXEC;
	if (!found)
		found = file ? file->program : row_program(m, inode->path);
	if (inode->kind == INODE_ZERO)
		return -EACCES;
	if (!found)
		return -ENOEXEC;
	*program = *found;
	program->path = inode->path;
	return 0;
}
