// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a recording of a real program says besides its calls: which files there are, what
 * execve maps of a program, how much its arguments and environment are.
 */
#include "fs/core/call_task.h"
#include "sim/boot/program.h"
#include "sim/virt/fork.h"

#define SCOPE_TASKS (1U << V_PID)
#define PATH_BYTES 4096

enum { PROGRAM_PATH, PROGRAM_KIND, PROGRAM_ENTRY, PROGRAM_PHOFF, PROGRAM_PHNUM, PROGRAM_ALIGN,
       PROGRAM_INTERP };
enum { SEGMENT_PATH, SEGMENT_VADDR, SEGMENT_MEMSZ, SEGMENT_OFFSET, SEGMENT_FILESZ, SEGMENT_PROT };

static int needs_bytes(struct call *call, u64 bytes)
{
	return call_needs(call, &(struct virt_need){ .pages = 64, .objects = 64, .bytes = bytes });
}

static int run_file_make(struct call *call)
{
	const char *path = call->args[0].text;
	u64 size = call->args[1].value;
	int err;

	if (path[0] != '/')
		return call_refuse(call, -EINVAL, "'%.60s' does not begin with a slash", path);
	err = call_needs_range(call, 0);
	return err ? err : file_make(call->m, path, size);
}

/* "dyn", "exec"; with "-execstack" or "-nostack" behind it. */
static bool parse_kind(const char *text, struct program *program)
{
	const char *rest = strchr(text, '-');
	size_t len = rest ? (size_t)(rest - text) : strlen(text);

	program->dynamic = len == 3 && !strncmp(text, "dyn", len);
	if (!program->dynamic && (len != 4 || strncmp(text, "exec", len)))
		return false;
	program->exec_stack = rest && !strcmp(rest, "-execstack");
	program->no_stack_header = rest && !strcmp(rest, "-nostack");
	return !rest || program->exec_stack || program->no_stack_header;
}

static int run_program_make(struct call *call)
{
	const struct arg *args = call->args;
	struct program program = {
		.path = args[PROGRAM_PATH].text, .entry = args[PROGRAM_ENTRY].value,
		.phoff = args[PROGRAM_PHOFF].value, .phnum = (u16)args[PROGRAM_PHNUM].value,
		.align = args[PROGRAM_ALIGN].value,
		.interp = args[PROGRAM_INTERP].given ? args[PROGRAM_INTERP].text : NULL,
	};
	int err;

	if (!parse_kind(args[PROGRAM_KIND].text, &program))
		return call_refuse(call, -EINVAL, "'%.40s' is neither dyn nor exec, with "
				   "-execstack or -nostack behind it or not",
				   args[PROGRAM_KIND].text);
	if (program.align && !is_power_of_2(program.align))
		return call_refuse(call, -EINVAL, "%#llx is no alignment: it has to be a power of 2",
				   (unsigned long long)program.align);
	err = needs_bytes(call, 3 * PATH_BYTES);
	return err ? err : program_make(call->m, &program);
}

static int run_program_segment(struct call *call)
{
	const struct arg *args = call->args;
	const struct program_segment segment = {
		.vaddr = args[SEGMENT_VADDR].value, .memsz = args[SEGMENT_MEMSZ].value,
		.offset = args[SEGMENT_OFFSET].value, .filesz = args[SEGMENT_FILESZ].value,
		.prot = (u32)args[SEGMENT_PROT].value,
	};
	int err = needs_bytes(call, 0);

	if (!err)
		err = program_add_segment(call->m, args[SEGMENT_PATH].text, &segment);
	if (err == -ENOENT)
		out_printf(call->sentence, "'%.100s' is no program yet: program_make says that it is",
			   args[SEGMENT_PATH].text);
	else if (err == -ENOSPC)
		out_printf(call->sentence, "'%.100s' has %d segments, and a program has no more",
			   args[SEGMENT_PATH].text, MAX_SEGMENTS);
	else if (err == -EINVAL)
		out_printf(call->sentence, "the segment at %#llx has to begin behind the last one, "
			   "and to have no more of the file than of memory",
			   (unsigned long long)segment.vaddr);
	return err;
}

static int run_exec_strings(struct call *call)
{
	const struct arg *args = call->args;
	int err;

	for (unsigned int i = 0; i < 5; i++) {
		if (args[i].value > 1U << 30)
			return call_refuse(call, -EINVAL, "%llu is too much: strings are at most 1G, "
					   "in number and in bytes",
					   (unsigned long long)args[i].value);
	}
	err = needs_bytes(call, 0);
	if (!err)
		call->task->exec_strings = (struct exec_strings){
			.argc = (u32)args[0].value, .arg_bytes = (u32)args[1].value,
			.envc = (u32)args[2].value, .env_bytes = (u32)args[3].value,
			.path_bytes = (u32)args[4].value,
		};
	return err;
}

static const struct verb verbs[] = {
	{ "file_make", { A_PATH, A_SIZE }, run_file_make, RESULT_NONE, 0, SCOPE_TASKS, "PATH SIZE",
	  "Let there be a file of this size on the disk, whatever was there: what [file] of a "
	  "machine file does. EBUSY if one of another size is open." },
	{ "program_make", { A_PATH, A_WORD, A_NUMBER, A_NUMBER, A_NUMBER, A_NUMBER,
			    A_PATH | A_OPTIONAL },
	  run_program_make, RESULT_NONE, 0, SCOPE_TASKS,
	  "PATH KIND ENTRY PHOFF PHNUM ALIGN [INTERPRETER]",
	  "Say that a file is a program, as its ELF header does: KIND is dyn or exec, with "
	  "`-execstack` or `-nostack` where its stack may be executed, or nothing says so. "
	  "program_segment gives its segments, one line each." },
	{ "program_segment", { A_PATH, A_ADDR, A_SIZE, A_SIZE, A_SIZE, A_PROT },
	  run_program_segment, RESULT_NONE, 0, SCOPE_TASKS,
	  "PATH VADDR MEMSZ OFFSET FILESZ PROT",
	  "The next segment that execve maps of this program." },
	{ "exec_strings", { A_NUMBER, A_SIZE, A_NUMBER, A_SIZE, A_SIZE | A_OPTIONAL },
	  run_exec_strings, RESULT_NONE, 0, SCOPE_TASKS,
	  "ARGC ARG_BYTES ENVC ENV_BYTES [PATH_BYTES]",
	  "How many arguments and strings of environment the next execve passes, in how many "
	  "bytes with the zeros at their ends: they lie on the new stack. Words of the execve "
	  "are the first of them. PATH_BYTES: of the name that the program is called by." },
};

const struct verb_table record_verbs = { verbs, ARRAY_SIZE(verbs) };
