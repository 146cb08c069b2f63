/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: inodes with their page cache (address_space), open files, and the table of
 * descriptors of a task. An inode is on a disk, in shared memory (tmpfs, memfd, anonymous
 * shared mappings), in secret memory, a device (/dev/zero), or no file at all (pidfds). Names
 * are full paths; the machine file's [file] sections and open() with O_CREAT make them.
 */
#ifndef KMM_VIRT_FILE_H
#define KMM_VIRT_FILE_H

#include "sim/base/interval_tree.h"
#include "sim/base/xarray.h"
#include "sim/machine.h"
#include "sim/virt/unwritten.h"

struct vm_fault;
struct vm_operations;
struct vm_area_struct;
struct page;
struct task_struct;

/* Those from INODE_ZERO on have no size and no pages. */
enum inode_kind { INODE_DISK, INODE_SHMEM, INODE_HUGETLB, INODE_SECRET, INODE_ZERO, INODE_ANON,
		  NR_INODE_KINDS };

struct address_space {
	struct inode *host;
	struct xarray i_pages;	/* pgoff -> mk_cache_entry(), of a folio's all pages */
	u64 nrpages;
	u64 nr_shadows;		/* entries that are values */
	bool large_shadows;	/* some may have been of large folios */
	u32 nr_thps;		/* huge pages of a file whose file system knows of none */
	struct interval_tree i_mmap;	/* VMAs by pgoff */
	s32 i_mmap_writable;	/* shared mappings that may write */
};

struct inode {
	u32 self;		/* never 0; also page->mapping of its pages */
	u8 kind;		/* enum inode_kind */
	u8 sb;			/* the file system: a row of inode.c */
	bool unlinked;		/* maps says " (deleted)" */
	/* shmem: its size is charged to Committed_AS; else page by page. */
	bool accounted;
	bool memfd;
	bool unevictable;	/* SHM_LOCK, secret memory */
	u16 mode;
	s32 i_count;		/* open files and the name */
	/* Open files that may write; below 0: mms that run it, which keep them out. */
	s32 i_writecount;
	u64 i_size;		/* bytes */
	u64 ino;
	u32 dev_major, dev_minor;
	char *path;		/* as maps prints it, without " (deleted)" */
	u32 seals;		/* F_SEAL_* */
	bool swap_file;		/* a swap area: nobody writes to it */
	u64 swap_header;	/* what mkswap wrote: the last page of the area; 0: nothing */
	struct resv_map *resv_map;	/* of hugetlbfs: hugetlb.h */
	u8 huge_order;		/* of its pages */
	bool huge_shm;		/* SysV shared memory: reserved when it was made */
	bool large_folios;	/* its file system has some: ext4; shmem that said huge= */
	u64 swapped;		/* of shmem: pages that are out: values in i_pages */
	u64 dropped;		/* of shmem: pages that went clean, and are charged for yet */
	u64 fallocend;		/* of shmem: pages before this were asked for by fallocate() */
	struct interval_tree shared_policy;	/* of shmem: sp_nodes (mempolicy.h) */
	u32 shm;		/* slot + 1 of the System V segment that it is of */
	u32 uffd;		/* of a userfaultfd: its context */
	u32 pid;		/* of a pidfd: whose, */
	u64 pid_serial;		/* so that no other of this pid is meant */
	/* Addresses of its struct dentry and, of a disk's file, struct inode; 0: not in memory. */
	u64 dentry, object;
	bool dentry_lru, dentry_referenced, inode_lru, inode_referenced;	/* dcache.h */
	/* Of a disk (disk.h): pages from this one on were never there, unless written. */
	u64 disk_end;
	u64 nr_disk_blocks;	/* that were written */
	struct unwritten unwritten;	/* that fallocate() asked for */
	/* With dirty pages: writeback.h */
	u8 wb_list;		/* enum wb_list */
	u64 wb_order, dirtied_when_ns;
	u64 writeback_index;	/* where the flusher goes on */
	u32 nr_dirty, nr_writeback;	/* pages */
	u16 i_wb;		/* the group whose flusher has it (cgwb.c) */
	bool i_wb_attached;	/* it is of one */
	u16 i_wb_frn_winner, i_wb_frn_avg_time, i_wb_frn_history;
	u32 wb_err;		/* how often a page was lost */
	bool wb_err_seen;	/* somebody was told of the last */
	struct address_space i_data;
};

#define MAX_LFS_FILESIZE ((1ULL << 63) - 1)

#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#define F_SEAL_FUTURE_WRITE 16
#define F_SEAL_EXEC 32
#define F_SEAL_WRITES (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* Read-ahead of an open file: pages. */
struct file_ra_state {
	u64 start;
	u32 size, async_size;	/* the window; the last so many of it start the next */
	unsigned int order;	/* of the folios that it is made of, where they may be large */
	u32 mmap_miss;		/* faults that found nothing cached, less those that did */
	u64 prev_pos;		/* where the last read ended; ~0: there was none */
	u64 async_start, async_end;	/* pages between them are read by async_ns: blk.h */
	u64 async_ns;
	u32 ra_pages;		/* the longest window: of the disk; POSIX_FADV_SEQUENTIAL: twice */
	bool random;		/* POSIX_FADV_RANDOM */
};

struct file {
	u32 self;
	s32 f_count;
	u32 f_flags;		/* O_* */
	u64 f_pos;
	struct inode *inode;
	struct file_ra_state f_ra;
	u32 next_put;		/* of those that are put when the call ends */
	u32 f_wb_err;		/* inode->wb_err as it was told of */
	bool f_noreuse;		/* FMODE_NOREUSE: using it by way of a mapping tells nothing */
};

#define NR_OPEN_MAX 1024
struct files_struct {
	u32 self;
	s32 count;		/* tasks that share it */
	u32 nr_slots;		/* of fds: a multiple of 64 */
	u64 *cloexec;		/* a bit for each */
	u32 *fds;		/* handles of files; 0: closed. Behind cloexec's words */
};

static inline bool fd_is_cloexec(const struct files_struct *files, u32 fd)
{
	return files->cloexec[fd / 64] >> (fd % 64) & 1;
}

#define O_ACCMODE 3
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_DSYNC 010000
#define O_DIRECT 040000
#define O_SYNC 04010000	/* has O_DSYNC */
#define O_CLOEXEC 02000000
#define O_PATH 010000000

int files_init(struct machine *m) __must_check;	/* the machine file's [file]s */
void files_free(struct machine *m);
struct digest;
void files_digest(const struct machine *m, struct digest *digest);
/* A3: dentries, which have no struct of ours. */
struct object_census;
void files_claim_objects(const struct machine *m, struct object_census *census);

struct inode *inode_of(const struct machine *m, u32 handle);
/* Shared memory of the kernel's own mount: memfds, shared anonymous memory. */
bool inode_on_kernel_mount(const struct inode *inode);
/* By path; NULL: there is none. */
struct inode *inode_find(const struct machine *m, const char *path);
/* -ENOMEM, -ENOBUFS. The path decides which file system a file of shmem is on. */
int inode_create(struct machine *m, enum inode_kind kind, const char *path, u64 size,
		 struct inode **inode) __must_check;
/* A file that was on the disk before: nothing of it is in memory. -ENOBUFS. */
int inode_on_disk(struct machine *m, const char *path, u64 size) __must_check;
/* A file of shared memory that never had a name in a directory. */
int inode_create_unlinked(struct machine *m, const char *name, u64 size,
			  struct inode **inode) __must_check;
/* One without pages, for descriptors that are no files: INODE_ANON. */
int inode_create_anon(struct machine *m, const char *name, struct inode **inode) __must_check;
/* One of memfd_secret(). */
int inode_create_secret(struct machine *m, struct inode **inode) __must_check;
/* One of hugetlbfs, with pages of 2^order. */
int inode_create_hugetlb(struct machine *m, const char *name, u64 size, unsigned int order,
			 struct inode **inode) __must_check;
/* Files have inode->unevictable from now on: their pages stay in memory. */
void lru_heed_mappings(struct machine *m);
/* Pages of shared memory more, or less, on the file system: -ENOSPC. */
int sb_take_pages(struct machine *m, const struct inode *inode, u64 nr) __must_check;
void sb_give_pages(struct machine *m, const struct inode *inode, u64 nr);
void sb_validate(const struct machine *m, struct check *check);	/* F1 */
/* The next inode behind `inode` (NULL: the first), in the order of inode->self. */
struct inode *inode_next(const struct machine *m, const struct inode *inode);
/* Where a new file of this path would be: memory or a disk. */
enum inode_kind path_kind(const char *path);
/* The device of the files in a directory. */
void path_device(const char *path, u32 *major, u32 *minor);
void iput(struct machine *m, struct inode *inode);

/* An open file that nobody holds yet but the caller. -ETXTBSY: to write what is run. */
int file_open_inode(struct machine *m, struct inode *inode, u32 flags,
		    struct file **file) __must_check;
static inline struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}
void fput(struct machine *m, struct file *file);
/*
 * What is put while it is delayed goes with fput_delayed(), as the kernel lets files go only
 * on the way back to the task: till then its pages and what it was promised are taken.
 */
void fput_delay(struct machine *m, bool on);
void fput_delayed(struct machine *m);
/* A program is run: nobody may open it to write. -ETXTBSY: somebody has. */
int deny_write_access(const struct file *file) __must_check;
void allow_write_access(const struct file *file);
struct file *file_of(const struct machine *m, u32 handle);
static inline bool file_may_write(const struct file *file)
{
	return (file->f_flags & O_ACCMODE) != O_RDONLY;
}
static inline bool file_may_read(const struct file *file)
{
	return (file->f_flags & O_ACCMODE) != O_WRONLY;
}
/* Anonymous shared memory: an unlinked shmem inode "/dev/zero" or "/memfd:NAME". */
int shmem_file_setup(struct machine *m, const char *name, u64 size, u64 vm_flags,
		     bool memfd, struct file **file) __must_check;

/* Descriptor tables. */
/* NULL: none, or one that only names its file (O_PATH); raw: also such. */
struct file *fget(const struct machine *m, const struct task_struct *task, int fd);
struct file *fget_raw(const struct machine *m, const struct task_struct *task, int fd);
/* The lowest free descriptor, with room in the table: -EMFILE, -ENOBUFS. */
int fd_get_unused(struct machine *m, const struct task_struct *task, int *fd) __must_check;
/* It gets the file, whose reference is the table's from now on. */
void fd_install(struct task_struct *task, int fd, const struct file *file, bool cloexec);
/* The same from `from` on; and this very one. -EINVAL, -EBADF: behind the limit. */
int fd_get_unused_from(struct machine *m, const struct task_struct *task, u64 from,
		       int *fd) __must_check;
int fd_make_room(struct machine *m, const struct task_struct *task, int fd) __must_check;
int fd_close(struct machine *m, struct files_struct *files, int fd) __must_check;
void fd_close_on_exec(struct machine *m, struct files_struct *files);
/* old NULL: an empty table. */
int files_struct_dup(struct machine *m, const struct files_struct *old,
		     struct files_struct **files) __must_check;
void files_struct_put(struct machine *m, struct files_struct *files);
void fd_tables_digest(const struct machine *m, struct digest *digest);
/* Host memory of all tables: the machine ends. */
void fd_tables_free(struct machine *m);

/* System calls on files. */
int sys_open(struct machine *m, struct task_struct *task, const char *path, u32 flags,
	     u32 mode, int *fd) __must_check;
int sys_memfd_create(struct machine *m, struct task_struct *task, const char *name,
		     u32 flags, int *fd) __must_check;
/* F_ADD_SEALS and F_GET_SEALS, F_DUPFD and its kin. */
enum fcntl_command { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
		     F_DUPFD_CLOEXEC = 1030, F_ADD_SEALS = 1033, F_GET_SEALS };
int sys_fcntl(struct machine *m, struct task_struct *task, int fd, unsigned int cmd, u64 arg,
	      u64 *result) __must_check;
/* dup (to < 0), dup2, dup3. */
int sys_dup(struct machine *m, struct task_struct *task, int fd, int *to) __must_check;
int sys_dup3(struct machine *m, struct task_struct *task, int fd, int to, u32 flags,
	     bool same_is_ok) __must_check;
int sys_close(struct machine *m, struct task_struct *task, int fd) __must_check;
int sys_ftruncate(struct machine *m, struct task_struct *task, int fd, u64 size) __must_check;
int sys_truncate(struct machine *m, struct task_struct *task, const char *path,
		 u64 size) __must_check;
int sys_fallocate(struct machine *m, struct task_struct *task, int fd, u32 mode, u64 offset,
		  u64 len) __must_check;
/* The same for a hole in a file that is open: MADV_REMOVE. */
int file_punch_hole(struct machine *m, struct task_struct *task, const struct file *file,
		    u64 offset, u64 len) __must_check;
int sys_unlink(struct machine *m, struct task_struct *task, const char *path) __must_check;
/* Page cache reads and writes of contents as tokens; *done: bytes. */
int sys_pread(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	      u64 *done) __must_check;
int sys_pwrite(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	       u64 *done) __must_check;
/*
 * lseek.c. SEEK_DATA, SEEK_HOLE: -ENXIO behind the end, or if there are no more data. Blocks
 * that fallocate() asked a disk for are holes until they are written or read.
 */
int sys_lseek(struct machine *m, struct task_struct *task, int fd, s64 offset, int whence,
	      u64 *pos) __must_check;

/* filemap.c: the page cache. */
/*
 * An entry of i_pages is its folio's first page frame, or a value: the shadow of a folio
 * that was reclaimed (workingset.h).
 */
static inline u64 mk_cache_entry(u32 pfn)
{
	return ((u64)pfn + 1) << 2;
}
static inline u32 entry_pfn(u64 entry)
{
	return (u32)(entry >> 2) - 1;
}
/* The page at pgoff, or PFN_NIL. */
u32 find_page(const struct machine *m, const struct address_space *mapping, u64 pgoff);
/* The folio that it is of: its first page. */
static inline u32 find_folio(const struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_load(&mapping->i_pages, pgoff);

	return entry && !xa_is_value(entry) ? entry_pfn(entry) : PFN_NIL;
}
/* Who reads pages in order will look at that so many behind: its descriptor is fetched. */
#define PREFETCH_AHEAD 8
void prefetch_page_ahead(const struct machine *m, const struct address_space *mapping, u64 pgoff);
/*
 * The same with a reference, read in (or made) if it is not there; *major: it had to be
 * read. -EINVAL: behind the end of the file. -ENOMEM, -ENOSPC (shmem), -ENOBUFS.
 */
int filemap_get_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn,
		     bool *major) __must_check;
/* A page of a disk's file that is cached, and was never read: now it is, from a hole or not. */
void filemap_fill_page(struct machine *m, const struct inode *inode, u64 pgoff, u32 pfn);
/* The same of a disk's file where it is known that the page is not there. */
int filemap_read_page(struct machine *m, struct address_space *mapping, u64 pgoff,
		      u32 *pfn) __must_check;
/*
 * A folio that is to be read before anybody asks for it: it may be refused rather than
 * memory be reclaimed for it again and again. *nr_read: of its pages, from the disk; holes are
 * not. -EEXIST: something of it is cached.
 */
int filemap_read_ahead(struct machine *m, struct address_space *mapping, u64 pgoff,
		       unsigned int order, u32 *pfn, u64 *nr_read) __must_check;
/*
 * The page of a disk's file where bytes [at, end) are about to be written: as many of them
 * as fit are of its folio, which is as large as that where it is new. Of that, what will not
 * be written is read.
 */
int filemap_grab_folio(struct machine *m, struct address_space *mapping, u64 at, u64 end,
		       u32 *pfn) __must_check;
/* The largest order of the folios of this file. */
unsigned int mapping_max_folio_order(const struct machine *m, const struct inode *inode);
/*
 * The folio, which nobody but the cache and the caller has, leaves the cache of a disk's
 * file; a shadow stays. False: it is dirty, or somebody else has it.
 */
bool remove_mapping(struct machine *m, struct address_space *mapping, u32 pfn,
		    u32 target) __must_check;
/* A new page for the file at pgoff, cached, contents undefined; with a reference. */
int filemap_new_page(struct machine *m, struct address_space *mapping, u64 pgoff,
		     u32 *pfn) __must_check;
/* The cache takes a reference for each page of the folio, whose place is aligned. */
int filemap_add_folio(struct machine *m, struct address_space *mapping, u64 pgoff,
		      u32 pfn) __must_check;
/* The folio that the page at pgoff is of. */
void filemap_remove_folio(struct machine *m, struct address_space *mapping, u64 pgoff);
/* The same, but for what shared memory is charged. Its pages. */
u64 filemap_forget_folio(struct machine *m, struct address_space *mapping, u64 pgoff);
/* A page that was out is in its place again: the cache's, as a new one. */
void filemap_swapped_in(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn);
/* An array whose nodes are as those of page caches, but charged to nobody. */
void swap_cache_xa_init(struct machine *m, struct xarray *xa);
/* Another is in its place already: the cache's references of it go. */
void filemap_replaced_folio(struct machine *m, struct address_space *mapping, u32 pfn);
/* One of the same size is in its place: the cache's references, and what is counted. */
void filemap_moved_folio(struct machine *m, struct address_space *mapping, u32 src, u32 dst);
/* A folio is about to be split: it is no huge page any more. */
void filemap_count_split(struct machine *m, struct address_space *mapping,
			 const struct page *folio);
/* The page has what its file has not yet: NR_FILE_DIRTY of a disk. */
void set_page_dirty(struct machine *m, u64 pfn);
/*
 * The same by a file system that writes bytes [from, to) from the beginning of the page on: a
 * disk's leaves reclaim's mark (PG_reclaim), and only these blocks of a larger folio.
 */
void filemap_dirty_range(struct machine *m, u64 pfn, u64 from, u64 to);
/*
 * Nothing of a disk's folio has to be written, though it may be dirty: it is no more, and its
 * buffer heads are free. False: something has.
 */
bool filemap_release_folio(struct machine *m, struct page *folio);
/* The page at an index of an entry's folio. */
u32 cache_page(const struct machine *m, u64 entry, u64 index);
/*
 * The entry of the first folio at or behind *index and at most at max, past shadows:
 * *index is its first index that is so. 0: none.
 */
u64 filemap_find(const struct address_space *mapping, u64 *index, u64 max);
unsigned int filemap_map_pages(struct machine *m, struct vm_fault *vmf, u64 start_pgoff,
			       u64 end_pgoff);
/* Pages of a file, behind its last byte too: 0 for none. */
static inline u64 inode_pages(const struct inode *inode)
{
	return (inode->i_size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/*
 * readahead.c: nothing is cached at pgoff; or a page is, maybe with the mark. *let_go:
 * who faulted waited for it, or had more read, without the mm's lock.
 */
int sync_mmap_readahead(struct machine *m, struct file *file, const struct vm_area_struct *vma,
			u64 pgoff) __must_check;
int async_mmap_readahead(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff,
			 u32 pfn, bool *let_go) __must_check;
int page_cache_sync_readahead(struct machine *m, struct file *file, u64 index,
			      u64 nr_wanted) __must_check;
int page_cache_async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			       u64 nr_wanted) __must_check;
/*
 * Pages [index, index + nr) are asked for, as many as the device or a window takes at once and as
 * there is memory for; nobody waits. -ENOBUFS.
 */
int force_page_cache_readahead(struct machine *m, struct file *file, u64 index,
			       u64 nr) __must_check;

/* A page of the file was found: if it is on its way, it comes. */
void wait_for_readahead(struct machine *m, const struct file_ra_state *ra, u64 index);

/* writeback.c: dirty pages of bytes [start, end) go to their disk. */
void filemap_write_range(struct machine *m, struct inode *inode, u64 start, u64 end);
/* A folio of a disk's file is written; false: it could not be. */
bool filemap_write_folio(struct machine *m, u32 pfn) __must_check;
/* Reclaim finds nothing but dirty pages: all of them are to be written. */
void wakeup_flusher_threads(struct machine *m);
/*
 * cachestat.c: pages of bytes [offset, offset + len) that are cached, len 0: to the end.
 * -ENOSYS: the release has none; -EOPNOTSUPP: huge pages; -EPERM, -EINVAL (flags).
 */
struct cachestat {
	u64 nr_cache, nr_dirty, nr_writeback;
};
int sys_cachestat(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
		  u64 flags, struct cachestat *stat) __must_check;
/* readahead(): as POSIX_FADV_WILLNEED. -EBADF, -EINVAL: not of a disk or memory. */
int sys_readahead(struct machine *m, struct task_struct *task, int fd, u64 offset,
		  u64 count) __must_check;
/* A page that was to be written is lost. */
static inline void mapping_set_error(struct inode *inode)
{
	inode->wb_err++;
	inode->wb_err_seen = false;
}
/* -EIO, once for each open file: a page of it was lost since it was asked last. */
int file_check_wb_err(struct file *file) __must_check;
/* Bytes [start, end) of the file are on its disk; -EIO as above. */
int vfs_fsync_range(struct machine *m, struct file *file, u64 start, u64 end) __must_check;
int sys_fsync(struct machine *m, struct task_struct *task, int fd) __must_check;
int sys_sync_file_range(struct machine *m, struct task_struct *task, int fd, u64 offset,
			u64 len, u32 flags) __must_check;
int sys_fadvise64(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
		  int advice) __must_check;

/* truncate.c: bytes [start, end) go; whole pages leave the cache, parts are zeroed. */
void truncate_inode_pages(struct machine *m, struct inode *inode, u64 start, u64 end);
/* The same with all mappings of what goes; private copies too if even_cows. */
void truncate_pagecache(struct machine *m, struct inode *inode, u64 start, u64 end,
			bool even_cows);
/*
 * The page, of which the caller has a reference, leaves its file: false: it is dirty, or
 * somebody else has it, too.
 */
bool mapping_evict_page(struct machine *m, u64 pfn) __must_check;
/*
 * What is clean and not mapped of [start, end] leaves the cache, but for what is on its way to
 * the disk. How many others stayed, to go soon.
 */
u64 invalidate_mapping_pages(struct machine *m, struct address_space *mapping, u64 start,
			     u64 end);
/* drop_caches: what is clean and not mapped leaves every file's cache. */
void drop_pagecache(struct machine *m);
/* The size that a file of this kind can have: of its file system, of a machine's words. */
static inline u64 inode_max_bytes(const struct machine *m, const struct inode *inode)
{
	return inode->kind == INODE_DISK || m->arch->bits == 32 ? 0xffffffffULL << PAGE_SHIFT :
								  MAX_LFS_FILESIZE;
}
/*
 * RLIMIT_FSIZE, for a file that would grow to `size`: -EFBIG, and the task gets SIGXFSZ,
 * so that it may be gone: the caller returns.
 */
int file_size_limit(struct machine *m, struct task_struct *task, const struct inode *inode,
		    u64 size) __must_check;
/*
 * A disk's file system zeroes [from, to), part of a page, in the cache: there the page comes
 * for it, and stays to be read where the file has a hole. As ext4_block_zero_page_range().
 */
void disk_zero_partial(struct machine *m, struct inode *inode, u64 from, u64 to);
/* The same behind the file's end, up to `to`: it is truncated up, or a write begins there. */
void disk_zero_eof(struct machine *m, struct inode *inode, u64 to);
/* The same, if its last page is cached: fallocate() is about to let the file end later. */
void disk_file_grows(struct machine *m, struct inode *inode, u64 size);
/* A new size: -EFBIG, -EPERM (seals), -ENOMEM (charge). */
int inode_truncate(struct machine *m, struct inode *inode, u64 size) __must_check;
/* The same of a file that nobody may have open. */
int inode_truncate_path(struct machine *m, struct inode *inode, u64 size) __must_check;

/* shmem.c */
enum sgp_type { SGP_READ, SGP_NOALLOC, SGP_CACHE, SGP_WRITE, SGP_FALLOC };
/* What a page is wanted for. */
struct sgp_request {
	enum sgp_type sgp;
	const struct vm_fault *vmf;	/* by a fault; NULL: by a call, */
	u64 write_end;			/* which writes so far (bytes) */
	bool *major;			/* set: it had to be read from swap; NULL */
	bool single;			/* no huge page, whoever may have one */
};
/* The page with a reference; SGP_READ: *pfn is PFN_NIL for a hole. */
int shmem_get_folio(struct machine *m, struct inode *inode, u64 pgoff,
		    const struct sgp_request *request, u32 *pfn) __must_check;
static inline int __must_check shmem_get_page(struct machine *m, struct inode *inode, u64 pgoff,
					      enum sgp_type sgp, u32 *pfn)
{
	const struct sgp_request request = { .sgp = sgp };

	return shmem_get_folio(m, inode, pgoff, &request, pfn);
}
/*
 * shmem_swap.c. A folio that nobody maps goes to the swap cache, dirty; false: it cannot.
 * The page of a slot comes back, with a reference. -ENOMEM, -ENOBUFS.
 */
bool shmem_swap_out(struct machine *m, u32 pfn) __must_check;
int shmem_swapin_folio(struct machine *m, struct inode *inode, u64 pgoff, u64 slot,
		       const struct sgp_request *request, u32 *pfn) __must_check;
bool shmem_swapped_at(const struct inode *inode, u64 pgoff, u64 *slot);
/* Of pages [first, behind): slots are given away; how many are out; to the swap cache. */
void shmem_free_swap_range(struct machine *m, struct inode *inode, u64 first, u64 behind);
u64 shmem_swap_usage(const struct inode *inode, u64 first, u64 behind);
int shmem_swapin_range(struct machine *m, struct inode *inode, u64 first,
		       u64 behind) __must_check;
/* What lies in an area comes back, of all files. */
int shmem_unuse(struct machine *m, unsigned int type) __must_check;
/* shmem_huge.c: a new folio of several pages there, cached; -ENOENT: not there. */
int shmem_alloc_huge(struct machine *m, struct inode *inode, u64 pgoff,
		     const struct sgp_request *request, u32 *pfn) __must_check;
/* Pages are to be charged for: -ENOSPC. They left the cache: they are not any more. */
int shmem_acct_pages(struct machine *m, struct inode *inode, u64 nr) __must_check;
void shmem_unacct_pages(struct machine *m, struct inode *inode, u64 nr);
/* Reclaim took clean pages: that is noticed when the file gets or loses others. */
void shmem_recalc_inode(struct machine *m, struct inode *inode);
int shmem_reacct_size(struct machine *m, struct inode *inode, u64 size) __must_check;
/* The rows of file and shmem mappings; ->mmap(): what such a file gives to a VMA. */
extern const struct vm_operations file_vm_ops, shmem_vm_ops, shmem_anon_vm_ops;
int file_mmap(struct machine *m, struct file *file, struct vm_area_struct *vma) __must_check;

/* B8 F1 to F6, F8. */
void filemap_validate(const struct machine *m, struct check *check);

#endif
