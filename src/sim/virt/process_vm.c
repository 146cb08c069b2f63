// SPDX-License-Identifier: GPL-2.0-or-later
/* Page by page: the page table says where the bytes are, content.c has them. */
#include "sim/virt/process_vm.h"

#include "sim/phys/page.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

static u32 piece(u64 addr, u64 len)
{
	return (u32)MIN(len, PAGE_SIZE - addr % PAGE_SIZE);
}

u64 read_process_vm(const struct machine *m, const struct mm_struct *mm, u64 addr, void *buf,
		    u64 len)
{
	u64 done = 0;

	while (done < len && vma_lookup(m, mm, addr + done)) {
		u32 n = piece(addr + done, len - done);
		u32 pfn = follow_page(m, mm, addr + done);

		if (pfn == PFN_NIL)
			memset((char *)buf + done, 0, n);
		else
			content_read(m, pfn, (u32)((addr + done) % PAGE_SIZE), (char *)buf + done, n);
		done += n;
	}
	return done;
}

int write_process_vm(struct machine *m, struct task_struct *task, u64 addr, const void *buf,
		     u64 len, u64 *done)
{
	int err = 0;

	for (*done = 0; *done < len && !err;) {
		u64 at = addr + *done;
		u32 n = piece(at, len - *done), pfn;

		err = get_user_page_to_write(m, task->mm, ALIGN_DOWN(at, PAGE_SIZE), &pfn);
		if (!err)
			err = content_write(m, pfn, (u32)(at % PAGE_SIZE),
					    (const char *)buf + *done, n);
		if (!err)
			*done += n;
	}
	if (*done || !err)
		return 0;
	return err == -EFAULT ? -EIO : err;
}
