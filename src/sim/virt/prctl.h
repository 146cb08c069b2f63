/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prctl() as far as memory goes, and personality(). 0 or -errno of the call; -ENOBUFS
 * when the host has no memory.
 */
#ifndef KMM_VIRT_PRCTL_H
#define KMM_VIRT_PRCTL_H

#include "sim/virt/mm_types.h"

enum prctl_option {
	PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15, PR_GET_NAME = 16,
	PR_MCE_KILL = 33, PR_MCE_KILL_GET,
	PR_SET_MM = 35, PR_SET_THP_DISABLE = 41, PR_GET_THP_DISABLE = 42,
	PR_SET_MDWE = 65, PR_GET_MDWE = 66, PR_SET_MEMORY_MERGE = 67,
	PR_GET_MEMORY_MERGE = 68, PR_SET_VMA = 0x53564d41,
};
#define PR_SET_VMA_ANON_NAME 0
#define PR_THP_DISABLE_EXCEPT_ADVISED 2
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#define PR_MDWE_NO_INHERIT 2
enum prctl_mce { PR_MCE_KILL_CLEAR, PR_MCE_KILL_SET };
enum prctl_mce_kill { PR_MCE_KILL_LATE, PR_MCE_KILL_EARLY, PR_MCE_KILL_DEFAULT };
enum prctl_mm_option {
	PR_SET_MM_START_CODE = 1, PR_SET_MM_END_CODE, PR_SET_MM_START_DATA,
	PR_SET_MM_END_DATA, PR_SET_MM_START_STACK, PR_SET_MM_START_BRK, PR_SET_MM_BRK,
	PR_SET_MM_ARG_START, PR_SET_MM_ARG_END, PR_SET_MM_ENV_START, PR_SET_MM_ENV_END,
	PR_SET_MM_AUXV, PR_SET_MM_EXE_FILE, PR_SET_MM_MAP, PR_SET_MM_MAP_SIZE,
};

struct prctl_request {
	int option;
	u64 arg2, arg3, arg4, arg5;
	/* Of PR_SET_NAME and PR_SET_VMA_ANON_NAME, where arg2 or arg5 would point; or NULL. */
	const char *text;
};
/* *result: what the call returns; names: in sim/why. */
int sys_prctl(struct machine *m, struct task_struct *task, const struct prctl_request *req,
	      u64 *result) __must_check;
/* prctl_mm.c */
int prctl_set_mm(struct machine *m, struct task_struct *task,
		 const struct prctl_request *req) __must_check;
/* 0xffffffff only asks. *old: before the call. */
int sys_personality(struct task_struct *task, u64 persona, u64 *old) __must_check;

/* PR_SET_MDWE: memory may not become executable that could be written. */
bool map_deny_write_exec(const struct mm_struct *mm, u64 oldflags, u64 newflags);

#endif
