// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a shell cannot ask of a mounted file: one system call at a time, with its
 * size, offset and errno. `prober WHAT ARGS...` exits 0 when what it checks holds.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* SEEK_DATA */
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BIG (4U << 20)

static int fail(const char *what)
{
	fprintf(stderr, "prober: %s: %s\n", what, strerror(errno));
	return 1;
}

static int wrong(const char *what, long long got, long long wanted)
{
	fprintf(stderr, "prober: %s: %lld, not %lld\n", what, got, wanted);
	return 1;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* dir PATH: "." and ".." come first, numbers ascend, no name comes twice in a row. */
static int do_dir(char **args)
{
	DIR *dir = opendir(args[0]);
	const struct dirent *entry;
	char before[256] = "";
	long long last = -1;
	unsigned int nr = 0;

	if (!dir)
		return fail(args[0]);
	for (; (entry = readdir(dir)); nr++) {
		if (nr < 2 && strcmp(entry->d_name, nr ? ".." : ".") != 0)
			return wrong("place of the dots", nr, -1);
		if (!strcmp(entry->d_name, before))
			return wrong(before, 2, 1);
		snprintf(before, sizeof(before), "%s", entry->d_name);
		if (!is_number(entry->d_name))
			continue;
		if (atoll(entry->d_name) <= last)
			return wrong("number behind", last, atoll(entry->d_name));
		last = atoll(entry->d_name);
	}
	closedir(dir);
	return nr < 2 ? wrong("entries", nr, 2) : 0;
}

/* tell-dir PATH: going on from each place gives the rest of the list. */
static int do_tell_dir(char **args)
{
	DIR *dir = opendir(args[0]);
	const struct dirent *entry;
	char names[512][256];
	long places[512];
	unsigned int nr = 0;

	if (!dir)
		return fail(args[0]);
	while (nr < 512 && (places[nr] = telldir(dir), entry = readdir(dir)))
		snprintf(names[nr++], sizeof(names[0]), "%s", entry->d_name);
	for (unsigned int i = nr; i-- > 0;) {
		seekdir(dir, places[i]);
		entry = readdir(dir);
		if (!entry || strcmp(entry->d_name, names[i]) != 0)
			return wrong(names[i], i, -1);
	}
	closedir(dir);
	return 0;
}

static char *read_in_steps(const char *path, size_t step, size_t *len)
{
	char *text = malloc(2 * BIG);
	int fd = open(path, O_RDONLY);
	ssize_t got = 1;

	for (*len = 0; fd >= 0 && got > 0 && *len <= BIG; *len += (size_t)got) {
		got = read(fd, text + *len, step);
		if (got < 0)
			break;
	}
	if (fd >= 0)
		close(fd);
	if (got) {
		free(text);
		return NULL;
	}
	return text;
}

static int read_backwards(const char *path, const char *whole, size_t len)
{
	int fd = open(path, O_RDONLY), bad = 0;
	size_t end = len;
	char part[77];

	while (end && !bad) {
		size_t size = end < sizeof(part) ? end : sizeof(part);

		bad = pread(fd, part, size, (off_t)(end - size)) != (ssize_t)size ||
		      memcmp(part, whole + end - size, size) != 0;
		end -= size;
	}
	close(fd);
	return bad ? wrong("reading backwards, at byte", (long long)end, -1) : 0;
}

/*
 * reads FILE: one read gives all of it, the next nothing; and whatever size is
 * asked for, the bytes are the same (of a file that does not change by itself).
 */
static int do_reads(char **args)
{
	static const size_t steps[] = { 1, 7, 1000, 4096, 131072, 1048576 };
	size_t len, got;
	char *whole = read_in_steps(args[0], BIG, &len), *text;
	int ret;

	if (!whole)
		return fail(args[0]);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i] == 1 && len > 20000)
			continue;
		text = read_in_steps(args[0], steps[i], &got);
		if (!text)
			return fail(args[0]);
		if (got != len || memcmp(text, whole, len) != 0)
			return wrong("bytes by another size", (long long)got, (long long)len);
		free(text);
	}
	ret = read_backwards(args[0], whole, len);
	free(whole);
	return ret;
}

/* once FILE: the bytes that one big read gives are all there are; prints them. */
static int do_once(char **args)
{
	char *text = malloc(BIG), more;
	int fd = open(args[0], O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, BIG);

	if (got < 0)
		return fail(args[0]);
	if (read(fd, &more, 1) != 0)
		return wrong("bytes behind the first read", 1, 0);
	printf("%zd\n", got);
	free(text);
	close(fd);
	return 0;
}

/*
 * rewind FILE CTL LINE: an open file shows what it showed, until it is read from
 * offset 0 again.
 */
static int do_rewind(char **args)
{
	static char first[BIG], second[BIG];
	int fd = open(args[0], O_RDONLY), ctl = open(args[1], O_WRONLY);
	ssize_t len, got;

	if (fd < 0 || ctl < 0)
		return fail(args[0]);
	len = read(fd, first, sizeof(first));
	if (write(ctl, args[2], strlen(args[2])) != (ssize_t)strlen(args[2]))
		return fail(args[2]);
	got = pread(fd, second, sizeof(second), 1);
	if (got != len - 1 || memcmp(first + 1, second, (size_t)got) != 0)
		return wrong("an open file changed", got, len - 1);
	lseek(fd, 0, SEEK_SET);
	got = read(fd, second, sizeof(second));
	if (got == len && !memcmp(first, second, (size_t)len))
		return wrong("it did not change from offset 0 on", got, len);
	close(ctl);
	close(fd);
	return 0;
}

/* at OFFSET FILE: prints the 8 bytes there as a number, or "end". */
static int do_at(char **args)
{
	int fd = open(args[1], O_RDONLY);
	unsigned long long value = 0;
	ssize_t got = fd < 0 ? -1 : pread(fd, &value, sizeof(value),
					  (off_t)strtoll(args[0], NULL, 0));

	if (got < 0)
		return fail(args[1]);
	if (got)
		printf("%llu\n", value);
	else
		puts("end");
	close(fd);
	return 0;
}

struct errno_name {
	const char *name;
	int value;
};

static const struct errno_name errno_names[] = {
	{ "OK", 0 }, { "EACCES", EACCES }, { "EPERM", EPERM }, { "ENOENT", ENOENT },
	{ "EINVAL", EINVAL }, { "ESPIPE", ESPIPE }, { "ENOTCONN", ENOTCONN },
	{ "ENODEV", ENODEV }, { "EBADMSG", EBADMSG }, { "ENOSYS", ENOSYS },
	{ "EEXIST", EEXIST }, { "ENXIO", ENXIO }, { "ENOTTY", ENOTTY },
	{ "ENOTDIR", ENOTDIR }, { "EXDEV", EXDEV }, { "EISDIR", EISDIR },
	{ "ECANCELED", ECANCELED }, { "EOPNOTSUPP", EOPNOTSUPP }, { "E2BIG", E2BIG },
	{ "ERANGE", ERANGE }, { "EIO", EIO }, { "EINTR", EINTR }, { "ELOOP", ELOOP },
	{ "ENOTEMPTY", ENOTEMPTY }, { "EROFS", EROFS },
};

static int call_write(const char *path, const char *text, int flags)
{
	int fd = open(path, flags, 0666);

	return fd < 0 ? -1 : (int)write(fd, text, strlen(text));
}

static int call_read(const char *path, int flags)
{
	int fd = open(path, flags);
	char buf[16];

	/* As if all were well, so that who asks for another errno is told. */
	return fd < 0 ? 0 : (int)read(fd, buf, sizeof(buf));
}

static int call_seek(const char *path, int whence)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? -1 : (int)lseek(fd, 0, whence);
}

static int call(char **args)
{
	const char *what = args[0], *path = args[1];

	if (!strcmp(what, "open"))
		return open(path, O_RDONLY);
	if (!strcmp(what, "open-write"))
		return open(path, O_WRONLY | O_TRUNC);
	if (!strcmp(what, "create"))
		return open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (!strcmp(what, "mkdir"))
		return mkdir(path, 0777);
	if (!strcmp(what, "mkfifo"))
		return mkfifo(path, 0666);
	if (!strcmp(what, "symlink"))
		return symlink("x", path);
	if (!strcmp(what, "link"))
		return link(args[2], path);
	if (!strcmp(what, "rename"))
		return rename(args[2], path);
	if (!strcmp(what, "unlink"))
		return unlink(path);
	if (!strcmp(what, "rmdir"))
		return rmdir(path);
	if (!strcmp(what, "chmod"))
		return chmod(path, 0777);
	if (!strcmp(what, "chown"))
		return chown(path, 1, 1);
	if (!strcmp(what, "truncate"))
		return truncate(path, 0);
	if (!strcmp(what, "touch"))
		return utimensat(AT_FDCWD, path, NULL, 0);
	if (!strcmp(what, "stat"))
		return access(path, F_OK);
	if (!strcmp(what, "read"))
		return call_read(path, O_RDONLY);
	if (!strcmp(what, "write-both"))
		return call_write(path, args[2], O_RDWR);
	if (!strcmp(what, "write"))
		return call_write(path, args[2], O_WRONLY);
	if (!strcmp(what, "append"))
		return call_write(path, args[2], O_WRONLY | O_APPEND | O_CREAT);
	if (!strcmp(what, "seek-set"))
		return call_seek(path, SEEK_SET);
	if (!strcmp(what, "seek-data"))
		return call_seek(path, SEEK_DATA);
	if (!strcmp(what, "seek-hole"))
		return call_seek(path, SEEK_HOLE);
	errno = ENOTSUP;
	return -1;
}

/* errno NAME CALL PATH [OTHER]: the call ends so. */
static int do_errno(char **args)
{
	int got = call(args + 1) < 0 ? errno : 0;

	for (size_t i = 0; i < sizeof(errno_names) / sizeof(errno_names[0]); i++)
		if (!strcmp(errno_names[i].name, args[0]))
			return got == errno_names[i].value ?
				       0 : wrong(strerror(got), got, errno_names[i].value);
	return wrong(args[0], got, -1);
}

/* poll FILE: ready at once, for whatever it was opened. */
static int do_poll(char **args)
{
	struct pollfd fd = { .fd = open(args[0], O_RDONLY), .events = POLLIN };

	if (fd.fd < 0)
		return fail(args[0]);
	return poll(&fd, 1, 1000) == 1 && (fd.revents & POLLIN) ? 0 :
	       wrong("poll", fd.revents, POLLIN);
}

/* statfs PATH: as of a /proc, nothing is stored. */
/* TRIGGER is written to FILE of pressure, and waited for; "waits" is said before, then "woken". */
static int do_trigger(char **args)
{
	struct pollfd waits = { .fd = open(args[0], O_RDWR), .events = POLLPRI };
	int got;

	if (waits.fd < 0 || write(waits.fd, args[1], strlen(args[1])) < 0) {
		perror(args[0]);
		return 1;
	}
	if (write(waits.fd, args[1], strlen(args[1])) != -1 || errno != EBUSY) {
		puts("two triggers");
		return 1;
	}
	if (poll(&waits, 1, 0)) {
		puts("too early");
		return 1;
	}
	puts("waits");
	fflush(stdout);
	got = poll(&waits, 1, 20000);
	puts(got == 1 && waits.revents == POLLPRI ? "woken" : "in vain");
	return 0;
}

static int do_statfs(char **args)
{
	struct statvfs st;

	if (statvfs(args[0], &st))
		return fail(args[0]);
	return st.f_blocks || st.f_namemax != 255 ? wrong("blocks", (long long)st.f_blocks, 0) : 0;
}

/* notified SOCKET: wait for READY=1. */
static int do_notified(char **args)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct pollfd wait_for = { .fd = fd, .events = POLLIN };
	char text[256];
	ssize_t got;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", args[0]);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)))
		return fail(args[0]);
	if (poll(&wait_for, 1, 20000) != 1)
		return fail("no message");
	got = recv(fd, text, sizeof(text) - 1, 0);
	if (got < 0)
		return fail("recv");
	text[got] = '\0';
	fputs(text, stdout);
	return strncmp(text, "READY=1\n", 8) != 0;
}

/* chunks SIZE FROM TO: write the file FROM in pieces of SIZE bytes. */
static int do_chunks(char **args)
{
	size_t size = strtoul(args[0], NULL, 0), len, done = 0;
	char *text = read_in_steps(args[1], 4096, &len);
	int fd = open(args[2], O_WRONLY);

	if (!text || fd < 0)
		return fail(args[2]);
	while (done < len) {
		size_t piece = len - done < size ? len - done : size;
		ssize_t got = write(fd, text + done, piece);

		if (got <= 0)
			return fail("write");
		done += (size_t)got;
	}
	free(text);
	return close(fd) ? fail("close") : 0;
}

/* lookups N DIR: N names that are not there, and the same number of stats. */
static int do_lookups(char **args)
{
	long nr = atol(args[0]);
	struct stat st;

	for (long i = 0; i < nr; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/none-%ld", args[1], i);
		if (!stat(path, &st) || errno != ENOENT)
			return fail(path);
		if (stat(args[1], &st))
			return fail(args[1]);
	}
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* One of many readers: how long its slowest but N-th percent of readings took. */
static double read_often(const char *path, unsigned int times)
{
	double *took = calloc(times, sizeof(*took)), slow;
	size_t len;

	for (unsigned int i = 0; i < times; i++) {
		double began = seconds();
		char *text = read_in_steps(path, 131072, &len);

		if (!text)
			exit(fail(path));
		free(text);
		took[i] = seconds() - began;
	}
	qsort(took, times, sizeof(*took), compare_doubles);
	slow = took[times * 99 / 100];
	free(took);
	return slow;
}

/*
 * crowd READERS TIMES FILE: many readers at once while one reads a byte at a time and
 * sleeps in between; prints the worst 99th percentile in milliseconds.
 */
static int do_crowd(char **args)
{
	int nr = atoi(args[0]), slow = open(args[2], O_RDONLY);
	double *worst = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	double most = 0;
	char byte;

	if (slow < 0 || read(slow, &byte, 1) != 1 || nr > 512)
		return fail(args[2]);
	for (int i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return fail("fork");
		if (!pid) {
			worst[i] = read_often(args[2], (unsigned int)atoi(args[1]));
			_exit(0);
		}
	}
	for (int i = 0, status; i < nr; i++) {
		usleep(1000);
		if (read(slow, &byte, 1) < 0 || wait(&status) < 0 || status)
			return fail("a reader");
	}
	for (int i = 0; i < nr; i++)
		most = worst[i] > most ? worst[i] : most;
	printf("%.3f\n", most * 1000);
	return 0;
}

/* Writes the line again and again; says so when it has done it once. */
static void write_for_ever(const char *ctl, const char *line, int said)
{
	int fd = open(ctl, O_WRONLY);

	for (bool first = true; fd >= 0 && write(fd, line, strlen(line)) > 0; first = false)
		if (first && write(said, "", 1) != 1)
			break;
	_exit(1);
}

/*
 * killed N CTL LINE: N times a child writes the line again and again and is killed at
 * some moment: of two, one has written it once already.
 */
static int do_killed(char **args)
{
	int times = atoi(args[0]), said[2];
	char byte;

	srand(1);
	if (pipe(said))
		return fail("pipe");
	for (int i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return fail("fork");
		if (!pid)
			write_for_ever(args[1], args[2], said[1]);
		if (i % 2 && read(said[0], &byte, 1) != 1)
			return fail("read");
		usleep((useconds_t)(rand() % 3000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* rate N FILE: open, read to the end and close, N times; prints how many a second. */
static int do_rate(char **args)
{
	long nr = atol(args[0]);
	double began = seconds();
	static char buf[131072];

	for (long i = 0; i < nr; i++) {
		int fd = open(args[1], O_RDONLY);

		while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
			continue;
		if (fd < 0)
			return fail(args[1]);
		close(fd);
	}
	printf("%.0f\n", (double)nr / (seconds() - began));
	return 0;
}

static const struct {
	const char *name;
	int nr_args;
	int (*run)(char **args);
} questions[] = {
	{ "at", 2, do_at },
	{ "chunks", 3, do_chunks },
	{ "crowd", 3, do_crowd },
	{ "dir", 1, do_dir },
	{ "errno", 3, do_errno },
	{ "killed", 3, do_killed },
	{ "lookups", 2, do_lookups },
	{ "notified", 1, do_notified },
	{ "once", 1, do_once },
	{ "poll", 1, do_poll },
	{ "rate", 2, do_rate },
	{ "reads", 1, do_reads },
	{ "rewind", 3, do_rewind },
	{ "statfs", 1, do_statfs },
	{ "tell-dir", 1, do_tell_dir },
	{ "trigger", 2, do_trigger },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(questions) / sizeof(questions[0]); i++)
		if (!strcmp(argv[1], questions[i].name) && argc - 2 >= questions[i].nr_args)
			return questions[i].run(argv + 2);
	fprintf(stderr, "prober: unknown question or too few words\n");
	return 2;
}
