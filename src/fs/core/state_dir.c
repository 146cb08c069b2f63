// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files are made under another name, synced, and renamed; the directory is synced
 * then. The journal comes last: a directory without one holds nothing. The lock is
 * flock() on the directory, which ends with the last process that has it open.
 */
#include "fs/core/state_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "config.h"
#include "fs/core/journal.h"
#include "fs/core/journal_file.h"
#include "fs/core/journal_record.h"
#include "fs/core/tree_struct.h"

#define JOURNAL "journal"
#define MACHINE "machine"
#define MAX_ASIDE 1000
#define LOCK_TRIES 20
#define LOCK_WAIT_US 25000

struct state_dir {
	char *path, *machine;	/* machine: of its file; NULL: a new directory */
	int fd;
	/* The journal as it was found. */
	int journal_fd;
	const char *bytes;	/* mapped */
	size_t len;
};

static int fail(char **error, int err, const char *fmt, ...) __printf(3, 4);
static int fail(char **error, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(error, fmt, args) < 0)
		*error = NULL;
	va_end(args);
	return err;
}

static int fail_file(const struct state_dir *dir, const char *name, char **error)
{
	int err = -errno;

	return fail(error, err, "%s/%s: %s", dir->path, name, strerror(-err));
}

/* -- opening ------------------------------------------------------------------ */

static int open_dir(struct state_dir *dir, const char *path, char **error)
{
	struct stat st;

	if (!*path)
		return fail(error, -EINVAL, "state='': a machine is kept in a directory, which has a name");
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(error, -errno, "%s: %s", path, strerror(errno));
	dir->path = realpath(path, NULL);
	if (dir->path)
		dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir->fd < 0 || fstat(dir->fd, &st))
		return fail(error, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & S_IWOTH))
		return fail(error, -EPERM, "%s: a machine is kept in a directory of your own that "
			    "others cannot write to", dir->path);
	/* A process that was killed just now may not be quite gone. */
	for (unsigned int i = 0; flock(dir->fd, LOCK_EX | LOCK_NB); i++) {
		if (i < LOCK_TRIES && errno == EWOULDBLOCK) {
			usleep(LOCK_WAIT_US);
			continue;
		}
		return fail(error, -EBUSY, "%s: another process keeps its machine there",
			    dir->path);
	}
	return 0;
}

static int map_journal(struct state_dir *dir, char **error)
{
	struct stat st;
	void *bytes;

	dir->journal_fd = openat(dir->fd, JOURNAL, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (dir->journal_fd < 0 && errno == ENOENT)
		return 0;
	if (dir->journal_fd < 0 || fstat(dir->journal_fd, &st))
		return fail_file(dir, JOURNAL, error);
	if (!S_ISREG(st.st_mode))
		return fail(error, -EINVAL, "%s/%s is not a file", dir->path, JOURNAL);
	dir->len = (size_t)st.st_size;
	if (!dir->len)
		return 0;
	bytes = mmap(NULL, dir->len, PROT_READ, MAP_PRIVATE, dir->journal_fd, 0);
	if (bytes == MAP_FAILED)
		return fail_file(dir, JOURNAL, error);
	dir->bytes = bytes;
	return 0;
}

int state_open(const char *path, struct state_dir **result, char **error)
{
	struct state_dir *dir = calloc(1, sizeof(*dir));
	int err;

	*error = NULL;
	if (!dir)
		return -ENOMEM;
	dir->fd = dir->journal_fd = -1;
	err = open_dir(dir, path, error);
	if (!err)
		err = map_journal(dir, error);
	if (!err && dir->journal_fd >= 0 && asprintf(&dir->machine, "%s/%s", dir->path, MACHINE) < 0) {
		dir->machine = NULL;
		err = -ENOMEM;
	}
	if (err) {
		state_close(dir);
		return err;
	}
	*result = dir;
	return 0;
}

void state_close(struct state_dir *dir)
{
	if (!dir)
		return;
	if (dir->bytes)
		munmap((void *)(uintptr_t)dir->bytes, dir->len);
	if (dir->journal_fd >= 0)
		close(dir->journal_fd);
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->machine);
	free(dir->path);
	free(dir);
}

const char *state_path(const struct state_dir *dir)
{
	return dir->path;
}

const char *state_machine(const struct state_dir *dir)
{
	return dir->machine;
}

/* -- making files ------------------------------------------------------------- */

/* A whole file, on disk, under its name. Returns its descriptor, or -errno. */
static int make_file(struct state_dir *dir, const char *name, const char *bytes, size_t len)
{
	char new_name[32];
	int fd, err = 0;

	snprintf(new_name, sizeof(new_name), "%s.new", name);
	if (unlinkat(dir->fd, new_name, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir->fd, new_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < len && !err;) {
		ssize_t n = pwrite(fd, bytes + at, len - at, (off_t)at);

		err = n > 0 ? 0 : n ? -errno : -EIO;
		at += n > 0 ? (size_t)n : 0;
	}
	if (!err && (fsync(fd) || renameat(dir->fd, new_name, dir->fd, name) || fsync(dir->fd)))
		err = -errno;
	if (err)
		close(fd);
	return err ? err : fd;
}

static u32 text_checksum(const char *text)
{
	return crc32(0, (const Bytef *)text, strlen(text));
}

/* The first record. */
static void print_head(struct out *head, const char *machine)
{
	out_printf(head, "# journal of kmmfs " PACKAGE_VERSION ", format 1; machine of %zu bytes, "
		   "checksum %08x", strlen(machine), text_checksum(machine));
}

static const char *machine_text(const struct tree *tree)
{
	return tree->config->text ? tree->config->text : "";
}

/* A journal without lines. */
static int begin(struct state_dir *dir, struct tree *tree, u64 *bytes, u32 *crc, char **error)
{
	const char *machine = machine_text(tree);
	struct out head = OUT_INIT;
	char record[512];
	int fd;

	print_head(&head, machine);
	if (out_error(&head))
		return -ENOMEM;
	*crc = 0;
	*bytes = journal_record_put(record, crc, head.text, head.len);
	out_free(&head);
	fd = make_file(dir, MACHINE, machine, strlen(machine));
	if (fd >= 0) {
		close(fd);
		fd = make_file(dir, JOURNAL, record, *bytes);
	}
	if (fd < 0) {
		errno = -fd;
		return fail_file(dir, JOURNAL, error);
	}
	if (dir->journal_fd >= 0)
		close(dir->journal_fd);
	dir->journal_fd = fd;
	return 0;
}

/* -- what was found ----------------------------------------------------------- */

/* Is it this machine's, of this version? */
static int check_head(const struct state_dir *dir, const struct tree *tree, char **error)
{
	struct out head = OUT_INIT;
	struct record record;
	size_t same = 0;
	u32 crc = 0;
	int err;

	print_head(&head, machine_text(tree));
	err = out_error(&head);
	journal_record_get(dir->bytes, dir->len, &crc, &record);
	while (!err && same < head.len && same < record.len && head.text[same] == record.text[same])
		same++;
	if (!err && (same < head.len || same < record.len)) {
		const char *comma = memchr(record.text, ';', record.len);

		if (record.len < 19 || memcmp(record.text, "# journal of kmmfs ", 19))
			err = fail(error, -EINVAL, "%s/%s is no journal of kmmfs", dir->path, JOURNAL);
		else if (comma && record.text + same > comma)
			err = fail(error, -EINVAL, "%s keeps another machine, that of %s/%s: name "
				   "none, or another directory", dir->path, dir->path, MACHINE);
		else
			err = fail(error, -EINVAL, "%s was kept by another version (%.*s), this is "
				   PACKAGE_VERSION ": replays need the same", dir->path,
				   (int)MIN(record.len, 60), record.text + 2);
	}
	out_free(&head);
	return err;
}

/* The damaged journal gets another name, and a copy of its prefix takes its place. */
static int put_aside(struct state_dir *dir, const struct state_scan *scan, struct out *told,
		     char **error)
{
	char name[32];
	int fd, nr;

	for (nr = 1; nr < MAX_ASIDE; nr++) {
		snprintf(name, sizeof(name), "journal.damaged.%d", nr);
		if (!linkat(dir->fd, JOURNAL, dir->fd, name, 0))
			break;
		if (errno != EEXIST)
			return fail_file(dir, name, error);
	}
	fd = make_file(dir, JOURNAL, dir->bytes, scan->bytes);
	if (fd < 0) {
		errno = -fd;
		return fail_file(dir, JOURNAL, error);
	}
	out_printf(told, "%s/%s: what was there is %s\n", dir->path, JOURNAL, name);
	close(dir->journal_fd);
	dir->journal_fd = fd;
	return 0;
}

static void tell(const struct state_dir *dir, const struct state_scan *scan, struct out *told)
{
	unsigned long long left = dir->len - scan->bytes, line = scan->records;

	if (scan->verdict == STATE_CUT)
		out_printf(told, "%s/%s is cut short: its record %llu ends after %llu bytes, which "
			   "are dropped; the machine comes back with the %llu lines before it\n",
			   dir->path, JOURNAL, line + 1, left, (unsigned long long)scan->lines);
	else
		out_printf(told, "%s/%s is damaged: its record %llu, at byte %llu, is not what was "
			   "written; the machine comes back with the %llu lines before it, and without "
			   "the %llu bytes from there on\n", dir->path, JOURNAL, line + 1,
			   (unsigned long long)scan->bytes, (unsigned long long)scan->lines, left);
}

/* What is behind the valid prefix goes, once the prefix has been run. */
static int mend(struct state_dir *dir, const struct state_scan *scan, struct out *told,
		char **error)
{
	if (scan->verdict == STATE_WHOLE)
		return 0;
	tell(dir, scan, told);
	if (scan->verdict == STATE_DAMAGED)
		return put_aside(dir, scan, told, error);
	if (ftruncate(dir->journal_fd, (off_t)scan->bytes) || fsync(dir->journal_fd))
		return fail_file(dir, JOURNAL, error);
	return 0;
}

static int restore(struct state_dir *dir, struct tree *tree, struct state_scan *scan,
		   struct out *told, char **error)
{
	struct out sentence = OUT_INIT;
	int err = state_scan(dir->bytes, dir->len, scan);

	if (err == -EBADMSG)
		return fail(error, err, "%s/%s takes back more lines than it has", dir->path, JOURNAL);
	if (err)
		return err;
	if (scan->records)
		err = check_head(dir, tree, error);
	if (err)
		return err;
	err = state_replay(tree, dir->bytes, scan, &sentence);
	if (err && err != -ENOMEM)
		err = fail(error, err, "%s/%s: %s", dir->path, JOURNAL,
			   sentence.len ? sentence.text : strerror(-err));
	out_free(&sentence);
	if (!err && scan->records)
		err = mend(dir, scan, told, error);
	return err;
}

/* The first record is not whole: there is no line to bring back. */
static int begin_again(struct state_dir *dir, struct tree *tree, struct state_scan *scan,
		       struct out *told, char **error)
{
	int err = 0;

	if (!dir->len)
		scan->verdict = STATE_CUT;
	tell(dir, scan, told);
	if (scan->verdict == STATE_DAMAGED)
		err = put_aside(dir, scan, told, error);
	return err ? err : begin(dir, tree, &scan->bytes, &scan->crc, error);
}

int state_join(struct state_dir *dir, struct tree *tree, struct out *told, char **error)
{
	struct state_scan scan = { 0 };
	struct journal_file *file;
	int err = 0;

	*error = NULL;
	if (dir->journal_fd >= 0)
		err = restore(dir, tree, &scan, told, error);
	if (!err && dir->journal_fd >= 0 && !scan.records)
		err = begin_again(dir, tree, &scan, told, error);
	else if (!err && dir->journal_fd < 0)
		err = begin(dir, tree, &scan.bytes, &scan.crc, error);
	if (!err)
		err = journal_file_new(dir->journal_fd, scan.bytes, scan.crc, &file);
	state_scan_free(&scan);
	if (err)
		return err;
	dir->journal_fd = -1;
	if (dir->bytes)
		munmap((void *)(uintptr_t)dir->bytes, dir->len);
	dir->bytes = NULL;
	journal_attach(tree, file);
	tree->state = dir;
	return 0;
}
