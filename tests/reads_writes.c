// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be recorded: a child, or with an argument a thread, reads each page of fresh memory
 * and writes it soon after, two faults a page, and makes no call in between; who made it
 * makes one after the other, each of which has the recorder look at what was done so far.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 200
#define PAGE_BYTES 4096
#define LONGEST 60000	/* turns of a loop, between a page's two accesses */

static volatile char *memory;
static atomic_bool *done;

static void *touch(void *arg)
{
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		volatile unsigned int turns = i * 37 * LONGEST / NR_PAGES % LONGEST;

		(void)memory[i * PAGE_BYTES];
		while (turns)
			turns--;
		memory[i * PAGE_BYTES] = 1;
	}
	atomic_store(done, true);
	return arg;
}

static void make_calls(void)
{
	while (!atomic_load(done))
		(void)getppid();
}

static int beside_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, touch, NULL))
		return 1;
	make_calls();
	return pthread_join(thread, NULL);
}

static int beside_child(void)
{
	pid_t child = fork();
	int status = 1;

	if (!child) {
		touch(NULL);
		_exit(0);
	}
	if (child < 0)
		return 1;
	make_calls();
	return waitpid(child, &status, 0) != child || status;
}

int main(int argc, char **argv)
{
	(void)argv;
	done = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, NR_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED || memory == MAP_FAILED)
		return 1;
	atomic_store(done, false);
	return argc > 1 ? beside_thread() : beside_child();
}
