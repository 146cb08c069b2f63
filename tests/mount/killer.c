// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * killer MOUNTPOINT DIRECTORY KILLS: a daemon that keeps its machine is killed with -9
 * while lines are written, at any moment, again and again. What comes back has every line
 * that was acknowledged, and none but those that were written: its digest is that of a
 * machine of our own that ran the same ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../history.h"
#include "../lab.h"

#define MACHINE "tiny"
#define MAX_BATCH 40
#define READY_LIMIT 4000	/* looks, 5 ms apart */
#define LONGEST_LIFE_US 6000

struct killer {
	const char *kmmfs, *mount, *dir;
	char ctl[256], digest[256];
	pid_t daemon;
	struct lab lab;		/* has run the lines up to `done` */
	unsigned int done;	/* lines that the daemon has, as was seen */
	/* The writer's. */
	atomic_uint acknowledged;	/* lines whose write came back */
	unsigned int written;	/* ... or did not */
	unsigned int seed;
};

static int fail(const char *what)
{
	fprintf(stderr, "killer: %s: %s\n", what, strerror(errno));
	return 1;
}

static bool read_digest(const struct killer *k, char digest[DIGEST_CHARS + 1])
{
	int fd = open(k->digest, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, digest, DIGEST_CHARS);

	if (fd >= 0)
		close(fd);
	digest[n == DIGEST_CHARS ? n : 0] = '\0';
	return n == DIGEST_CHARS;
}

static int start(struct killer *k, char digest[DIGEST_CHARS + 1])
{
	char state[300];

	snprintf(state, sizeof(state), "state=%s", k->dir);
	k->daemon = fork();
	if (!k->daemon) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(k->kmmfs, k->kmmfs, "-f", "-o", state, MACHINE, k->mount, (char *)NULL);
		_exit(127);
	}
	for (unsigned int i = 0; k->daemon > 0 && i < READY_LIMIT; i++) {
		if (read_digest(k, digest))
			return 0;
		if (waitpid(k->daemon, NULL, WNOHANG))
			break;
		usleep(5000);
	}
	return fail("the daemon does not start");
}

/* Lines from n on as one write; those that fail are answered, too. False: nobody answers. */
static bool write_lines(int fd, unsigned int n, unsigned int nr)
{
	char text[MAX_BATCH * (HISTORY_LINE + 1)], line[HISTORY_LINE];
	size_t len = 0, at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		history_line(n + i, line);
		len += (size_t)sprintf(text + len, "%s\n", line);
	}
	while (at < len) {
		ssize_t got = write(fd, text + at, len - at);

		if (got > 0) {
			at += (size_t)got;
			continue;
		}
		if (errno == ENOTCONN || errno == ECONNABORTED || errno == EBADF)
			return false;
		/* The first line that is left failed: on with the next. */
		at = (size_t)(strchr(text + at, '\n') + 1 - text);
	}
	return true;
}

/* Until the daemon is gone. Open for both, so that a line that fails stops nothing. */
static void *write_on(void *arg)
{
	struct killer *k = arg;
	int fd = open(k->ctl, O_RDWR | O_CLOEXEC);

	while (fd >= 0) {
		unsigned int nr = rand_r(&k->seed) % 3 ? 1 : 1 + rand_r(&k->seed) % MAX_BATCH;
		char replies[4096];

		k->written = k->acknowledged + nr;
		if (!write_lines(fd, k->acknowledged, nr))
			break;
		k->acknowledged += nr;
		while (read(fd, replies, sizeof(replies)) > 0)
			continue;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Run lines here until the digest is this; no further than what was written. */
static int follow(struct killer *k, const char *digest)
{
	char ours[DIGEST_CHARS + 1], line[HISTORY_LINE];

	for (;; k->done++) {
		if (k->done >= k->acknowledged) {
			lab_digest(&k->lab, ours);
			if (!strcmp(ours, digest))
				return 0;
		}
		if (k->done >= k->written)
			break;
		history_line(k->done, line);
		(void)!lab_run(&k->lab, line);
	}
	fprintf(stderr, "killer: %u lines were acknowledged, %u were written: what came back is "
		"another machine\n", k->acknowledged, k->written);
	return 1;
}

static int one_life(struct killer *k)
{
	char digest[DIGEST_CHARS + 1];
	pthread_t writer;

	if (start(k, digest) || follow(k, digest))
		return 1;
	k->acknowledged = k->written = k->done;
	if (pthread_create(&writer, NULL, write_on, k))
		return fail("a thread");
	usleep(rand_r(&k->seed) % LONGEST_LIFE_US);
	kill(k->daemon, SIGKILL);
	waitpid(k->daemon, NULL, 0);
	pthread_join(writer, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	struct killer k = { .seed = 1 };
	unsigned int kills = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 0) : 0, nr = 0;
	char digest[DIGEST_CHARS + 1];
	int status = 0;

	k.kmmfs = getenv("KMMFS");
	if (argc < 4 || !k.kmmfs || lab_open(&k.lab, MACHINE))
		return 2;
	k.mount = argv[1];
	k.dir = argv[2];
	snprintf(k.ctl, sizeof(k.ctl), "%s/sim/ctl", k.mount);
	snprintf(k.digest, sizeof(k.digest), "%s/sim/digest", k.mount);
	while (!status && nr++ < kills)
		status = one_life(&k);
	if (!status)
		status = start(&k, digest) || follow(&k, digest);
	if (k.daemon > 0) {
		kill(k.daemon, SIGTERM);
		waitpid(k.daemon, NULL, 0);
	}
	printf("%u kills, %u lines\n", nr - 1, k.done);
	lab_close(&k.lab);
	return status;
}
