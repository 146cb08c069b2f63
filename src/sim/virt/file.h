/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: inodes with their page cache (address_space), open files, and the table of
 * descriptors of a task. An inode is on a disk, in shared memory (tmpfs, memfd,
 * anonymous shared mappings), or a device (/dev/zero). Names are full paths; the
 * machine file's [file] sections and open() with O_CREAT make them.
 */
#ifndef KMM_VIRT_FILE_H
#define KMM_VIRT_FILE_H

#include "sim/base/interval_tree.h"
#include "sim/base/xarray.h"
#include "sim/machine.h"

struct vm_operations;
struct vm_area_struct;
struct task_struct;

enum inode_kind { INODE_DISK, INODE_SHMEM, INODE_ZERO, NR_INODE_KINDS };

struct address_space {
	struct inode *host;
	struct xarray i_pages;	/* pgoff -> pfn << 1 | 1 (or a shadow) */
	u64 nrpages;
	struct interval_tree i_mmap;	/* VMAs by pgoff */
	s32 i_mmap_writable;	/* shared mappings that may write */
};

struct inode {
	u32 self;		/* handle; also page->mapping of its pages */
	u8 kind;		/* enum inode_kind */
	bool unlinked;		/* maps says " (deleted)" */
	bool accounted;		/* shmem: size charged to Committed_AS at creation */
	bool noreserve;
	bool memfd;
	u16 mode;
	s32 i_count;		/* open files and the name */
	u64 i_size;		/* bytes */
	u64 ino;
	u32 dev_major, dev_minor;
	char *path;		/* as maps prints it, without " (deleted)" */
	u32 seals;
	struct address_space i_data;
};

struct file {
	u32 self;
	s32 f_count;
	u32 f_flags;		/* O_* */
	u64 f_pos;
	struct inode *inode;
};

#define NR_OPEN_MAX 1024
struct files_struct {
	u32 self;
	s32 count;		/* tasks that share it */
	u32 nr_slots;		/* of fds */
	u32 *fds;		/* handles of files; 0: closed */
	u64 *cloexec;		/* a bit for each */
};

#define O_ACCMODE 3
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_CLOEXEC 02000000

int files_init(struct machine *m) __must_check;	/* the machine file's [file]s */
void files_free(struct machine *m);

struct inode *inode_of(const struct machine *m, u32 handle);
/* By path; NULL: there is none. */
struct inode *inode_find(const struct machine *m, const char *path);
int inode_create(struct machine *m, enum inode_kind kind, const char *path, u64 size,
		 struct inode **inode) __must_check;
void iput(struct machine *m, struct inode *inode);

/* An open file that nobody holds yet but the caller. */
int file_open_inode(struct machine *m, struct inode *inode, u32 flags,
		    struct file **file) __must_check;
static inline struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}
void fput(struct machine *m, struct file *file);
/* Anonymous shared memory: an unlinked shmem inode "/dev/zero" or "/memfd:NAME". */
int shmem_file_setup(struct machine *m, const char *name, u64 size, u64 vm_flags,
		     bool memfd, struct file **file) __must_check;

/* Descriptor tables. */
struct file *fget(const struct machine *m, const struct task_struct *task, int fd);
int fd_install_lowest(struct machine *m, struct task_struct *task, struct file *file,
		      bool cloexec, int *fd) __must_check;	/* takes the reference */
int files_struct_dup(struct machine *m, const struct files_struct *old,
		     struct files_struct **files) __must_check;
void files_struct_put(struct machine *m, struct files_struct *files);

/* System calls on files. */
int sys_open(struct machine *m, struct task_struct *task, const char *path, u32 flags,
	     u32 mode, int *fd) __must_check;
int sys_memfd_create(struct machine *m, struct task_struct *task, const char *name,
		     u32 flags, int *fd) __must_check;
int sys_close(struct machine *m, struct task_struct *task, int fd) __must_check;
int sys_ftruncate(struct machine *m, struct task_struct *task, int fd, u64 size) __must_check;
int sys_fallocate(struct machine *m, struct task_struct *task, int fd, u32 mode, u64 offset,
		  u64 len) __must_check;
int sys_unlink(struct machine *m, struct task_struct *task, const char *path) __must_check;
/* Page cache reads and writes of contents as tokens; *done: bytes. */
int sys_pread(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	      u64 *done) __must_check;
int sys_pwrite(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	       u64 *done) __must_check;
int sys_lseek(struct machine *m, struct task_struct *task, int fd, s64 offset, int whence,
	      u64 *pos) __must_check;

/* filemap.c: the page cache. */
/* The page at pgoff, or PFN_NIL. */
u32 find_page(const struct machine *m, const struct address_space *mapping, u64 pgoff);
/* The same, read in (or made) if it is not there; *major: it had to be read. */
int filemap_get_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn,
		     bool *major) __must_check;
int filemap_add_page(struct machine *m, struct address_space *mapping, u64 pgoff,
		     u32 pfn) __must_check;
void filemap_remove_page(struct machine *m, struct address_space *mapping, u64 pgoff);
/* The page has what its file has not yet: NR_FILE_DIRTY of a disk. */
void set_page_dirty(struct machine *m, u64 pfn);
/* Pages from pgoff on go, mapped or not (unmap first); a partial page is zeroed. */
void truncate_inode_pages(struct machine *m, struct inode *inode, u64 start, u64 end);
/* The rows of file and shmem mappings; ->mmap(): what such a file gives to a VMA. */
extern const struct vm_operations file_vm_ops, shmem_vm_ops, shmem_anon_vm_ops;
int file_mmap(struct machine *m, struct file *file, struct vm_area_struct *vma) __must_check;

/* B8 F1 to F6. */
void filemap_validate(const struct machine *m, struct check *check);

#endif
