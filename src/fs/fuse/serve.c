/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fixed number of threads, made once, live to the end; the one that leads (lead.h)
 * reads requests and answers them. The main thread waits for signals only, so that SIGTERM
 * never waits for the next request: it then wakes every thread out of its read
 * by SIGUSR1 (again and again: a thread may be just before the read) until all
 * have ended.
 *
 * A thread that finds the connection gone (unmounted from outside) tells the main
 * thread by SIGUSR2.
 */
#include "fs/fuse/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/core/ctl.h"
#include "fs/fuse/lead.h"

#define WAKE_MS 5

struct ticker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct server *server;
	bool stop;	/* guarded by the lock */
};

struct crew {
	struct server *server;
	pthread_t main, threads[SERVE_THREADS];
	unsigned int nr;
	struct lead lead;
	struct ticker ticker;
};

int serve_fork(int *ready_fd)
{
	int ends[2], status = 1;
	ssize_t got;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int ret = -errno;

		close(ends[0]);
		close(ends[1]);
		return ret;
	}
	if (pid == 0) {
		close(ends[0]);
		*ready_fd = ends[1];
		setsid();
		return 0;
	}
	close(ends[1]);
	do {
		got = read(ends[0], &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1)
		waitpid(pid, NULL, 0);
	else
		status = 0;
	_exit(status);
}

static void end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGUSR2);
}

static void on_wake(int sig)
{
}

void serve_block_signals(void)
{
	struct sigaction wake = { .sa_handler = on_wake };	/* no SA_RESTART */
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigaction(SIGUSR1, &wake, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	end_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Answer requests for as long as we lead. False: the connection is gone. */
static bool answer_some(struct crew *crew, struct fuse_buf *buf)
{
	struct fuse_session *session = crew->server->session;

	while (!fuse_session_exited(session)) {
		int got = fuse_session_receive_buf(session, buf);
		unsigned int request;

		if (got == -EINTR || got == -EAGAIN)
			continue;
		if (got <= 0)
			return false;
		request = lead_begin(&crew->lead);
		fuse_session_process_buf(session, buf);
		if (!lead_end(&crew->lead, request))
			return true;
	}
	return false;
}

static void *answer(void *arg)
{
	struct crew *crew = arg;
	struct fuse_buf buf = { 0 };

	while (lead_wait(&crew->lead) && answer_some(crew, &buf))
		continue;
	fuse_session_exit(crew->server->session);
	pthread_kill(crew->main, SIGUSR2);
	free(buf.mem);
	return NULL;
}

static void timespec_add_ms(struct timespec *t, long ms)
{
	t->tv_sec += ms / 1000;
	t->tv_nsec += ms % 1000 * 1000000L;
	if (t->tv_nsec >= 1000000000L) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000L;
	}
}

static void tick(struct server *server)
{
	/* A machine that has broken down says so itself, to whoever looks. */
	(void)ctl_clock(server->tree);
	(void)!tree_commit(server->tree);
	teller_look(&server->teller);
}

/* One line a second, by the clock, so that delays do not add up. */
static void *tick_on(void *arg)
{
	struct ticker *ticker = arg;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	timespec_add_ms(&next, 1000);
	pthread_mutex_lock(&ticker->lock);
	while (!ticker->stop) {
		if (pthread_cond_timedwait(&ticker->wake, &ticker->lock, &next) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&ticker->lock);
		tick(ticker->server);
		timespec_add_ms(&next, 1000);
		pthread_mutex_lock(&ticker->lock);
	}
	pthread_mutex_unlock(&ticker->lock);
	return NULL;
}

static int ticker_start(struct ticker *ticker)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&ticker->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ticker->wake, &attr);
	return -pthread_create(&ticker->thread, NULL, tick_on, ticker);
}

static void ticker_tell_stop(struct ticker *ticker)
{
	pthread_mutex_lock(&ticker->lock);
	ticker->stop = true;
	pthread_cond_signal(&ticker->wake);
	pthread_mutex_unlock(&ticker->lock);
}

/* Join by the deadline; threads in a read are woken. */
static int join(pthread_t thread, const struct timespec *deadline)
{
	struct timespec now, next;

	do {
		pthread_kill(thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &now);
		next = now;
		timespec_add_ms(&next, WAKE_MS);
		if (!pthread_timedjoin_np(thread, NULL, &next))
			return 0;
	} while (now.tv_sec < deadline->tv_sec ||
		 (now.tv_sec == deadline->tv_sec && now.tv_nsec < deadline->tv_nsec));
	return -ETIMEDOUT;
}

static int stop(struct crew *crew, bool ticking)
{
	struct timespec deadline;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &deadline);
	timespec_add_ms(&deadline, STOP_LIMIT_MS);
	/* First, while requests are answered: see teller.h. */
	if (teller_stop(&crew->server->teller))
		ret = join(crew->server->teller.thread, &deadline);
	fuse_session_exit(crew->server->session);
	lead_stop(&crew->lead);
	if (ticking)
		ticker_tell_stop(&crew->ticker);
	for (unsigned int i = 0; i < crew->nr && !ret; i++)
		ret = join(crew->threads[i], &deadline);
	if (ticking && !ret)
		ret = join(crew->ticker.thread, &deadline);
	return ret;
}

/* Threads that read requests, and the one that ticks. */
static int start(struct crew *crew, const struct serve_options *options, bool *ticking)
{
	unsigned int wanted = options->single ? 1 : SERVE_THREADS;
	int ret = 0;

	lead_init(&crew->lead, /* alone = */ options->single);
	ret = teller_start(&crew->server->teller, crew->server->session);
	while (crew->nr < wanted && !ret) {
		ret = -pthread_create(&crew->threads[crew->nr], NULL, answer, crew);
		crew->nr += !ret;
	}
	if (!ret && options->clock_real) {
		ret = ticker_start(&crew->ticker);
		*ticking = !ret;
	}
	return ret;
}

int serve(struct server *server, const struct serve_options *options)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	bool ticking = false;
	sigset_t set;
	int ret, stopped;

	if (!crew)
		return -ENOMEM;
	crew->server = crew->ticker.server = server;
	crew->main = pthread_self();
	ret = start(crew, options, &ticking);
	if (!ret) {
		options->ready(options->arg);
		end_signals(&set);
		while (sigwaitinfo(&set, NULL) < 0)
			continue;
	}
	stopped = stop(crew, ticking);
	if (stopped)
		return stopped;		/* a thread still looks at the crew */
	free(crew);
	return ret;
}
