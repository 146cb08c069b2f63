// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be recorded: a child reads each page of fresh memory and writes it soon after, two
 * faults a page, and makes no call in between; its parent makes one after the other, each
 * of which has the recorder look at what the child did so far.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 200
#define PAGE_BYTES 4096
#define LONGEST 60000	/* turns of a loop, between a page's two accesses */

static void touch(volatile char *memory, atomic_bool *done)
{
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		volatile unsigned int turns = i * 37 * LONGEST / NR_PAGES % LONGEST;

		(void)memory[i * PAGE_BYTES];
		while (turns)
			turns--;
		memory[i * PAGE_BYTES] = 1;
	}
	atomic_store(done, true);
	_exit(0);
}

int main(void)
{
	atomic_bool *done = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *memory = mmap(NULL, NR_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = 1;
	pid_t child;

	if (done == MAP_FAILED || memory == MAP_FAILED)
		return 1;
	atomic_store(done, false);
	child = fork();
	if (!child)
		touch(memory, done);
	while (child > 0 && !atomic_load(done))
		(void)getppid();
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return status != 0;
}
