// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps as lines, and which of their arguments are numbers that each side has its own of. */
#include "diff_make.h"

#include <stdio.h>

const char *const diff_call_names[NR_DIFF_CALLS] = {
	"mmap", "munmap", "mprotect", "mremap", "brk", "madvise", "mlock", "mlock2",
	"munlock", "munlockall", "mincore", "read", "write", "ftruncate", "pread", "pwrite",
	"fallocate", "fcntl", "fsync", "fadvise", "msyncf", "mlockall", "setrlimit", "mseal",
	"prctl", "persona", "remap_file_pages", "mbind", "set_mempolicy", "get_mempolicy",
	"home_node", "migrate_pages", "move_pages",
	"shmget", "shmat", "shmdt", "shmctl", "vm_read", "vm_write", "process_madvise",
	"fork", "exit", "wait",
};

static void print_protection(long prot)
{
	printf(" %s%s%s%s", prot & P_READ ? "r" : "", prot & P_WRITE ? "w" : "",
	       prot & P_EXEC ? "x" : "", prot ? "" : "none");
}

void diff_print(const struct diff_step *step)
{
	/* As the row's arguments of ops-run: x value, p protection, d number, f file,
	 * P process, s segment. */
	static const char *const args[NR_DIFF_CALLS] = {
		"xxpdfx", "xx", "xxp", "xxxdx", "x", "xxd", "xx", "xx", "xx", "", "xx", "xd",
		"xd", "fx", "fxx", "fxx", "fxxx", "fdx", "f", "fxxd", "xxd", "d", "dx", "xxd",
		"dxxxx", "x", "xxxxx", "xxxxdx", "xxd", "xx", "xxdx", "xxd", "xddx",
		"sdxx", "sxx", "x", "sd", "xx P", "xx P", "xxdP", "P", "", "",
	};

	printf("%c: %s", 'A' + step->process, diff_call_names[step->call]);
	for (int i = 0; args[step->call][i]; i++) {
		switch (args[step->call][i]) {
		case 'p':
			print_protection(step->a[i]);
			break;
		case 'P':
			printf(" %c", (int)('A' + step->a[i]));
			break;
		case ' ':
			break;
		case 's':
			printf(" SEGMENT%ld", step->a[i]);
			break;
		case 'f':
			printf(step->a[i] < 0 ? " -1" : " FILE%ld", step->a[i]);
			break;
		case 'd':
			printf(" %ld", step->a[i]);
			break;
		default:
			printf(" 0x%lx", (unsigned long)step->a[i]);
		}
	}
	putchar('\n');
}

int diff_file_arg(const struct diff_step *step)
{
	switch (step->call) {
	case DIFF_MMAP:
		return step->a[3] & DIFF_MAP_ANONYMOUS ? -1 : 4;
	case DIFF_FTRUNCATE:
	case DIFF_PREAD:
	case DIFF_PWRITE:
	case DIFF_FALLOCATE:
	case DIFF_FCNTL:
	case DIFF_FSYNC:
	case DIFF_FADVISE:
		return 0;
	default:
		return -1;
	}
}

int diff_segment_arg(const struct diff_step *step)
{
	return step->call >= DIFF_SHMGET && step->call <= DIFF_SHMCTL &&
	       step->call != DIFF_SHMDT ? 0 : -1;
}

int diff_other_arg(const struct diff_step *step)
{
	return diff_is_of_others(step->call) ? 3 : -1;
}

long diff_note_segment(long *ids, long slot, long id)
{
	for (long i = 0; i < DIFF_SEGMENTS; i++)
		if (ids[i] == id)
			return i;
	ids[slot] = id;
	return slot;
}
