// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmap(): checks in the kernel's order, a place, and then the region: what lies under
 * it goes, what it promises is charged, and it becomes part of a neighbour or a VMA
 * of its own. 6.18 checks limits with what will go taken off, and removes after; 6.1
 * removes first, so a refusal can leave a hole.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/ksm.h"
#include "sim/virt/memory.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/mmap.h"
#include "sim/virt/prctl.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;

#define MAP_HUGE_SIZES (31ULL << MAP_HUGE_SHIFT)	/* 2 MiB, 1 GiB, or both */
/* What MAP_SHARED ignores rather than refuses, and MAP_SHARED_VALIDATE knows. */
#define LEGACY_MAP_MASK \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | \
	 MAP_EXECUTABLE | MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | \
	 MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | \
	 MAP_HUGE_SIZES)

/* A region on its way. */
struct mmap_state {
	struct task_struct *task;
	struct mm_struct *mm;
	struct file *file;	/* NULL: anonymous */
	u64 addr, end, pgoff;
	u64 vm_flags;
	bool replaces;		/* MAP_FIXED: there may be mappings */
	u64 charged;		/* pages of Committed_AS */
	u64 taken_over;		/* what VMAs that are gone had promised */
};

static u64 pages_of(const struct mmap_state *map)
{
	return (map->end - map->addr) >> PAGE_SHIFT;
}

/* ---- What lies under it, and the limits. ---- */

static int charge(struct machine *m, struct mmap_state *map, u64 nr_replaced)
{
	u64 nr_pages = pages_of(map) - nr_replaced;
	int err = 0;

	if (!accountable_mapping(map->file, map->vm_flags))
		return 0;
	if (nr_pages)
		err = security_vm_enough_memory(m, map->task, map->mm, nr_pages);
	if (err)
		return err;
	map->charged = nr_pages;
	map->vm_flags |= VM_ACCOUNT;
	return 0;
}

static int clear_then_check(struct machine *m, struct mmap_state *map,
			    struct vma_munmap *vms)
{
	int err = vms_detach(vms);

	if (err)
		return err;
	vms_complete(m, vms);
	return charge(m, map, 0);
}

static int check_then_clear(struct machine *m, struct mmap_state *map,
			    struct vma_munmap *vms)
{
	int err = charge(m, map, accountable_mapping(map->file, map->vm_flags) ?
					 vms->nr_accounted : 0);

	if (err)
		return err;
	err = vms_detach(vms);
	if (err) {
		vm_unacct_memory(m, map->charged);
		return err;
	}
	if (map->vm_flags & VM_ACCOUNT) {
		map->taken_over = vms->nr_accounted;
		vms->nr_accounted = 0;
	}
	vms_complete(m, vms);
	return 0;
}

/* What 6.1 counts before it removes anything. */
static u64 count_vma_pages_range(const struct machine *m, const struct mmap_state *map)
{
	struct maple_state mas;
	u64 nr_pages = 0;

	(void)m;
	mas_init(&mas, &map->mm->mm_mt, map->addr);
	for (u32 h = mas_find(&mas, map->end - 1); h; h = mas_next(&mas, map->end - 1))
		nr_pages += (MIN(mas.last + 1, map->end) - MAX(mas.index, map->addr)) >>
			    PAGE_SHIFT;
	return nr_pages;
}

static int mmap_setup(struct machine *m, struct mmap_state *map)
{
	struct vma_munmap vms = { .mm = map->mm, .start = map->addr, .end = map->end };
	bool checks_first = rel_mmap_checks_first(m->release);
	int err;

	if (!map->replaces)
		return may_expand_vm(m, map->task, map->mm, map->vm_flags, pages_of(map)) ?
			       charge(m, map, 0) : -ENOMEM;
	if (!checks_first &&
	    !may_expand_vm(m, map->task, map->mm, map->vm_flags,
			   pages_of(map) - count_vma_pages_range(m, map)))
		return -ENOMEM;
	err = vms_gather(m, &vms);
	if (err)
		return err == -EINVAL && !checks_first ? -ENOMEM : err;
	if (checks_first && !may_expand_vm(m, map->task, map->mm, map->vm_flags,
					   pages_of(map) - vms.nr_pages))
		return -ENOMEM;
	return checks_first ? check_then_clear(m, map, &vms) : clear_then_check(m, map, &vms);
}

/* ---- The VMA. ---- */

/* Shared anonymous memory is an unlinked file of tmpfs. */
static int shmem_zero_setup(struct machine *m, struct vm_area_struct *vma)
{
	struct file *file;
	int err = shmem_file_setup(m, "/dev/zero", vma->vm_end - vma->vm_start, vma->vm_flags,
				   /* memfd = */ false, &file);

	if (err)
		return err;
	vma->vm_file = file;
	vma->vm_ops = &shmem_anon_vm_ops;
	return 0;
}

static int fill_vma(struct machine *m, const struct mmap_state *map,
		    struct vm_area_struct *vma)
{
	vma->vm_start = map->addr;
	vma->vm_end = map->end;
	vma->vm_pgoff = map->pgoff;
	vma->vm_flags = map->vm_flags;
	if (map->file) {
		vma->vm_file = get_file(map->file);
		return file_mmap(m, map->file, vma);
	}
	if (map->vm_flags & VM_SHARED)
		return shmem_zero_setup(m, vma);
	return 0;
}

static int mmap_new_vma(struct machine *m, const struct mmap_state *map,
			struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma;
	int err = vm_area_alloc(m, map->mm, &vma);

	if (err)
		return err;
	err = fill_vma(m, map, vma);
	if (!err) {
		err = vma_insert(m, vma, NULL);
		if (!err) {
			*vmap = vma;
			khugepaged_enter_vma(m, vma, vma->vm_flags);
			return 0;
		}
		if (vma->vm_ops && vma->vm_ops->close)
			vma->vm_ops->close(m, vma);
	}
	if (vma->vm_file)
		fput(m, vma->vm_file);
	vm_area_free(m, vma);
	return err;
}

static int merge_or_new(struct machine *m, const struct mmap_state *map,
			struct vm_area_struct **vma)
{
	struct vma_attr attr = {
		.start = map->addr, .end = map->end, .pgoff = map->pgoff,
		.vm_flags = map->vm_flags, .file = map->file,
	};
	int merged = vma_merge_new(m, map->mm, &attr, vma), err;

	if (merged == -ENOBUFS || *vma)
		return merged;
	err = mmap_new_vma(m, map, vma);
	if (!err && merged)
		vma_edges_stay_apart(m, *vma, APART_MEMORY);
	return err;
}

/*
 * What is sealed against writing is not mapped so; what is mapped to be read only is not made
 * writable later. Until 6.13 that it is not to be written is found out later: before anything
 * goes for F_SEAL_WRITE (nobody is counted as its writer), else by the file, once what was
 * there is gone.
 */
static int check_seals(const struct machine *m, struct mmap_state *map)
{
	if (!(map->file->inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) ||
	    !(map->vm_flags & VM_SHARED))
		return 0;
	if (map->vm_flags & VM_WRITE)
		return rel_seals_checked_first(m->release) ? -EPERM : 0;
	map->vm_flags &= ~(u64)VM_MAYWRITE;
	return 0;
}

static u32 seals_against(const struct machine *m, const struct mmap_state *map)
{
	bool writes = (map->vm_flags & VM_SHARED) && (map->vm_flags & VM_WRITE);

	return writes && map->file && !rel_seals_checked_first(m->release) ?
	       map->file->inode->seals : 0;
}

static int mmap_region(struct machine *m, struct mmap_state *map)
{
	u64 locked_vm = map->mm->locked_vm, len = map->end - map->addr;
	struct vm_area_struct *vma;
	int err;

	if (map_deny_write_exec(map->mm, map->vm_flags, map->vm_flags)) {
		machine_why(m, "PR_SET_MDWE: what is written is not executed");
		return -EACCES;
	}
	if (seals_against(m, map) & F_SEAL_WRITE)
		return -EPERM;
	err = mmap_setup(m, map);
	if (err)
		return err;
	err = seals_against(m, map) & F_SEAL_FUTURE_WRITE ? -EPERM : 0;
	/* What goes is locked till all is done. */
	if (rel_mmap_checks_first(m->release))
		len += (locked_vm - map->mm->locked_vm) << PAGE_SHIFT;
	if (!err && map->file && map->file->inode->kind == INODE_SECRET)
		err = secretmem_mmap(m, map->task, map->mm, len, &map->vm_flags);
	if (!err)
		err = merge_or_new(m, map, &vma);
	if (err) {
		/* The kernel forgets what it had taken over from what was there. */
		vm_unacct_memory(m, map->charged);
		m->virt->committed_lost += (s64)map->taken_over;
		return err;
	}
	vm_stat_account(map->mm, vma->vm_flags, (s64)pages_of(map));
	vma->vm_flags |= vm_softdirty(m);
	if (!(vma->vm_flags & VM_LOCKED))
		return 0;
	if (vma->vm_flags & (VM_SPECIAL | VM_DROPPABLE)) {
		vma->vm_flags &= ~VM_LOCKED_MASK;
		vma_edges_stay_apart(m, vma, APART_MARKED);
	} else {
		map->mm->locked_vm += pages_of(map);
	}
	return 0;
}

/* ---- The call's checks. ---- */

static inline u64 exec_only_bits(struct machine *m, struct task_struct *task, u64 prot)
{
	return likely(prot != PROT_EXEC) ? 0 :
	       (u64)execute_only_pkey(m, task) << VM_PKEY_SHIFT;
}

static u64 calc_vm_bits(const struct machine *m, u64 prot, u64 flags)
{
	u64 vm_flags = vm_prot_bits(prot);

	vm_flags |= flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0;
	vm_flags |= flags & MAP_LOCKED ? VM_LOCKED : 0;
	vm_flags |= flags & MAP_SYNC ? VM_SYNC : 0;
	if ((flags & MAP_STACK) && rel_map_stack_is_nohugepage(m->release))
		vm_flags |= VM_NOHUGEPAGE;
	return vm_flags;
}

static bool file_mmap_ok(const struct mmap_state *map)
{
	u64 len = map->end - map->addr;

	return len <= MAX_LFS_FILESIZE &&
	       map->pgoff <= (MAX_LFS_FILESIZE - len) >> PAGE_SHIFT;
}

static bool file_may(const struct file *file, u32 mode)
{
	u32 access = file->f_flags & O_ACCMODE;

	return access == O_RDWR || access == mode;
}

/* What MAP_SHARED_VALIDATE knows of: file systems for disks add MAP_SYNC. */
static u64 known_flags(const struct machine *m, const struct file *file)
{
	return LEGACY_MAP_MASK | (rel_has_map_above4g(m->release) ? MAP_ABOVE4G : 0) |
	       (file->inode->kind == INODE_DISK ? MAP_SYNC : 0);
}

static int check_shared_file(const struct machine *m, struct mmap_state *map, u64 prot,
			     u64 flags)
{
	bool writable = file_may(map->file, O_WRONLY);

	if ((flags & MAP_TYPE) != MAP_SHARED && flags & ~known_flags(m, map->file))
		return -EOPNOTSUPP;
	if ((prot & PROT_WRITE) && !writable)
		return -EACCES;
	if ((prot & PROT_WRITE) && map->file->inode->swap_file)
		return -ETXTBSY;
	map->vm_flags |= VM_SHARED | VM_MAYSHARE;
	if (!writable)
		map->vm_flags &= ~(u64)(VM_MAYWRITE | VM_SHARED);
	return 0;
}

/* Of a file system that nothing is executed on. */
static bool is_noexec(const struct file *file)
{
	return file && file->inode->kind == INODE_SECRET;
}

static int check_file(const struct machine *m, struct mmap_state *map, u64 prot, u64 flags)
{
	u64 type = flags & MAP_TYPE;
	int err = 0;

	if (!file_mmap_ok(map))
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type != MAP_PRIVATE)
		err = check_shared_file(m, map, prot, flags);
	if (err)
		return err;
	if (!file_may(map->file, O_RDONLY))
		return -EACCES;
	if (is_noexec(map->file)) {
		if (map->vm_flags & VM_EXEC)
			return -EPERM;
		map->vm_flags &= ~(u64)VM_MAYEXEC;
	}
	if (map->file->inode->kind == INODE_ANON)
		return -ENODEV;
	if (map->vm_flags & VM_GROWSDOWN)
		return -EINVAL;
	return check_seals(m, map);
}

/* Memory that may go when there is too little: nobody else's, and not to be kept. */
static int check_droppable(const struct machine *m, struct mmap_state *map, u64 flags)
{
	if (!rel_has_map_droppable(m->release))
		return -EINVAL;
	if (m->arch->bits == 32)
		return -EOPNOTSUPP;
	if (flags & (MAP_LOCKED | MAP_HUGETLB) || map->vm_flags & VM_GROWSDOWN)
		return -EINVAL;
	map->vm_flags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
	map->pgoff = map->addr >> PAGE_SHIFT;
	return 0;
}

static int check_anonymous(const struct machine *m, struct mmap_state *map, u64 flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (map->vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		map->pgoff = 0;
		map->vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		map->pgoff = map->addr >> PAGE_SHIFT;
		return 0;
	case MAP_DROPPABLE:
		return check_droppable(m, map, flags);
	default:
		return -EINVAL;
	}
}

static int check_locked(struct machine *m, const struct mmap_state *map, u64 flags)
{
	if ((flags & MAP_LOCKED) && !can_do_mlock(map->task))
		return -EPERM;
	if (!mlock_future_ok(map->task, map->mm, map->vm_flags, map->end - map->addr)) {
		machine_why(m, "RLIMIT_MEMLOCK: %llu pages are locked",
			    (ull)map->mm->locked_vm);
		return -EAGAIN;
	}
	return 0;
}

/* Sizes that the kernel refuses before it looks for a place. */
static int check_size(const struct machine *m, const struct mm_struct *mm,
		      struct mmap_request *req)
{
	u64 len = ALIGN_UP(req->len, PAGE_SIZE), pgoff = req->offset >> PAGE_SHIFT;

	if (!req->len)
		return -EINVAL;
	if (!len)
		return -ENOMEM;
	if (m->arch->bits == 32 && pgoff + (len >> PAGE_SHIFT) > 1ULL << 32)
		return -EOVERFLOW;
	if (mm->map_count > m->tunables->max_map_count)
		return -ENOMEM;
	req->len = len;
	return 0;
}

/* A hint below the least address means the least address. */
static u64 round_hint_to_min(const struct machine *m, u64 hint)
{
	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint && hint < lowest_address(m->tunables))
		return ALIGN_UP(lowest_address(m->tunables), PAGE_SIZE);
	return hint;
}

static int place(struct machine *m, const struct mmap_request *req, struct mmap_state *map)
{
	int err = get_unmapped_area(m, map->task, req, map->pgoff, &map->addr);

	if (err)
		return err;
	map->end = map->addr + req->len;
	map->replaces = req->flags & MAP_FIXED;
	if ((req->flags & MAP_FIXED_NOREPLACE) &&
	    find_vma_intersection(m, map->mm, map->addr, map->end))
		return -EEXIST;
	return 0;
}

int do_mmap(struct machine *m, struct task_struct *task, const struct mmap_request *user,
	    u64 vm_flags, u64 *addr, u64 *populate)
{
	struct mmap_request req = mmap_request_copy(user);
	struct mmap_state map = {
		.task = task, .mm = task->mm, .file = req.file,
		.pgoff = req.offset >> PAGE_SHIFT,
	};
	bool locked;
	int err;

	*populate = 0;
	if ((req.prot & PROT_READ) && (task->personality & READ_IMPLIES_EXEC) &&
	    !is_noexec(req.file))
		req.prot |= PROT_EXEC;
	if (req.flags & MAP_FIXED_NOREPLACE)
		req.flags |= MAP_FIXED;
	if (!(req.flags & MAP_FIXED))
		req.addr = round_hint_to_min(m, req.addr);
	err = check_size(m, map.mm, &req);
	/* What has no place may have used up a protection key. */
	if (!err && rel_mmap_flags_before_place(m->release))
		map.vm_flags = exec_only_bits(m, task, req.prot);
	if (!err)
		err = place(m, &req, &map);
	if (err)
		return err;
	if (!rel_mmap_flags_before_place(m->release))
		map.vm_flags = exec_only_bits(m, task, req.prot);
	map.vm_flags |= vm_flags | calc_vm_bits(m, req.prot, req.flags) | map.mm->def_flags |
			VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	err = check_locked(m, &map, req.flags);
	if (!err)
		err = map.file ? check_file(m, &map, req.prot, req.flags) :
				 check_anonymous(m, &map, req.flags);
	if (err)
		return err;
	if ((req.flags & MAP_NORESERVE) &&
	    (m->tunables->overcommit_memory != 2 || is_file_hugepages(map.file)))
		map.vm_flags |= VM_NORESERVE;
	map.vm_flags = ksm_vma_flags(map.mm, map.vm_flags);
	/* What the file itself locks is not populated. */
	locked = map.vm_flags & VM_LOCKED;
	err = mmap_region(m, &map);
	if (err)
		return err;
	*addr = map.addr;
	if (locked ||
	    (req.flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		*populate = req.len;
	return 0;
}

/* Memory from the pools: of a file of theirs, made for it if it is anonymous. */
static int huge_request(struct machine *m, struct task_struct *task, struct mmap_request *req)
{
	const unsigned int log = req->flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
	struct hugetlb_file_request file = {
		.name = HUGETLB_ANON_FILE, .acctflag = VM_NORESERVE,
		.kind = HUGETLB_ANONHUGE_INODE, .page_size_log = log,
	};
	const struct hstate *h;
	int err;

	if (req->file) {
		if (!is_file_hugepages(req->file))
			return req->flags & MAP_HUGETLB ? -EINVAL : 0;
		req->len = ALIGN_UP(req->len, huge_page_size(hstate_inode(m, req->file->inode)));
		return 0;
	}
	if (!(req->flags & MAP_HUGETLB))
		return 0;
	err = hugetlb_init(m);
	h = err ? NULL : hstate_sizelog(m, log);
	if (!h)
		return err ? err : -EINVAL;
	req->len = ALIGN_UP(req->len, huge_page_size(h));
	file.size = req->len;
	return hugetlb_file_setup(m, task, &file, &req->file);
}

int sys_mmap(struct machine *m, struct task_struct *task, const struct mmap_request *user,
	     u64 *addr)
{
	struct mmap_request req = mmap_request_copy(user);
	u64 populate;
	int err;

	if (!IS_ALIGNED(req.offset, PAGE_SIZE))
		return -EINVAL;
	if (req.flags & MAP_ANONYMOUS)
		req.file = NULL;
	else if (!req.file)
		return -EBADF;
	err = huge_request(m, task, &req);
	if (err)
		return err;
	fput_delay(m, true);
	err = do_mmap(m, task, &req, 0, addr, &populate);
	if (req.file && req.flags & MAP_ANONYMOUS)
		fput(m, req.file);
	fput_delay(m, false);
	if (!err && populate)
		err = mm_populate(m, task->mm, *addr, populate);
	fput_delayed(m);
	return err;
}

int install_special_mapping(struct machine *m, struct mm_struct *mm, u64 addr, u64 len,
			    u64 vm_flags, const struct vm_operations *ops)
{
	struct vm_area_struct *vma;
	int err = vm_area_alloc(m, mm, &vma);

	if (err)
		return err;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = (vm_flags | mm->def_flags | VM_DONTEXPAND | vm_softdirty(m)) &
			~(u64)VM_LOCKED_MASK;
	vma->vm_ops = ops;
	err = insert_vm_struct(m, mm, vma);
	if (err) {
		vm_area_free(m, vma);
		return err;
	}
	vm_stat_account(mm, vma->vm_flags, (s64)(len >> PAGE_SHIFT));
	return 0;
}
