// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swap areas: swapon, swapoff. Areas are in the order of their priorities; among equals,
 * who was asked last is last.
 */
#include "sim/boot/boot_log.h"
#include "sim/phys/slab.h"
#include "sim/virt/blk.h"
#include "sim/virt/dcache.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/task.h"
#include "sim/virt/zram.h"

typedef unsigned long long ull;

#define KERN_ERR_LEVEL 3
#define KERN_INFO_LEVEL 6

int swap_init(struct machine *m)
{
	struct swap_state *swap = arena_alloc(&m->arena, sizeof(*swap));

	if (!swap)
		return -ENOBUFS;
	swap->least_priority = -1;
	swap->ra_hits = SWAP_RA_FIRST_HITS;
	swap->has_table = rel_has_swap_table(m->release);
	/* With CONFIG_THP_SWAP a cluster has room for a huge page. */
	swap->cluster_slots = m->arch->bits == 64 ? 512 : 256;
	m->virt->swap = swap;
	return 0;
}

/* -- the order of areas -------------------------------------------------------- */

/* Behind all whose priority is as high. */
static void order_add(const struct swap_state *swap, u8 *order, u8 nr,
		      const struct swap_info_struct *si)
{
	unsigned int i = nr;

	for (; i && swap->info[order[i - 1]].prio < si->prio; i--)
		order[i] = order[i - 1];
	order[i] = (u8)si->type;
}

static bool order_del(u8 *order, u8 nr, unsigned int type)
{
	for (unsigned int i = 0; i < nr; i++)
		if (order[i] == type) {
			memmove(&order[i], &order[i + 1], nr - i - 1);
			return true;
		}
	return false;
}

static bool is_available(const struct swap_state *swap, unsigned int type)
{
	for (unsigned int i = 0; i < swap->nr_avail; i++)
		if (swap->avail[0][i] == type)
			return true;
	return false;
}

void swap_add_to_avail(struct machine *m, struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);

	if (is_available(swap, si->type))
		return;
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		order_add(swap, swap->avail[node], swap->nr_avail, si);
	swap->nr_avail++;
}

void swap_del_from_avail(struct machine *m, struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);
	bool found = false;

	for (unsigned int node = 0; node < m->nr_nodes; node++)
		found |= order_del(swap->avail[node], swap->nr_avail, si->type);
	swap->nr_avail -= found;
}

void swap_requeue(struct machine *m, unsigned int node, const struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);

	if (order_del(swap->avail[node], swap->nr_avail, si->type))
		order_add(swap, swap->avail[node], (u8)(swap->nr_avail - 1), si);
}

/* -- what an area may be on ---------------------------------------------------- */

static const struct config_swap *find_device(const struct machine *m, const char *path)
{
	for (unsigned int i = 0; i < m->config->nr_swaps; i++)
		if (!strcmp(m->config->swaps[i].path, path))
			return &m->config->swaps[i];
	return NULL;
}

/* A directory, or a device that is none for blocks: by what opening and claiming gives. */
static int errno_of_odd_path(const char *path)
{
	static const char *const dirs[] = { "/", "/dev", "/dev/shm", "/tmp", "/proc", "/sys" };

	for (unsigned int i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!strcmp(path, dirs[i]))
			return -EISDIR;
	return !strcmp(path, "/dev/null") || !strcmp(path, "/dev/zero") ? -EINVAL : -ENOENT;
}

/* The area that is on, of a device or a file; NULL. */
static struct swap_info_struct *find_area(const struct machine *m, const char *path)
{
	struct swap_state *swap = swap_of(m);

	for (unsigned int i = 0; i < swap->nr_types; i++)
		if (swap->info[i].path && !strcmp(swap->info[i].path, path))
			return &swap->info[i];
	return NULL;
}

int swap_mkswap(struct machine *m, const char *path)
{
	struct inode *inode = inode_find(m, path);

	if (find_device(m, path)) {
		struct gendisk *disk = swap_disk(m, path);

		if (find_area(m, path))
			return -EBUSY;
		if (disk && disk->zram && !disk->zram->nr_entries)
			return -EINVAL;
		if (disk && disk->zram)
			disk->zram->formatted = true;
		return 0;
	}
	if (!inode)
		return errno_of_odd_path(path);
	if (inode->kind != INODE_DISK)
		return -EINVAL;
	if (inode->swap_file)
		return -EBUSY;
	if (inode->i_size < 10 * PAGE_SIZE)
		return -EINVAL;
	inode->swap_header = (inode->i_size >> PAGE_SHIFT) - 1;
	return 0;
}

/* Its pages, with the header; 0: it has none. */
static u64 read_swap_header(struct machine *m, const struct swap_info_struct *si)
{
	if (si->device && (!si->disk->zram || si->disk->zram->formatted))
		return si->disk->bytes >> PAGE_SHIFT;
	if (si->device || !si->inode->swap_header) {
		printk(m, KERN_ERR_LEVEL, "Unable to find swap-space signature");
		return 0;
	}
	if (si->inode->swap_header + 1 > si->inode->i_size >> PAGE_SHIFT) {
		printk(m, 4, "Swap area shorter than signature indicates");
		return 0;
	}
	return si->inode->swap_header + 1;
}

/* The device or file of a path: it is the area's from now on. *came: dcache_lookup()'s. */
static int claim_swapfile(struct machine *m, struct swap_info_struct *si, const char *path,
			  bool *came)
{
	struct inode *inode = inode_find(m, path);
	int err;

	si->device = find_device(m, path);
	if (si->device) {
		if (find_area(m, path))
			return -EBUSY;
		si->path = si->device->path;
		si->disk = swap_disk(m, si->path);
		si->flags |= SWP_BLKDEV | (si->disk->rotational ? 0 : SWP_SOLIDSTATE) |
			     (si->disk->zram ? SWP_SYNCHRONOUS_IO : 0);
		return 0;
	}
	if (!inode)
		return errno_of_odd_path(path);
	if (inode->i_writecount < 0)
		return -ETXTBSY;
	if (inode->swap_file)
		return -EBUSY;
	if (inode->kind != INODE_DISK)
		return -EINVAL;
	err = dcache_lookup(m, inode, came);
	if (err)
		return err;
	si->inode = inode;
	si->path = inode->path;
	si->disk = file_disk(m);
	si->flags |= SWP_SOLIDSTATE;
	return 0;
}

/* The first type that is free: a struct that was there already, or a new one. */
static int alloc_swap_info(struct machine *m, struct swap_info_struct **area)
{
	struct swap_state *swap = swap_of(m);
	unsigned int type = 0;
	int err;

	while (type < swap->nr_types && swap->info[type].flags & SWP_USED)
		type++;
	if (type == MAX_SWAPFILES)
		return -EPERM;
	*area = &swap->info[type];
	if (!(*area)->info_addr) {
		err = kmalloc(m, 392 + 40ULL * m->nr_nodes, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
			      &(*area)->info_addr);
		if (err)
			return err;
	}
	swap->nr_types = MAX(swap->nr_types, type + 1);
	(*area)->type = type;
	(*area)->flags = SWP_USED;
	return 0;
}

static void forget_area(struct swap_info_struct *si)
{
	u64 info_addr = si->info_addr;

	*si = (struct swap_info_struct) { .type = si->type, .info_addr = info_addr };
}

/* -- swapon -------------------------------------------------------------------- */

/* The header, and what a last cluster has beyond the end, are nobody's. */
static int setup_swap_map(struct machine *m, struct swap_info_struct *si)
{
	si->swap_map[0] = SWAP_MAP_BAD;
	si->pages = si->max - 1;
	si->lowest_bit = si->cluster_next = 1;
	si->highest_bit = si->max - 1;
	if (swap_of(m)->has_table)
		return swap_cluster_setup(m, si);
	swap_scan_setup(m, si);
	return 0;
}

static void set_discard(struct swap_info_struct *si, u32 flags)
{
	if (!(flags & SWAP_FLAG_DISCARD) || !si->device || si->device->rotational)
		return;
	si->flags |= SWP_DISCARDABLE | SWP_AREA_DISCARD | SWP_PAGE_DISCARD;
	if (flags & SWAP_FLAG_DISCARD_ONCE)
		si->flags &= ~(u32)SWP_PAGE_DISCARD;
	else if (flags & SWAP_FLAG_DISCARD_PAGES)
		si->flags &= ~(u32)SWP_AREA_DISCARD;
}

/* From now on the area is used. */
static void insert_area(struct machine *m, struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);

	si->flags |= SWP_WRITEOK;
	m->nr_swap_pages += (s64)si->pages;
	m->total_swap_pages += (s64)si->pages;
	order_add(swap, swap->active, swap->nr_active++, si);
	if (si->highest_bit || swap->has_table)
		swap_add_to_avail(m, si);
}

static void enable_swap_info(struct machine *m, struct swap_info_struct *si, u32 flags)
{
	struct swap_state *swap = swap_of(m);

	si->prio = flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) :
					      --swap->least_priority;
	swap->nr_rotate_swap += !(si->flags & SWP_SOLIDSTATE);
	insert_area(m, si);
	/* The lookup's reference is the area's. */
	if (si->inode)
		si->inode->swap_file = true;
	printk(m, KERN_INFO_LEVEL, "Adding %lluk swap on %s.  Priority:%d extents:1 across:%lluk "
	       "%s%s%s%s", (ull)si->pages << (PAGE_SHIFT - 10), si->path, si->prio,
	       (ull)si->pages << (PAGE_SHIFT - 10), si->flags & SWP_SOLIDSTATE ? "SS" : "",
	       si->flags & SWP_DISCARDABLE ? "D" : "", si->flags & SWP_AREA_DISCARD ? "s" : "",
	       si->flags & SWP_PAGE_DISCARD ? "c" : "");
}

static void free_area(struct machine *m, struct swap_info_struct *si)
{
	if (si->clusters && swap_of(m)->has_table)
		swap_cluster_forget(m, si);
	swap_area_free(m, si);
	forget_area(si);
}

/* It has a block, or gets one when it is written. */
static bool is_allocated(const struct machine *m, const struct inode *inode, u64 pgoff)
{
	u32 pfn;

	if (disk_has_block(m, inode, pgoff))
		return true;
	pfn = find_page(m, &inode->i_data, pgoff);
	return pfn != PFN_NIL && (page_flag(pfn_folio(m, pfn), PG_dirty) ||
				  page_flag(pfn_folio(m, pfn), PG_writeback));
}

/* A file lies on the disk as a whole, without holes. (mkswap has written its first page.) */
static int setup_swap_extents(struct machine *m, const struct swap_info_struct *si)
{
	u64 pages = si->inode ? si->inode->i_size >> PAGE_SHIFT : 0, end;

	for (u64 pgoff = 1; pgoff < pages; pgoff = MAX(end, pgoff + 1)) {
		end = unwritten_end(&si->inode->unwritten, pgoff);
		if (end || is_allocated(m, si->inode, pgoff))
			continue;
		printk(m, KERN_ERR_LEVEL, "swapon: file %s has unallocated extents", si->path);
		return -EINVAL;
	}
	return 0;
}

static int setup_area(struct machine *m, struct swap_info_struct *si, const char *path, u32 flags,
		      bool *came)
{
	int err = claim_swapfile(m, si, path, came);

	if (!err) {
		si->max = read_swap_header(m, si);
		err = si->max ? setup_swap_extents(m, si) : -EINVAL;
	}
	if (err)
		return err;
	si->nr_clusters = (u32)DIV_ROUND_UP(si->max, swap_of(m)->cluster_slots);
	err = swap_area_alloc(m, si);
	if (!err)
		err = setup_swap_map(m, si);
	if (!err)
		set_discard(si, flags);
	return err;
}

int swapon_need(struct machine *m, const char *path, struct virt_need *need)
{
	const struct gendisk *disk = find_device(m, path) ? swap_disk(m, path) : NULL;
	const struct inode *inode = disk ? NULL : inode_find(m, path);

	swap_area_need(m, disk ? disk->bytes >> PAGE_SHIFT : inode ? inode->swap_header + 1 : 0,
		       need);
	return section_private_init(m);
}

int sys_swapon(struct machine *m, const struct task_struct *task, const char *path, u32 flags)
{
	struct swap_info_struct *si;
	bool came = false;
	int err;

	if (flags & ~(u32)SWAP_FLAGS_VALID)
		return -EINVAL;
	if (task && !task->cap_sys_admin)
		return -EPERM;
	err = section_private_init(m);
	if (!err)
		err = alloc_swap_info(m, &si);
	if (err)
		return err;
	err = setup_area(m, si, path, flags, &came);
	if (!err && !swap_of(m)->has_table)
		err = swap_slots_enable(m);
	if (err) {
		if (si->inode)
			dcache_end_lookup(m, si->inode, came, err);
		free_area(m, si);
		return err;
	}
	enable_swap_info(m, si, flags);
	/* The header was read. */
	count_vm_event(m, PGPGIN, PAGE_SIZE / 1024);
	task_io_account_read(m, PAGE_SIZE);
	return 0;
}

int swap_boot(struct machine *m)
{
	int err = zram_boot(m);

	for (unsigned int i = 0; i < m->config->nr_swaps && !err; i++) {
		const struct config_swap *swap = &m->config->swaps[i];

		if (!swap->off)
			err = sys_swapon(m, NULL, swap->path, swap->has_priority ?
					 SWAP_FLAG_PREFER | (u32)swap->priority : 0);
	}
	return err;
}

/* -- swapoff ------------------------------------------------------------------- */

/* Those that got their priority by themselves move up into its place. */
static void close_ranks(struct swap_state *swap, const struct swap_info_struct *si)
{
	bool behind = false;

	for (unsigned int i = 0; i < swap->nr_active; i++) {
		struct swap_info_struct *other = &swap->info[swap->active[i]];

		if (behind)
			other->prio++;
		behind |= other == si;
	}
	swap->least_priority++;
}

static void disable_area(struct machine *m, struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);

	swap_del_from_avail(m, si);
	if (si->prio < 0)
		close_ranks(swap, si);
	if (order_del(swap->active, swap->nr_active, si->type))
		swap->nr_active--;
	m->nr_swap_pages -= (s64)si->pages;
	m->total_swap_pages -= (s64)si->pages;
	si->flags &= ~(u32)SWP_WRITEOK;
}

/* It could not be emptied: it is used again, with the lowest priority if it had none of its own. */
static void reinsert_area(struct machine *m, struct swap_info_struct *si)
{
	if (si->prio < 0)
		si->prio = --swap_of(m)->least_priority;
	insert_area(m, si);
}

static void destroy_area(struct machine *m, struct swap_info_struct *si)
{
	struct inode *inode = si->inode;

	swap_free_continuations(m, si);
	swap_of(m)->nr_rotate_swap -= !(si->flags & SWP_SOLIDSTATE);
	free_area(m, si);
	if (inode) {
		inode->swap_file = false;
		iput(m, inode);
	}
}

int sys_swapoff(struct machine *m, struct task_struct *task, const char *path)
{
	struct swap_info_struct *si = find_area(m, path);
	int err;

	if (task && !task->cap_sys_admin)
		return -EPERM;
	if (!si)
		return find_device(m, path) || inode_find(m, path) ? -EINVAL :
								     errno_of_odd_path(path);
	if (security_vm_enough_memory(m, task, task ? task->mm : NULL, si->pages))
		return -ENOMEM;
	vm_unacct_memory(m, si->pages);
	disable_area(m, si);
	swap_slots_disable(m);
	if (task)
		task->signal->oom_flag_origin = true;
	err = try_to_unuse(m, si);
	if (task)
		task->signal->oom_flag_origin = false;
	if (err)
		reinsert_area(m, si);
	else
		destroy_area(m, si);
	swap_slots_reenable(m);
	return err;
}

/* -- what others see ----------------------------------------------------------- */

bool swap_area_at(const struct machine *m, unsigned int i, struct swap_area *area)
{
	const struct swap_state *swap = swap_of(m);

	for (unsigned int type = 0; type < swap->nr_types; type++) {
		const struct swap_info_struct *si = &swap->info[type];

		if (!(si->flags & SWP_USED) || i--)
			continue;
		*area = (struct swap_area) {
			.path = si->path, .partition = si->device, .pages = si->pages,
			.inuse = si->inuse_pages, .prio = si->prio,
		};
		return true;
	}
	return false;
}

u64 swap_free_pages(const struct machine *m)
{
	return get_nr_swap_pages(m);
}
