// SPDX-License-Identifier: GPL-2.0-or-later
/* Page by page: the page table says where the bytes are, content.c has them. */
#include "sim/virt/process_vm.h"

#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

static u32 piece(u64 addr, u64 len)
{
	return (u32)MIN(len, PAGE_SIZE - addr % PAGE_SIZE);
}

/* What a page holds that no entry of the page table leads to, as a slot of content.h does. */
static u64 absent_content(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	unsigned int level;
	const pte_t *pte = leaf_entry(m, vma->vm_mm, addr, &level);
	const u64 pgoff = linear_page_index(vma, addr);
	const struct inode *inode;
	u64 slot;
	u32 pfn;

	if (pte && pte_is_swap(*pte))
		return swap_content(m, pte_to_swp_entry(*pte));
	if (!vma->vm_file || is_vm_hugetlb_page(vma))
		return 0;
	inode = vma->vm_file->inode;
	if (inode->kind == INODE_SHMEM && shmem_swapped_at(inode, pgoff, &slot))
		return swap_content(m, slot);
	pfn = find_page(m, &inode->i_data, pgoff);
	if (pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_uptodate))
		return m->page_content[pfn];
	return inode->kind == INODE_DISK ? disk_content(m, inode, pgoff) : 0;
}

u64 read_process_vm(const struct machine *m, const struct mm_struct *mm, u64 addr, void *buf,
		    u64 len)
{
	const struct vm_area_struct *vma;
	u64 done = 0;

	while (done < len && (vma = vma_lookup(m, mm, addr + done))) {
		u64 at = addr + done;
		u32 n = piece(at, len - done), pfn = follow_page(m, mm, at);
		u64 slot = pfn == PFN_NIL ? absent_content(m, vma, at) : m->page_content[pfn];

		content_read_slot(m, slot, (u32)(at % PAGE_SIZE), (char *)buf + done, n);
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

/* ---- process_vm_readv and process_vm_writev. ---- */

/* Pages at once: as many as two pages have room for pointers to. */
#define MAX_PINNED (2 * PAGE_SIZE / 4)

/* What is copied now. */
struct vm_copy {
	struct machine *m;
	struct task_struct *task;
	struct mm_struct *mm;	/* the other's */
	bool write;		/* to it */
	unsigned int nr_pinned;
	u32 pinned[MAX_PINNED];
};

static bool is_counted(const struct machine *m, u32 pfn)
{
	return pfn != PFN_NIL && !page_flag(pfn_to_page(m, pfn), PG_reserved);
}

static int pin_page(struct vm_copy *c, u64 page)
{
	int err = pin_user_pages_remote(c->m, c->mm, page, page + PAGE_SIZE, c->write);
	u32 pfn = err ? PFN_NIL : follow_page(c->m, c->mm, page);

	if (is_counted(c->m, pfn)) {
		get_page(c->m, pfn);
		c->pinned[c->nr_pinned++] = pfn;
	}
	return err;
}

static void unpin_pages(struct vm_copy *c)
{
	while (c->nr_pinned) {
		u32 pfn = c->pinned[--c->nr_pinned];

		if (c->write)
			set_page_dirty(c->m, pfn);
		put_page(c->m, pfn);
	}
}

/* Bytes from there on that are pinned, before any is copied; *err: host memory alone. */
static u64 pin_some(struct vm_copy *c, u64 remote, u64 len, int *err)
{
	u64 at_once = c->m->arch->bits == 32 ? MAX_PINNED : MAX_PINNED / 2;
	u64 page = ALIGN_DOWN(remote, PAGE_SIZE), start = page;
	u64 end = page + MIN(len + remote % PAGE_SIZE, at_once * PAGE_SIZE);

	*err = 0;
	for (; page < end && !*err; page += *err ? 0 : PAGE_SIZE)
		*err = pin_page(c, page);
	if (*err != -ENOBUFS)
		*err = 0;
	return page == start ? 0 : MIN(page - remote, len);
}

/* The caller's page is touched as any copy touches it. */
static int copy_piece(const struct vm_copy *c, u64 local, u64 remote, u32 bytes)
{
	struct machine *m = c->m;
	u32 from, to;
	u8 buf[PAGE_SIZE];
	int err = fault_in_user(m, c->task, local, /* write = */ !c->write);

	if (err)
		return err;
	from = follow_page(m, c->write ? c->task->mm : c->mm, c->write ? local : remote);
	to = follow_page(m, c->write ? c->mm : c->task->mm, c->write ? remote : local);
	if (from == PFN_NIL || to == PFN_NIL)
		return -EFAULT;
	if (bytes == PAGE_SIZE) {
		content_copy(m, to, from);
		return 0;
	}
	content_read(m, from, (u32)((c->write ? local : remote) % PAGE_SIZE), buf, bytes);
	return content_write(m, to, (u32)((c->write ? remote : local) % PAGE_SIZE), buf, bytes);
}

/* What is pinned, as far as the caller's has room. */
static int copy_pinned(const struct vm_copy *c, struct user_range *local, u64 remote, u64 len,
		       u64 *done)
{
	len = MIN(len, local->len);
	while (len) {
		u64 bytes = MIN(len, PAGE_SIZE - remote % PAGE_SIZE);
		int err;

		bytes = MIN(bytes, PAGE_SIZE - local->addr % PAGE_SIZE);
		err = copy_piece(c, local->addr, remote, (u32)bytes);
		if (err)
			return err;
		local->addr += bytes;
		local->len -= bytes;
		remote += bytes;
		len -= bytes;
		*done += bytes;
	}
	return 0;
}

/* One range of the other's. */
static int copy_range(struct vm_copy *c, struct user_range *local, u64 remote, u64 len,
		      u64 *done)
{
	int err = 0;

	while (len && local->len && !err) {
		u64 bytes = pin_some(c, remote, len, &err);

		if (!err)
			err = bytes ? copy_pinned(c, local, remote, bytes, done) : -EFAULT;
		unpin_pages(c);
		remote += bytes;
		len -= bytes;
	}
	return err;
}

int check_user_lengths(const struct machine *m, const struct user_range *ranges,
		       unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (ranges[i].len >> (m->arch->bits - 1))
			return -EINVAL;
	return 0;
}

int check_user_ranges(const struct machine *m, const struct user_range *ranges,
		      unsigned int nr)
{
	const bool cut_first = nr == 1 && rel_one_range_is_cut_first(m->release);
	const u64 max = arch_task_size_max(m->arch);
	int err = check_user_lengths(m, ranges, nr);

	for (unsigned int i = 0; i < nr && !err; i++) {
		u64 len = cut_first ? MIN(ranges[i].len, MAX_RW_COUNT) : ranges[i].len;

		if (len > max || ranges[i].addr > max - len)
			err = -EFAULT;
	}
	return err;
}

/* Is there anything to copy? Who it is that has it is not asked before. */
static int check_copy(const struct machine *m, const struct user_range *local,
		      const struct user_range *remote, unsigned int nr, bool *nothing)
{
	int err = check_user_ranges(m, local, 1);

	*nothing = true;
	if (err || !local->len)
		return err;
	for (unsigned int i = 0; i < nr; i++)
		if (remote[i].len)
			*nothing = false;
	return check_user_lengths(m, remote, nr);
}

int sys_process_vm(struct machine *m, struct task_struct *task, s32 pid,
		   const struct user_range *local, const struct user_range *remote,
		   unsigned int nr, bool write, u64 *done)
{
	struct vm_copy c = { .m = m, .task = task, .write = write };
	const struct task_struct *of = pid > 0 ? task_find(m, (u32)pid) : NULL;
	struct user_range room = { local->addr, MIN(local->len, MAX_RW_COUNT) };
	bool nothing;
	int err = check_copy(m, local, remote, nr, &nothing);

	*done = 0;
	if (err || nothing)
		return err;
	if (!of)
		return -ESRCH;
	err = mm_access(task, of, &c.mm);
	if (err)
		return err == -EACCES ? -EPERM : err;
	/* Its task may be killed for want of memory meanwhile. */
	mmget(c.mm);
	for (unsigned int i = 0; i < nr && room.len && !err; i++)
		err = copy_range(&c, &room, remote[i].addr, remote[i].len, done);
	mmput(m, c.mm);
	return *done && err != -ENOBUFS ? 0 : err;
}
