// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prctl: each option is a row with the releases that have it; what a release has not
 * is EINVAL, as is an argument that is not used and not 0, where the kernel looks.
 */
#include "sim/virt/prctl.h"

#include "sim/virt/anon_name.h"
#include "sim/virt/ksm.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"

static int set_name(struct machine *m, struct task_struct *task,
		    const struct prctl_request *req, u64 *result)
{
	(void)m;
	(void)result;
	if (!req->text)
		return -EFAULT;
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, req->text, MIN(strlen(req->text), (size_t)TASK_COMM_LEN - 1));
	return 0;
}

static int get_name(struct machine *m, struct task_struct *task,
		    const struct prctl_request *req, u64 *result)
{
	(void)req;
	(void)result;
	machine_why_call(m, "prctl: the name is %s", task->comm);
	return 0;
}

/* Only 0 (not dumped) and 1 (by its user) can be asked for. */
static int set_dumpable(struct machine *m, struct task_struct *task,
			const struct prctl_request *req, u64 *result)
{
	(void)m;
	(void)result;
	if (req->arg2 > 1)
		return -EINVAL;
	task->mm->flags = (task->mm->flags & ~MMF_DUMPABLE_MASK) | req->arg2;
	return 0;
}

static int get_dumpable(struct machine *m, struct task_struct *task,
			const struct prctl_request *req, u64 *result)
{
	(void)m;
	(void)req;
	*result = task->mm->flags & MMF_DUMPABLE_MASK;
	return 0;
}

static int set_thp_disable(struct machine *m, struct task_struct *task,
			   const struct prctl_request *req, u64 *result)
{
	u64 *flags = &task->mm->flags, both = MMF_DISABLE_THP | MMF_DISABLE_THP_EXCEPT_ADVISED;
	bool has_flags = rel_thp_disable_has_flags(m->release);

	(void)result;
	if (req->arg4 || req->arg5 || (req->arg3 && !has_flags))
		return -EINVAL;
	if ((!req->arg2 && req->arg3) || req->arg3 & ~(u64)PR_THP_DISABLE_EXCEPT_ADVISED)
		return -EINVAL;
	*flags &= ~(has_flags ? both : MMF_DISABLE_THP);
	if (req->arg2)
		*flags |= req->arg3 ? MMF_DISABLE_THP_EXCEPT_ADVISED : MMF_DISABLE_THP;
	return 0;
}

static int get_thp_disable(struct machine *m, struct task_struct *task,
			   const struct prctl_request *req, u64 *result)
{
	(void)m;
	if (req->arg2 || req->arg3 || req->arg4 || req->arg5)
		return -EINVAL;
	if (task->mm->flags & MMF_DISABLE_THP)
		*result = 1;
	else if (task->mm->flags & MMF_DISABLE_THP_EXCEPT_ADVISED)
		*result = 1 | PR_THP_DISABLE_EXCEPT_ADVISED;
	return 0;
}

static u64 current_mdwe(const struct mm_struct *mm)
{
	return (mm->flags & MMF_HAS_MDWE ? PR_MDWE_REFUSE_EXEC_GAIN : 0) |
	       (mm->flags & MMF_HAS_MDWE_NO_INHERIT ? PR_MDWE_NO_INHERIT : 0);
}

static int set_mdwe(struct machine *m, struct task_struct *task,
		    const struct prctl_request *req, u64 *result)
{
	u64 bits = req->arg2, now = current_mdwe(task->mm);

	(void)m;
	(void)result;
	if (req->arg3 || req->arg4 || req->arg5 ||
	    bits & ~(u64)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT) ||
	    bits == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	if (now && now != bits)
		return -EPERM;
	if (bits & PR_MDWE_NO_INHERIT)
		task->mm->flags |= MMF_HAS_MDWE_NO_INHERIT;
	if (bits & PR_MDWE_REFUSE_EXEC_GAIN)
		task->mm->flags |= MMF_HAS_MDWE;
	return 0;
}

static int get_mdwe(struct machine *m, struct task_struct *task,
		    const struct prctl_request *req, u64 *result)
{
	(void)m;
	if (req->arg2 || req->arg3 || req->arg4 || req->arg5)
		return -EINVAL;
	*result = current_mdwe(task->mm);
	return 0;
}

bool map_deny_write_exec(const struct mm_struct *mm, u64 oldflags, u64 newflags)
{
	if (!(mm->flags & MMF_HAS_MDWE) || !(newflags & VM_EXEC))
		return false;
	return newflags & VM_WRITE || !(oldflags & VM_EXEC);
}

/* When it is told of pages that fail. */
static int mce_kill(struct machine *m, struct task_struct *task,
		    const struct prctl_request *req, u64 *result)
{
	(void)m;
	(void)result;
	if (req->arg4 || req->arg5 || req->arg2 > PR_MCE_KILL_SET ||
	    (req->arg2 == PR_MCE_KILL_CLEAR && req->arg3))
		return -EINVAL;
	task->flags &= ~PF_MCE_PROCESS;
	if (req->arg2 == PR_MCE_KILL_CLEAR)
		return 0;
	/* So it is left, too, where it has said nothing that is known. */
	if (req->arg3 != PR_MCE_KILL_DEFAULT)
		task->flags |= PF_MCE_PROCESS;
	if (req->arg3 <= PR_MCE_KILL_DEFAULT)
		task->flags &= ~PF_MCE_EARLY;
	if (req->arg3 == PR_MCE_KILL_EARLY)
		task->flags |= PF_MCE_EARLY;
	return req->arg3 > PR_MCE_KILL_DEFAULT ? -EINVAL : 0;
}

static int mce_kill_get(struct machine *m, struct task_struct *task,
			const struct prctl_request *req, u64 *result)
{
	(void)m;
	if (req->arg2 || req->arg3 || req->arg4 || req->arg5)
		return -EINVAL;
	*result = !(task->flags & PF_MCE_PROCESS) ? PR_MCE_KILL_DEFAULT :
		  task->flags & PF_MCE_EARLY ? PR_MCE_KILL_EARLY : PR_MCE_KILL_LATE;
	return 0;
}

static int set_mm(struct machine *m, struct task_struct *task,
		  const struct prctl_request *req, u64 *result)
{
	(void)result;
	return prctl_set_mm(m, task, req);
}

static int set_memory_merge(struct machine *m, struct task_struct *task,
			    const struct prctl_request *req, u64 *result)
{
	(void)result;
	if (!machine_config_bool(m->config, "KSM") || req->arg3 || req->arg4 || req->arg5)
		return -EINVAL;
	if (req->arg2)
		ksm_enable_merge_any(m, task->mm);
	else
		ksm_disable_merge_any(m, task->mm);
	return 0;
}

static int get_memory_merge(struct machine *m, struct task_struct *task,
			    const struct prctl_request *req, u64 *result)
{
	if (!machine_config_bool(m->config, "KSM") || req->arg2 || req->arg3 || req->arg4 ||
	    req->arg5)
		return -EINVAL;
	*result = !!(task->mm->flags & MMF_VM_MERGE_ANY);
	return 0;
}

static int set_vma(struct machine *m, struct task_struct *task,
		   const struct prctl_request *req, u64 *result)
{
	u32 name = 0;
	int err = 0;

	(void)result;
	if (req->arg2 != PR_SET_VMA_ANON_NAME ||
	    !machine_config_bool(m->config, "ANON_VMA_NAME"))
		return -EINVAL;
	if (req->arg5 && !req->text)
		return -EFAULT;
	if (req->text)
		err = anon_vma_name_alloc(m, req->text, &name);
	if (!err)
		err = madvise_set_anon_name(m, task, req->arg3, req->arg4, name);
	anon_vma_name_put(m, name);
	return err;
}

static const struct option_row {
	int option;
	struct span span;
	int (*run)(struct machine *m, struct task_struct *task,
		   const struct prctl_request *req, u64 *result);
} options[] = {
	{ PR_GET_DUMPABLE, ALL, get_dumpable },
	{ PR_SET_DUMPABLE, ALL, set_dumpable },
	{ PR_SET_NAME, ALL, set_name },
	{ PR_GET_NAME, ALL, get_name },
	{ PR_MCE_KILL, ALL, mce_kill },
	{ PR_MCE_KILL_GET, ALL, mce_kill_get },
	{ PR_SET_MM, ALL, set_mm },
	{ PR_SET_THP_DISABLE, ALL, set_thp_disable },
	{ PR_GET_THP_DISABLE, ALL, get_thp_disable },
	{ PR_SET_MDWE, SINCE(R_6_18), set_mdwe },
	{ PR_GET_MDWE, SINCE(R_6_18), get_mdwe },
	{ PR_SET_MEMORY_MERGE, SINCE(R_6_18), set_memory_merge },
	{ PR_GET_MEMORY_MERGE, SINCE(R_6_18), get_memory_merge },
	{ PR_SET_VMA, ALL, set_vma },
};

int sys_prctl(struct machine *m, struct task_struct *task, const struct prctl_request *req,
	      u64 *result)
{
	*result = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].option == req->option && span_holds(options[i].span, m->release))
			return options[i].run(m, task, req, result);
	return -EINVAL;
}

int sys_personality(struct task_struct *task, u64 persona, u64 *old)
{
	*old = task->personality;
	if ((u32)persona != 0xffffffffU)
		task->personality = (u32)persona;
	return 0;
}
