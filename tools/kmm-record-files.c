// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files and descriptors. A file is told to the machine when it is first seen: its size,
 * which of it lies in the page cache, what execve maps of it if it is a program. Only
 * regular files of disks and memory are there; descriptors of others are not, so that the
 * machine's numbers are other ones: for each table of descriptors we know both.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kmm-record.h"
#include "sim/boot/program.h"

#define TMPFS 0x01021994
#define HUGETLBFS 0x958458f6
#define MAX_PATH_BYTES 1000	/* a line has 4096 bytes, and two of them may be needed */
#define MAX_RANGES 64		/* of a file, cached: what is more is said as one */
#define READ_BYTES (1U << 20)
#define ASKED_PAGES 128ULL	/* 512 KiB, of a disk that takes little */
#define MAX_READ_BYTES (256ULL << 20)	/* of a file, that is read in to know what is cached */

struct record_fd {
	int sim;
	bool cloexec;
	bool no_file;		/* a userfaultfd: what is read from it is no file's */
};

/* ---- files ---- */

/* File systems that are no memory and no disk: what is read there is made up. */
static bool is_made_up(long type)
{
	static const long types[] = {
		0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x27e0eb /* cgroup */,
		0x63677270 /* cgroup2 */, 0x64626720 /* debugfs */, 0x74726163 /* tracefs */,
		0x73636673 /* securityfs */, 0xcafe4a11 /* bpf */, 0x6165676c /* pstore */,
		0x1cd1 /* devpts */, 0x19800202 /* mqueue */, 0xde5e81e4 /* efivarfs */,
		0x62656570 /* configfs */, 0x6e736673 /* nsfs */, 0x42494e4d /* binfmt_misc */,
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(types); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static char *id_of(unsigned int major, unsigned int minor, u64 ino)
{
	return g_strdup_printf("%u:%u:%" PRIu64, major, minor, ino);
}

/* A path as a word of a line, that no other file has. */
static char *word_of_path(const struct recording *r, const char *real, bool shmem)
{
	g_autofree char *path = g_strdup(real);
	char *word;

	if (g_str_has_suffix(path, " (deleted)"))
		path[strlen(path) - strlen(" (deleted)")] = '\0';
	if (strlen(path) > MAX_PATH_BYTES)
		path[MAX_PATH_BYTES] = '\0';
	for (char *c = path; *c; c++) {
		if (!g_ascii_isalnum(*c) && !strchr("/._+-:=~@%", *c))
			*c = '_';
	}
	if (path[0] == '@')
		path[0] = '_';
	if (shmem && !g_str_has_prefix(path, "/dev/shm/")) {
		g_strdelimit(path + 1, "/", '_');
		word = g_strconcat("/dev/shm", path, NULL);
	} else {
		word = g_strdup(path);
	}
	for (unsigned int n = 2; g_hash_table_contains(r->paths, word); n++) {
		g_free(word);
		word = g_strdup_printf("%s%s.%u", shmem ? "/dev/shm/" : "", path, n);
	}
	return word;
}

/*
 * To who neither owns a file nor may write it mincore says of each page that it is in memory:
 * he reads them in, so that it is true. In no order, so that no large folios come of it, which
 * the machine does not have there either.
 */
static void read_in(int fd, u64 size)
{
	g_autofree char *buffer = g_malloc(READ_BYTES);

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (u64 at = 0; at < size && pread(fd, buffer, READ_BYTES, (off_t)at) > 0; at += READ_BYTES)
		;
}

/* Of a file that is open here: its pages in memory, a byte each; or NULL. */
static unsigned char *cached_pages(int fd, u64 nr_pages)
{
	unsigned char *vec;
	void *map;

	if (!nr_pages || nr_pages > 1ULL << 30)
		return NULL;
	map = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	vec = g_malloc0(nr_pages);
	if (mincore(map, nr_pages * PAGE_BYTES, vec)) {
		g_free(vec);
		vec = NULL;
	}
	munmap(map, nr_pages * PAGE_BYTES);
	return vec;
}

/* No kernel reads more for one call than its device takes at once. */
static void put_range(struct recording *r, u64 first, u64 end)
{
	for (u64 nr; first < end; first += nr) {
		nr = MIN(end - first, ASKED_PAGES);
		record_say(r, "proc/1/ctl", "readahead(@file, %" PRIu64 ", %" PRIu64 ")",
			   first * PAGE_BYTES, nr * PAGE_BYTES);
	}
}

/* What is cached is read by init, so that the program finds it there. */
static void put_cached(struct recording *r, const char *path, const char *link, u64 size)
{
	u64 nr_pages = (size + PAGE_BYTES - 1) / PAGE_BYTES, first = 0, nr = 0;
	int fd = open(link, O_RDONLY | O_CLOEXEC | O_NOATIME | O_NONBLOCK);
	bool owns = fd >= 0, any = false;	/* O_NOATIME asks as mincore does */
	g_autofree unsigned char *vec = NULL;

	if (!owns)
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		if (!owns && size <= MAX_READ_BYTES && faccessat(AT_FDCWD, link, W_OK, AT_EACCESS))
			read_in(fd, size);
		vec = cached_pages(fd, nr_pages);
		close(fd);
	}
	for (u64 i = 0; vec && i < nr_pages && !any; i++)
		any = vec[i] & 1;
	if (!any)
		return;
	record_say(r, "proc/1/ctl", "open(%s, O_RDONLY) as file", path);
	for (u64 i = 0; i <= nr_pages; i++) {
		bool in = i < nr_pages && vec[i] & 1;
		bool before = i && vec[i - 1] & 1;

		if (in && !before && nr < MAX_RANGES)
			first = i;
		if (!in && before && ++nr < MAX_RANGES)
			put_range(r, first, i);
		else if (i == nr_pages && nr >= MAX_RANGES)
			put_range(r, first, nr_pages);
	}
	record_say(r, "proc/1/ctl", "close(@file)");
}

/* A file in memory: init makes it, with what is in it. */
static void put_shmem(struct recording *r, const char *path, u64 size)
{
	record_say(r, "proc/1/ctl", "open(%s, O_RDWR|O_CREAT) as file", path);
	if (size)
		record_say(r, "proc/1/ctl", "pwrite64(@file, %" PRIu64 ", 0) = %" PRIu64, size,
			   size);
	record_say(r, "proc/1/ctl", "close(@file)");
}

static s64 birth_of(const char *link)
{
	struct statx stx;

	if (statx(AT_FDCWD, link, 0, STATX_BTIME, &stx) || !(stx.stx_mask & STATX_BTIME))
		return 0;
	return stx.stx_btime.tv_sec * 1000000000LL + stx.stx_btime.tv_nsec;
}

static struct record_file *file_new(struct recording *r, const char *link, const struct stat *st,
				    const struct statfs *fs)
{
	struct record_file *file = g_new0(struct record_file, 1);
	g_autofree char *real = g_file_read_link(link, NULL);

	file->born = birth_of(link);
	file->shmem = fs->f_type == TMPFS;
	file->path = word_of_path(r, real && *real == '/' ? real : "/file", file->shmem);
	g_hash_table_add(r->paths, g_strdup(file->path));
	g_ptr_array_add(r->all_files, file);
	if (real)
		record_name_is(r, real, file);
	g_hash_table_replace(r->files, id_of(major(st->st_dev), minor(st->st_dev), st->st_ino),
			     file);
	if (real && record_path_is_memfd(real))
		return file;
	if (file->shmem) {
		put_shmem(r, file->path, (u64)st->st_size);
		return file;
	}
	record_say(r, "proc/1/ctl", "file_make(%s, %" PRIu64 ")", file->path, (u64)st->st_size);
	if (!r->cold)
		put_cached(r, file->path, link, (u64)st->st_size);
	return file;
}

void record_file_free(void *data)
{
	struct record_file *file = data;

	g_free(file->path);
	g_free(file);
}

char *record_path_of(const struct record_task *task, s64 dirfd, u64 addr)
{
	g_autofree char *path = record_read_string(task->tid, addr);
	g_autofree char *link = NULL, *dir = NULL;

	if (!path || path[0] == '/')
		return g_steal_pointer(&path);
	if (dirfd == AT_FDCWD)
		link = g_strdup_printf("/proc/%d/cwd", task->tid);
	else
		link = g_strdup_printf("/proc/%d/fd/%" PRId64, task->tid, dirfd);
	dir = g_file_read_link(link, NULL);
	return dir ? g_canonicalize_filename(path, dir) : NULL;
}

struct record_file *record_name_gone(struct recording *r, const char *path)
{
	struct record_file *file = g_hash_table_lookup(r->names, path);

	g_hash_table_remove(r->names, path);
	return file;
}

void record_name_is(struct recording *r, const char *path, struct record_file *file)
{
	g_hash_table_replace(r->names, g_strdup(path), file);
}

/* /dev/zero is a way to ask for memory. */
static struct record_file *zero_file(struct recording *r)
{
	struct record_file *file = g_hash_table_lookup(r->files, "zero");

	if (!file) {
		file = g_new0(struct record_file, 1);
		file->path = g_strdup("/dev/zero");
		g_ptr_array_add(r->all_files, file);
		g_hash_table_insert(r->files, g_strdup("zero"), file);
	}
	return file;
}

struct record_file *record_file_known(const struct recording *r, unsigned int dev_major,
				      unsigned int dev_minor, u64 ino)
{
	g_autofree char *id = id_of(dev_major, dev_minor, ino);

	return g_hash_table_lookup(r->files, id);
}

struct record_file *record_file_of(struct recording *r, pid_t pid, const char *name)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/%s", pid, name);
	struct record_file *file;
	struct statfs fs;
	struct stat st;

	if (stat(link, &st))
		return NULL;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 5))
		return zero_file(r);
	if (!S_ISREG(st.st_mode) || statfs(link, &fs) || is_made_up(fs.f_type) ||
	    fs.f_type == HUGETLBFS)
		return NULL;
	file = record_file_known(r, major(st.st_dev), minor(st.st_dev), st.st_ino);
	/* The number of a file that is gone may be another's. */
	if (file && !file->gone && file->born == birth_of(link))
		return file;
	return file_new(r, link, &st, &fs);
}

/* ---- programs ---- */

static void put_program(struct recording *r, const char *path, const struct program *program,
			const char *interp)
{
	record_say(r, "proc/1/ctl", "program_make(%s, %s%s, %#" PRIx64 ", %" PRIu64 ", %u, %" PRIu64
		   "%s%s)", path, program->dynamic ? "dyn" : "exec",
		   program->no_stack_header ? "-nostack" : program->exec_stack ? "-execstack" : "",
		   program->entry, program->phoff, program->phnum, program->align,
		   interp ? ", " : "", interp ? interp : "");
	for (unsigned int i = 0; i < program->nr_segments; i++) {
		const struct program_segment *seg = &program->segments[i];

		record_say(r, "proc/1/ctl", "program_segment(%s, %#" PRIx64 ", %" PRIu64 ", %" PRIu64
			   ", %" PRIu64 ", %u)", path, seg->vaddr, seg->memsz, seg->offset,
			   seg->filesz, seg->prot);
	}
}

/* The interpreter, by its path in the program's own root. */
static struct record_file *interp_of(struct recording *r, pid_t pid, const char *path)
{
	g_autofree char *name = g_strdup_printf("root%s", path);
	g_autofree char *link = NULL, *key = NULL;
	struct record_file *file = NULL;
	int fd = -1;

	link = g_strdup_printf("/proc/%d/%s", pid, name);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	key = g_strdup_printf("fd/%d", fd);
	file = record_file_of(r, getpid(), key);
	close(fd);
	return file;
}

struct record_file *record_program_of(struct recording *r, pid_t pid)
{
	struct record_file *file = record_file_of(r, pid, "exe"), *interp = NULL;
	g_autofree char *link = g_strdup_printf("/proc/%d/exe", pid), *told = NULL;
	struct program *program = NULL;
	u64 size;

	if (!file)
		return NULL;
	told = g_strconcat("program:", file->path, NULL);
	if (g_hash_table_contains(r->paths, told))
		return file;
	if (program_read_host(link, 64, &program, &size) || !program)
		return NULL;
	g_hash_table_add(r->paths, g_steal_pointer(&told));
	if (program->interp)
		interp = interp_of(r, pid, program->interp);
	if (interp) {
		g_autofree char *path = g_strdup_printf("/proc/%d/root%s", pid, program->interp);
		struct program *its = NULL;

		told = g_strconcat("program:", interp->path, NULL);
		if (!g_hash_table_contains(r->paths, told) &&
		    !program_read_host(path, 64, &its, &size) && its) {
			put_program(r, interp->path, its, NULL);
			g_hash_table_add(r->paths, g_steal_pointer(&told));
		}
		program_free_host(its);
	}
	put_program(r, file->path, program, interp ? interp->path : program->interp);
	program_free_host(program);
	return file;
}

/* ---- descriptors ---- */

struct record_fds *record_fds_new(void)
{
	struct record_fds *fds = g_new0(struct record_fds, 1);

	fds->users = 1;
	fds->table = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return fds;
}

struct record_fds *record_fds_copy(struct record_fds *old)
{
	struct record_fds *fds = record_fds_new();
	gpointer fd, entry;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, old->table);
	while (g_hash_table_iter_next(&iter, &fd, &entry))
		g_hash_table_insert(fds->table, fd, g_memdup2(entry, sizeof(struct record_fd)));
	return fds;
}

void record_fds_put(struct record_fds *fds)
{
	if (--fds->users)
		return;
	g_hash_table_destroy(fds->table);
	g_free(fds);
}

int record_fd_of(const struct record_task *task, s64 fd)
{
	const struct record_fd *entry = g_hash_table_lookup(task->fds->table,
							    GINT_TO_POINTER((int)fd));

	return entry ? entry->sim : NOT_OPEN;
}

void record_fd_no_file(struct record_task *task, s64 fd)
{
	struct record_fd *entry = g_hash_table_lookup(task->fds->table, GINT_TO_POINTER((int)fd));

	if (entry)
		entry->no_file = true;
}

int record_file_fd(const struct record_task *task, s64 fd)
{
	const struct record_fd *entry = g_hash_table_lookup(task->fds->table,
							    GINT_TO_POINTER((int)fd));

	return entry && !entry->no_file ? entry->sim : NOT_OPEN;
}

static bool is_taken(const struct record_task *task, int sim)
{
	GHashTableIter iter;
	gpointer entry;

	g_hash_table_iter_init(&iter, task->fds->table);
	while (g_hash_table_iter_next(&iter, NULL, &entry)) {
		if (((const struct record_fd *)entry)->sim == sim)
			return true;
	}
	return false;
}

void record_fd_set(struct record_task *task, s64 fd, int sim, bool cloexec)
{
	struct record_fd *entry = g_new0(struct record_fd, 1);

	entry->sim = sim;
	entry->cloexec = cloexec;
	g_hash_table_replace(task->fds->table, GINT_TO_POINTER((int)fd), entry);
}

int record_fd_open(struct record_task *task, s64 fd, bool cloexec, int from)
{
	while (is_taken(task, from))
		from++;
	record_fd_set(task, fd, from, cloexec);
	return from;
}

void record_fd_close(struct record_task *task, s64 fd)
{
	g_hash_table_remove(task->fds->table, GINT_TO_POINTER((int)fd));
}

void record_fd_cloexec(struct record_task *task, s64 fd, bool cloexec)
{
	struct record_fd *entry = g_hash_table_lookup(task->fds->table, GINT_TO_POINTER((int)fd));

	if (entry)
		entry->cloexec = cloexec;
}

void record_fds_exec(struct record_task *task)
{
	GHashTableIter iter;
	gpointer entry;

	if (task->fds->users > 1) {
		struct record_fds *own = record_fds_copy(task->fds);

		record_fds_put(task->fds);
		task->fds = own;
	}
	g_hash_table_iter_init(&iter, task->fds->table);
	while (g_hash_table_iter_next(&iter, NULL, &entry)) {
		if (((const struct record_fd *)entry)->cloexec)
			g_hash_table_iter_remove(&iter);
	}
}

static gint by_number(gconstpointer a, gconstpointer b)
{
	return *(const int *)a - *(const int *)b;
}

GArray *record_fd_range(const struct record_task *task, u64 first, u64 last)
{
	GArray *range = g_array_new(FALSE, FALSE, sizeof(int));
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, task->fds->table);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		int fd = GPOINTER_TO_INT(key);

		if ((u64)fd >= first && (u64)fd <= last)
			g_array_append_val(range, fd);
	}
	g_array_sort(range, by_number);
	return range;
}
