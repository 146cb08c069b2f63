// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks' calls when the host has no memory: wherever it is missed, the line is refused
 * and nothing has changed; what was secured before is enough. And the same lines run
 * again end in the same state. When the machine has none a call fails as Linux's does,
 * and nothing is lost.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "task_machine.h"

#include "fs/core/verb.h"

static struct lab lab;

static int setup(void)
{
	const char *const sets[] = { "config.ANON_VMA_NAME=y", "node 1.memory=32M", NULL };

	return lab_open_set(&lab, "tiny", sets);
}

static int teardown(void)
{
	lab_close(&lab);
	return 0;
}

/* Each leaves what the next ones want. */
static const char *const lines[] = {
	"sim/as/init/ctl: fork as a",
	"sim/as/a/ctl: mmap 0 64K rw private,anon as m",
	"sim/as/a/ctl: store @m 64K",
	"sim/as/a/ctl: load @m 64K",
	"sim/as/a/ctl: poke @m+4090 48656c6c6f48656c6c6f",
	"sim/as/a/ctl: mprotect @m+16K 8K r",
	"sim/as/a/ctl: madvise @m+32K 8K dontneed",
	"sim/as/a/ctl: madvise @m+40K 8K free",
	"sim/as/a/ctl: madvise @m+32K 8K populate_write",
	"sim/as/a/ctl: madvise @m 8K dontfork",
	"sim/as/a/ctl: mlock @m+16K 16K",
	"sim/as/a/ctl: munlock @m+20K 4K",
	"sim/as/a/ctl: mincore @m 64K",
	"sim/as/a/ctl: msync @m 64K",
	"sim/as/a/ctl: fork as b",
	"sim/as/b/ctl: store @m+8K 8K",
	"sim/ctl: schedule 2",
	"sim/ctl: flush_tlb_mm @b",
	"sim/ctl: flush_tlb_all",
	"sim/ctl: kmap 0x1234",
	"sim/ctl: kunmap 0x1234",
	"sim/as/a/ctl: store @m+24K 8K",
	"sim/as/a/ctl: mremap @m+48K 16K 4M maymove as moved",
	"sim/as/a/ctl: store @moved 4M",
	"sim/as/a/ctl: mmap 0 6M rw private,anon,populate as large",
	"sim/as/a/ctl: mremap @large 4M 4M maymove,dontunmap as other",
	"sim/as/a/ctl: munmap @large 6M",
	"sim/as/a/ctl: mmap 0 64K rw shared,anon as s",
	"sim/as/a/ctl: store @s 64K",
	"sim/as/a/ctl: clone SIGCHLD as c",
	"sim/as/c/ctl: store @s 64K",
	"sim/as/c/ctl: open /dev/shm/x rdwr,creat as fd",
	"sim/as/c/ctl: ftruncate @fd 300K",
	"sim/as/c/ctl: pwrite64 @fd 40000 5000",
	"sim/as/c/ctl: fallocate @fd 0 100000 100000",
	"sim/as/c/ctl: fallocate @fd punch_hole,keep_size 8192 8192",
	"sim/as/c/ctl: mmap 0 300K rw shared @fd 0 as fm",
	"sim/as/c/ctl: store @fm 300K",
	"sim/as/c/ctl: mmap 0 300K rw private @fd 0 as fp",
	"sim/as/c/ctl: store @fp 100K",
	"sim/as/c/ctl: clone vm,fs,files,sighand,thread as thread",
	"sim/as/thread/ctl: load @fm 300K",
	"sim/as/c/ctl: pread64 @fd 300000 0",
	"sim/as/c/ctl: write @fd 7000",
	"sim/as/c/ctl: read @fd 7000",
	"sim/as/c/ctl: lseek @fd 100 set",
	"sim/as/c/ctl: unlink /dev/shm/x",
	"sim/as/c/ctl: ftruncate @fd 50000",
	"sim/as/c/ctl: memfd_create some cloexec,allow_sealing as fd2",
	"sim/as/c/ctl: pwrite64 @fd2 9000 0",
	"sim/as/c/ctl: fcntl @fd2 add_seals grow,future_write",
	"sim/as/c/ctl: fcntl @fd2 get_seals",
	"sim/as/c/ctl: mmap 0 9000 rw private @fd2 as sealed",
	"sim/as/c/ctl: store @sealed 9000",
	"sim/as/c/ctl: munmap @sealed 9000",
	"sim/as/c/ctl: dup @fd2 as fd3",
	"sim/as/c/ctl: dup2 @fd3 200 as fd4",
	"sim/as/c/ctl: dup3 @fd3 200 cloexec as fd4",
	"sim/as/c/ctl: fcntl @fd2 dupfd 300 as fd5",
	"sim/as/c/ctl: close @fd5",
	"sim/as/c/ctl: close @fd4",
	"sim/as/c/ctl: close @fd3",
	"sim/as/c/ctl: open /disk rdwr,creat as disk",
	"sim/as/c/ctl: pwrite64 @disk 100000 0",
	"sim/as/c/ctl: sync_file_range @disk 0 40000 write",
	"sim/as/c/ctl: fallocate @disk zero_range 5000 20000",
	"sim/as/c/ctl: fallocate @disk insert_range 4096 8192",
	"sim/as/c/ctl: fallocate @disk collapse_range 8192 8192",
	"sim/as/c/ctl: fadvise64 @disk 0 0 willneed",
	"sim/as/c/ctl: fdatasync @disk",
	"sim/as/c/ctl: fadvise64 @disk 0 0 dontneed",
	"sim/as/c/ctl: truncate /disk 5000",
	"sim/as/c/ctl: fsync @disk",
	"sim/as/c/ctl: close @disk",
	"sim/as/c/ctl: mmap 0 16K rw private,anon as kept",
	"sim/as/c/ctl: mseal @kept+4K 4K",
	"sim/as/c/ctl: mmap 0 16K rw droppable,anon as loose",
	"sim/as/c/ctl: store @loose 16K",
	"sim/as/c/ctl: close @fd2",
	"sim/as/c/ctl: memfd_secret cloexec as secret",
	"sim/as/c/ctl: ftruncate @secret 16K",
	"sim/as/c/ctl: mmap 0 16K rw shared @secret as hidden",
	"sim/as/c/ctl: store @hidden 16K",
	"sim/as/c/ctl: close @secret",
	"sim/as/c/ctl: munmap @hidden 16K",
	"proc/sys/vm/nr_hugepages: 3",
	"proc/sys/vm/nr_overcommit_hugepages: 2",
	"sim/as/c/ctl: mmap 0 4M rw private,anon,hugetlb as huge",
	"sim/as/c/ctl: store @huge 8K",
	"sim/as/c/ctl: poke @huge+100 4869",
	"sim/as/c/ctl: fork as reader",
	"sim/as/reader/ctl: load @huge",
	"sim/as/c/ctl: store @huge",
	"sim/as/c/ctl: mprotect @huge+2M 2M r",
	"sim/as/c/ctl: mremap @huge 2M 2M maymove,fixed 0x40000000",
	"sim/as/c/ctl: madvise 0x40000000 2M dontneed",
	"sim/as/c/ctl: mmap 0 2M rw shared,anon,hugetlb,populate as shared",
	"sim/as/c/ctl: memfd_create big hugetlb,HUGE_2MB as big",
	"sim/as/c/ctl: ftruncate @big 4M",
	"sim/as/c/ctl: mmap 0 2M rw shared,noreserve @big as window",
	"sim/as/c/ctl: fallocate @big 0 0 2M",
	"sim/as/c/ctl: store @window",
	"sim/as/c/ctl: fallocate @big punch_hole,keep_size 0 2M",
	"sim/as/c/ctl: ftruncate @big 0",
	"sim/as/c/ctl: close @big",
	"sim/as/c/ctl: munmap @window 2M",
	"sim/as/c/ctl: shmget 0 2M creat,hugetlb,0600 as hugeshm",
	"sim/as/c/ctl: shmat @hugeshm 0 0 as hugeat",
	"sim/as/c/ctl: store @hugeat",
	"sim/as/c/ctl: shmctl @hugeshm rmid",
	"sim/as/c/ctl: shmdt @hugeat",
	"sim/as/c/ctl: munmap @shared 2M",
	"sim/as/c/ctl: munmap 0x40000000 2M",
	"sim/as/reader/ctl: exit_group",
	"sim/as/c/ctl: munmap @huge+2M 2M",
	"sim/as/c/ctl: wait4 @reader",
	"proc/sys/vm/nr_hugepages: 0",
	"sim/as/c/ctl: mmap 0 32K rw shared,anon as many",
	"sim/as/c/ctl: remap_file_pages @many 8K 0 4",
	"sim/as/c/ctl: store @many 32K",
	"sim/as/c/ctl: pkey_alloc 0 disable_write as key",
	"sim/as/c/ctl: pkey_mprotect @loose 8K rw @key",
	"sim/as/c/ctl: load @loose 8K",
	"sim/as/c/ctl: mprotect @loose 4K r",
	"sim/as/c/ctl: pkey_mprotect @loose 8K rw 0",
	"sim/as/c/ctl: pkey_free @key",
	"sim/as/c/ctl: shmget ipc_private 64K creat,0600 as seg",
	"sim/as/c/ctl: shmat @seg as at1",
	"sim/as/c/ctl: store @at1 64K",
	"sim/as/c/ctl: munmap @at1+16K 16K",
	"sim/as/c/ctl: shmat @seg 0 rdonly as at2",
	"sim/as/c/ctl: load @at2 64K",
	"sim/as/c/ctl: fork as sharer",
	"sim/as/sharer/ctl: load @at1",
	"sim/as/c/ctl: shmctl @seg stat",
	"sim/as/c/ctl: shmctl @seg rmid",
	"sim/as/c/ctl: shmdt @at1",
	"sim/as/c/ctl: shmdt @at2",
	"sim/as/sharer/ctl: exit_group",
	"sim/as/c/ctl: wait4 @sharer",
	"sim/as/c/ctl: shmget 77 10000 creat,0600 as seg2",
	"sim/as/c/ctl: process_vm_readv @a @loose 8K @m 4K @m+8K 4K",
	"sim/as/c/ctl: process_vm_writev @a @loose+100 6000 @m+50 6000",
	"sim/as/c/ctl: prctl set_vma anon_name @kept 8K first",
	"sim/as/c/ctl: prctl set_vma anon_name @kept+8K 8K \"the second\"",
	"sim/as/c/ctl: prctl set_vma anon_name @kept 16K",
	"sim/as/c/ctl: prctl set_vma anon_name @loose 16K second",
	"sim/as/c/ctl: prctl set_name worker",
	"sim/as/c/ctl: prctl set_thp_disable 1",
	"sim/as/c/ctl: prctl set_mm end_data 0x700000",
	"sim/as/c/ctl: prctl set_mm map_size @loose",
	"sim/as/c/ctl: prctl set_mm auxv @loose 64",
	"sim/as/c/ctl: prctl set_mdwe 1",
	"sim/as/c/ctl: personality addr_no_randomize,mmap_page_zero",
	"sim/as/c/ctl: pidfd_open @a as pidfd",
	"sim/as/c/ctl: process_madvise @pidfd cold 0 @m 16K",
	"sim/as/c/ctl: close @pidfd",
	"sim/as/c/ctl: prlimit @a nofile 1000",
	"sim/as/c/ctl: getrlimit stack",
	"sim/as/c/ctl: close @fd",
	"sim/as/c/ctl: brk as end",
	"sim/as/c/ctl: brk @end+1M",
	"sim/as/c/ctl: mlockall current,future",
	"sim/as/c/ctl: mmap 0 256K rw private,anon",
	"sim/as/c/ctl: munlockall",
	"sim/as/c/ctl: set_mempolicy interleave 0-1",
	"sim/as/c/ctl: mmap 0 64K rw private,anon as near",
	"sim/as/c/ctl: store @near 64K",
	"sim/as/c/ctl: mbind @near+8K 24K bind 1 move",
	"sim/as/c/ctl: mbind @near 64K bind 1 65 move",
	"sim/as/c/ctl: set_mempolicy_home_node @near+8K 8K 0",
	"sim/as/c/ctl: mmap 0 64K rw shared,anon as far",
	"sim/as/c/ctl: mbind @far 64K bind 1",
	"sim/as/c/ctl: store @far 64K",
	"sim/as/c/ctl: mbind @far+16K 16K preferred 0 move",
	"sim/as/c/ctl: move_pages 0 @far 16 0",
	"sim/as/c/ctl: move_pages 0 @far 16",
	"sim/as/c/ctl: migrate_pages 0 0-1 1",
	"sim/as/c/ctl: get_mempolicy @far addr,node",
	"sim/as/c/ctl: get_mempolicy_nodes",
	"sim/as/c/ctl: fork as bound",
	"sim/as/bound/ctl: exit_group",
	"sim/as/c/ctl: wait4 @bound",
	"sim/as/c/ctl: set_mempolicy default",
	"sim/as/c/ctl: sched_setaffinity 0 0",
	"sim/as/c/ctl: sched_getaffinity 0",
	"sim/as/c/ctl: getcpu",
	"sim/as/thread/ctl: exit",
	"sim/as/c/ctl: vfork as v",
	"sim/as/v/ctl: execve /bin/true true x",
	"sim/as/v/ctl: exit_group 3",
	"sim/as/c/ctl: wait4 -1",
	"sim/as/c/ctl: setrlimit stack 1M",
	"sim/as/a/ctl: file_make /opt/prog 5000",
	"sim/as/a/ctl: file_make /opt/prog 20000",
	"sim/as/a/ctl: program_make /opt/prog dyn-nostack 0x1000 64 3 4096 /lib64/ld-linux-x86-64.so.2",
	"sim/as/a/ctl: program_segment /opt/prog 0 4096 0 4096 rx",
	"sim/as/a/ctl: program_segment /opt/prog 4096 12288 4096 2048 rw",
	"sim/as/a/ctl: fork as rec",
	"sim/as/rec/ctl: exec_strings 3 60 20 9000 12",
	"sim/as/rec/ctl: execve /opt/prog prog",
	"sim/as/rec/ctl: mmap 0x30000000 16K rw private,anon,fixed",
	"sim/as/rec/ctl: real_vma 0x30000000 0x30004000 rw-p 4 4",
	"sim/as/rec/ctl: real_figures 24 24 6 0 24",
	"sim/as/rec/ctl: exit_group",
	"sim/as/a/ctl: wait4 @rec",
	"sim/as/b/ctl: execve /bin/true true",
	"sim/as/b/ctl: setsid",
	"sim/as/a/ctl: setpgid 0 0",
	"sim/as/a/ctl: kill @b KILL",
	"sim/as/a/ctl: wait4 @b",
	"sim/as/a/comm: renamed",
	"sim/as/a/ctl: shmget ipc_private 64K creat,0600 as locked",
	"sim/as/a/ctl: shmctl @locked lock",
	"sim/as/a/ctl: shmat @locked as lockedat",
	"sim/as/a/ctl: store @lockedat 64K",
	"sim/as/a/ctl: shmctl @locked set 0 0 0644",
	"sim/as/a/ctl: shmctl @locked unlock",
	"sim/as/a/ctl: open /tmp/path rdwr,creat as real",
	"sim/as/a/ctl: open /tmp/path path as named",
	"sim/as/a/ctl: readahead @real 0 64K",
	"sim/as/a/ctl: prctl set_memory_merge 1",
	"sim/as/a/ctl: cachestat @real 0 0",
	"sim/as/a/ctl: procmap_query @lockedat",
	"sim/as/a/ctl: userfaultfd nonblock,cloexec as uf",
	"sim/as/a/ctl: uffdio_api @uf event_fork,event_remap,event_remove,event_unmap,thread_id",
	"sim/as/a/ctl: mmap 0 64K rw private,anon as um",
	"sim/as/a/ctl: uffdio_register @uf @um 64K missing,wp",
	"sim/as/a/ctl: clone vm,sighand,thread,files,fs as ut",
	"sim/as/ut/ctl: madvise @um 20K populate_write",
	"sim/as/a/ctl: uffd_read @uf",
	"sim/as/a/ctl: uffdio_copy @uf @um @m 8K wp",
	"sim/as/a/ctl: uffdio_zeropage @uf @um+8K 12K",
	"sim/as/a/ctl: uffdio_writeprotect @uf @um 8K",
	"sim/as/a/ctl: pagemap_scan @um 64K written written,present 0 0 8",
	"sim/as/a/ctl: uffdio_poison @uf @um+32K 4K",
	"sim/as/a/ctl: uffdio_wake @uf @um 64K",
	"sim/as/ut/ctl: madvise @um 4K dontneed",
	"sim/as/a/ctl: uffd_read @uf",
	"sim/as/ut/ctl: mremap @um+16K 16K 16K maymove,dontunmap as um2",
	"sim/as/a/ctl: uffd_read @uf",
	"sim/as/ut/ctl: fork as uc",
	"sim/as/a/ctl: uffd_read @uf as uf2",
	"sim/as/ut/ctl: munmap @um+40K 4K",
	"sim/as/a/ctl: uffdio_unregister @uf @um+48K 4K",
	"sim/as/a/ctl: uffd_read @uf",
	"sim/as/uc/ctl: setuid 7",
	"sim/as/uc/ctl: capset none",
	"sim/as/a/ctl: close @uf",
	"sim/as/a/oom_score_adj: 100",
	"sim/as/a/coredump_filter: 0x7f",
	"sim/as/a/clear_refs: 1",
	"sim/as/a/clear_refs: 4",
	"sim/as/a/ctl: exit_group",
	"sim/as/init/ctl: wait4 -1",
};

static struct arena *arena(void)
{
	return &((struct machine *)(uintptr_t)tree_machine(lab.tree))->arena;
}

/* It is refused until enough is there. What it comes to then. */
static int run_refused(const char *line)
{
	int err = -ENOMEM;

	for (unsigned int n = 1; err == -ENOMEM && n < 100; n++) {
		char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

		lab_digest(&lab, before);
		arena_fail_after(arena(), n);
		err = lab_run(&lab, line);
		arena_fail_after(arena(), 0);
		lab_digest(&lab, after);
		if (err == -ENOMEM && strcmp(before, after))
			printf("\n  %s: allocation %u: the digest changed\n", line, n);
		CU_ASSERT(err != -ENOMEM || !strcmp(before, after));
	}
	return err;
}

static void run_failing(const char *line)
{
	int err = run_refused(line);

	if (err)
		printf("\n  %s: %s\n", line, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
}

static void test_no_host_memory(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		run_failing(lines[i]);
	lab_check(&lab);
}

/* Calls on huge pages: a fault takes five hundred pages and a table at once. */
static const char *const huge_lines[] = {
	"sim/as/init/ctl: fork as a",
	"sim/as/a/ctl: mmap 0x30000000 16M rw private,anon,fixed as m",
	"sim/as/a/ctl: madvise @m 16M hugepage",
	"sim/as/a/ctl: store @m",
	"sim/as/a/ctl: load @m+2M",
	"sim/as/a/ctl: store @m+2M",
	"sim/as/a/ctl: store @m+4M 4M",
	"sim/as/a/ctl: fork as b",
	"sim/as/b/ctl: store @m",
	"sim/as/b/ctl: munmap @m+2M 4K",
	"sim/as/a/ctl: mprotect @m+4M 8K r",
	"sim/as/a/ctl: mlock @m+6M 4K",
	"sim/as/a/ctl: munlock @m+6M 4K",
	"sim/as/a/ctl: mremap @m+6M 2M 2M maymove,fixed 0x32000000 as moved",
	"sim/as/a/ctl: madvise @m 4K dontneed",
	"sim/as/b/ctl: madvise @m+4M 2M cold",
	"sim/as/b/ctl: madvise @m+4M 2M pageout",
	"sim/as/a/ctl: madvise @m+4M 2M free",
	"sim/as/b/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"sim/as/a/ctl: store @m+2M 8K",
	"sim/as/a/ctl: madvise @m+2M 2M collapse",
	"sim/as/a/ctl: store @m+8M 512K",
	"sim/ctl: tick 30s",
	"sim/as/a/ctl: mbind @moved 2M bind 1 move",
	"sys/kernel/debug/split_huge_pages: 1",
	"sim/as/a/ctl: mmap 0x34000000 4M rw shared,anon,fixed as s",
	"sim/as/a/ctl: store @s 4M",
	"sim/as/a/ctl: madvise @s 4M collapse",
	"sim/as/a/ctl: fork as c",
	"sim/as/c/ctl: load @s",
	"sim/as/a/ctl: madvise @s+1M 4K remove",
	"sim/as/c/ctl: load @s 4M",
	"sim/as/a/ctl: load @s",	/* 6.1 wants a table there */
	"sim/as/a/ctl: madvise @s 2M collapse",
	"sys/kernel/debug/split_huge_pages: 1",
	"sim/as/c/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"sys/kernel/mm/transparent_hugepage/shmem_enabled: always",
	"sim/as/a/ctl: mmap 0x35000000 4M rw shared,anon,fixed as t",
	"sim/as/a/ctl: store @t 4M",
	"sim/as/a/ctl: mprotect @t 4K r",
	"sim/as/a/ctl: load @t",
	"sim/as/a/ctl: memfd_create huge as fd",
	"sim/as/a/ctl: fallocate @fd 0 0 3M",
	"sim/as/a/ctl: ftruncate @fd 1M",
	"sim/as/a/ctl: pwrite64 @fd 3M 64K",
	"sys/kernel/mm/transparent_hugepage/shmem_enabled: never",
	"sim/as/a/clear_refs: 4",
	"sim/as/a/ctl: execve /bin/true",
	"sim/as/a/ctl: exit_group",
	"sim/as/init/ctl: wait4 -1",
};

static void test_huge_pages(void)
{
	static const char *const releases[] = { "release=6.18", "release=6.1" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		lab_close(&lab);
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", (const char *const[]){
			releases[i], NULL }), 0);
		for (unsigned int line = 0; line < ARRAY_SIZE(huge_lines); line++)
			run_failing(huge_lines[line]);
		lab_check(&lab);
	}
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(setup(), 0);
}

/* Fewer levels, or one more; a top table that is an object; tables in HighMem. */
static void test_architectures(void)
{
	static const char *const machines[][3] = {
		{ "i386", "arch=i386", "release=6.18" },
		{ "i386", "arch=i386-pae", "release=6.18" },
		{ "tiny", "arch=x86_64-la57", "release=6.18" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		const char *const sets[] = { machines[i][1], machines[i][2],
					     "config.ANON_VMA_NAME=y", NULL };

		lab_close(&lab);
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machines[i][0], sets), 0);
		/* Not every one has nodes, sealed or droppable memory. */
		for (unsigned int line = 0; line < ARRAY_SIZE(lines); line++)
			run_refused(lines[line]);
		lab_check(&lab);
	}
	/* PAE's pgd is an object until 6.15. */
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "i386", (const char *const[]){
		"arch=i386-pae", "release=6.1", NULL }), 0);
	run_failing("sim/as/init/ctl: fork as a");
	run_failing("sim/as/a/ctl: mmap 0 64K rw private,anon,populate as m");
	run_failing("sim/as/a/ctl: fork as b");
	run_failing("sim/as/b/ctl: execve /bin/true");
	lab_check(&lab);
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(setup(), 0);
}

/* What a call secures before its first change is all that it needs. */
static void run_within_bounds(const char *const list[], unsigned int nr)
{
	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	for (unsigned int i = 0; i < nr; i++) {
		int err;

		arena_fail_guaranteed(arena(), true);
		err = lab_run(&lab, list[i]);
		arena_fail_guaranteed(arena(), false);
		if (err)
			printf("\n  %s: %s\n", list[i], lab_text(&lab.sentence));
		CU_ASSERT_EQUAL(err, 0);
	}
	lab_check(&lab);
}

static void test_bounds(void)
{
	run_within_bounds(lines, ARRAY_SIZE(lines));
}

/* Calls that want another machine: one with room to swap. */
static const char *const swap_lines[] = {
	"sim/as/init/ctl: fork as a",
	"sim/as/a/ctl: mmap 0x10000000 64K rw private,anon,fixed as m",
	"sim/as/a/ctl: store @m 64K",
	"sim/as/a/ctl: real_kernel 6.18 64",
	"sim/as/a/ctl: getpid",
	"sim/as/a/ctl: mmap 0 4K rx private,anon as code",
	"sim/as/a/ctl: ifetch @code",
	"sim/as/a/ctl: find_vma @m",
	"sim/as/a/ctl: find_vma_prev @m",
	"sim/as/a/ctl: find_vma_intersection @m @m+4K",
	"sim/as/a/ctl: mlock2 @m 4K onfault",
	"sim/as/a/ctl: munlock @m 4K",
	"sim/as/a/ctl: openat AT_FDCWD /swapfile rdwr,creat as file",
	"sim/as/a/ctl: pwrite64 @file 64K 0",
	"sim/as/a/ctl: syncfs @file",
	"sim/as/a/ctl: fallocate @file 0 0 1M",
	"sim/as/a/ctl: sync",
	"sim/as/a/ctl: mkswap /swapfile",
	"sim/as/a/ctl: swapon /swapfile 0xfffe",
	"sim/as/a/ctl: madvise @m 64K pageout",
	"sim/as/a/ctl: load @m 8K",
	"sim/as/a/ctl: swapoff /swapfile",
	"sim/as/a/ctl: userfaultfd nonblock as u",
	"sim/as/a/ctl: uffdio_api @u",
	"sim/as/a/ctl: mmap 0x20000000 64K rw private,anon,fixed as to",
	"sim/as/a/ctl: uffdio_register @u @to 64K missing",
	"sim/as/a/ctl: uffdio_move @u @to @m 8K",
	"sim/as/a/ctl: memfd_create shared as mem",
	"sim/as/a/ctl: pwrite64 @mem 64K 0",
	"sim/as/a/ctl: mmap 0x30000000 64K rw shared,fixed @mem 0 as minor",
	"sim/as/a/ctl: uffdio_register @u @minor 64K minor",
	"sim/as/a/ctl: uffdio_continue @u @minor 8K",
	"sim/as/a/ctl: exit_group",
	"sim/as/init/ctl: wait4 -1",
};

static void test_swap_machine(void)
{
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "swap"), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(swap_lines); i++)
		run_failing(swap_lines[i]);
	run_within_bounds(swap_lines, ARRAY_SIZE(swap_lines));
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(setup(), 0);
}

static bool calls(const char *line, const char *verb)
{
	const char *at = strstr(line, "/ctl: ");
	size_t len = strlen(verb);

	return at && !strncmp(at + 6, verb, len) && (!at[6 + len] || at[6 + len] == ' ');
}

static bool is_tried(const char *verb)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		if (calls(lines[i], verb))
			return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(swap_lines); i++)
		if (calls(swap_lines[i], verb))
			return true;
	return false;
}

/* A verb that stands in neither list may be refused half way, and nobody would know. */
static void test_all_verbs(void)
{
	/* No CPU has it; of a process that is about to end none is found. */
	static const char *const never[] = { "map_shadow_stack", "process_mrelease" };
	const struct verb *verb;

	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		bool tried = !(verb->scopes & 1U << V_PID) || is_tried(verb->name);

		for (unsigned int n = 0; n < ARRAY_SIZE(never); n++)
			tried |= !strcmp(verb->name, never[n]);
		if (!tried)
			printf("\n  no line of this test calls %s\n", verb->name);
		CU_ASSERT(tried);
	}
}

static void test_replay(void)
{
	char once[DIGEST_CHARS + 1], twice[DIGEST_CHARS + 1];

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		CU_ASSERT_EQUAL(lab_run(&lab, lines[i]), 0);
	lab_digest(&lab, once);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 1"), 0);
	lab_digest(&lab, twice);
	CU_ASSERT_STRING_EQUAL(once, twice);
	/* What was written to a task's files is told, too; a wait in vain is a call. */
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as late"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/late/ctl: getpid"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: wait4 -1 = -1 EAGAIN"), 0);
	lab_digest(&lab, once);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 1"), 0);
	lab_digest(&lab, twice);
	CU_ASSERT_STRING_EQUAL(once, twice);
}

/* A child that knows its parent's `@` has made no call yet: its files say nothing. */
static void test_no_call_yet(void)
{
	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: brk"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as child"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sim/as/child/result"), "");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sim/as/child/ctl"), "");
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/child/ctl: brk @"), 0);
}

/* An argument that is left out is not the one of the line before. */
static void test_left_out(void)
{
	struct handle *ctl;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	ctl = lab_handle(&lab, "proc/1/ctl", O_RDWR);
	CU_ASSERT_EQUAL(lab_write(ctl, "prctl PR_SET_NAME other"), 23);
	CU_ASSERT_EQUAL(lab_write(ctl, "prctl PR_SET_NAME"), -EFAULT);
	handle_release(ctl);
}

/* Places in files have a sign, as strace prints them; what is below 0 the kernel refuses. */
static void test_below_zero(void)
{
	static const char *const calls[] = {
		"fork as n", "file_make /data/n 1M", "open /data/n rdwr as nf",
		"ftruncate @nf -1 = -1 EINVAL", "ftruncate(99, -1) = -1 EINVAL (Invalid argument)",
		"truncate /data/n -1 = -1 EINVAL", "fallocate @nf 0 -4096 4K = -1 EINVAL",
		"fallocate @nf 0 0 -1 = -1 EINVAL", "pread64 @nf 4K -1 = -1 EINVAL",
		"pwrite64(@nf, \"\\0\", 1, -1) = -1 EINVAL (Invalid argument)",
		"sync_file_range @nf -1 4K write = -1 EINVAL",
		"sync_file_range @nf 0 -1 write = -1 EINVAL",
		"fadvise64 @nf 0 -1 dontneed = -1 EINVAL",
		/* It looks at the length alone. */
		"fadvise64 @nf -1 4K dontneed = 0", "readahead @nf -1 4K = 0",
		"pread64 @nf -1 0 = -1 EBADMSG", "exit_group",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		lab_expect(&lab, 0, "sim/as/%s/ctl: %s", i ? "n" : "init", calls[i]);
	lab_expect(&lab, 0, "sim/as/init/ctl: wait4 -1");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/log"),
				      "fallocate @nf 0 -4096 4096 = -1 EINVAL"));
	lab_check(&lab);
}

static unsigned int count_lines(const char *text, const char *part)
{
	unsigned int nr = 0;

	while ((text = strstr(text, part))) {
		text++;
		nr++;
	}
	return nr;
}

/* What is refused is told: ten times in five seconds, then how often it was not. */
static void test_overcommit_log(void)
{
	const char *line = ", comm: init, bytes: 1099511627776 not enough memory for the "
			   "allocation\n";

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	for (unsigned int i = 0; i < 15; i++)
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 1T rw private,anon"), -ENOMEM);
	CU_ASSERT_EQUAL(count_lines(lab_cat(&lab, "sim/dmesg"), line), 10);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 6s"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 1T rw private,anon"), -ENOMEM);
	CU_ASSERT_EQUAL(count_lines(lab_cat(&lab, "sim/dmesg"), line), 11);
	CU_ASSERT_EQUAL(count_lines(lab_cat(&lab, "sim/dmesg"),
				    "__vm_enough_memory: 5 callbacks suppressed\n"), 1);
}

static struct machine *machine(void)
{
	return (struct machine *)(uintptr_t)tree_machine(lab.tree);
}

/* All of the machine's pages are taken but for some, given back one by one. */
static const char *const hungry_lines[] = {
	"sim/as/init/ctl: fork as a",
	"sim/as/a/ctl: mmap 0 64K rw private,anon as m",
	"sim/as/a/ctl: madvise @m 64K populate_read",
	"sim/as/a/ctl: madvise @m 64K populate_write",
	"sim/as/a/ctl: mprotect @m+16K 8K r",
	"sim/as/a/ctl: mlock @m+32K 16K",
	"sim/as/a/ctl: mremap @m+48K 16K 4M maymove as moved",
	"sim/as/a/ctl: fork as b",
	"sim/as/b/ctl: madvise @m 16K populate_write",
	"sim/as/b/ctl: madvise @moved 16K populate_write",
	"sim/as/a/ctl: clone vm,fs,files,sighand,thread as thread",
	"sim/as/a/ctl: mmap 0 64K rw shared,anon as s",
	"sim/as/a/ctl: madvise @s 64K populate_write",
	"sim/as/a/ctl: open /dev/shm/x rdwr,creat as fd",
	"sim/as/a/ctl: ftruncate @fd 64K",
	"sim/as/a/ctl: fallocate @fd 0 0 32K",
	"sim/as/a/ctl: mmap 0 128K rw private @fd as fp",
	"sim/as/a/ctl: madvise @fp 32K populate_write",
	"sim/as/a/ctl: mbind @m 16K bind 0",
	"sim/as/a/ctl: mbind @s+8K 16K interleave 0-1",
	"sim/as/a/ctl: set_mempolicy preferred 0",
	"sim/as/a/ctl: clone 17 as bound",
	"sim/as/bound/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"sim/as/a/ctl: set_mempolicy default",
	"sim/as/a/ctl: memfd_create big hugetlb as big",
	"sim/as/a/ctl: mmap 0 2M rw private,anon,hugetlb,noreserve as huge",
	"sim/as/a/ctl: mmap 0 2M rw shared,noreserve @big as window",
	"sim/as/a/ctl: munmap @huge 2M",
	"sim/as/a/ctl: munmap @window 2M",
	"sim/as/a/ctl: close @big",
	"sim/as/a/ctl: munmap @m+4K 4K",
	"sim/as/b/ctl: clone vm,vfork,SIGCHLD as v",
	"sim/as/v/ctl: exit",
	"sim/as/b/ctl: exit_group",
	"sim/as/thread/ctl: exit",
	"sim/as/a/ctl: wait4 -1",
	"sim/as/a/ctl: exit_group",
};

static int run_hungry(const char *line, unsigned int pages)
{
	unsigned int nr, before;
	u32 *taken;
	int err;

	nr = task_machine_take_all(machine(), &taken);
	/* And what lies on CPUs' lists. */
	do {
		before = nr;
		drain_all_pages(machine(), NULL);
		while (!alloc_kernel_pages(machine(), GFP_KERNEL | __GFP_NOWARN, 0, NUMA_NO_NODE,
					   PGTY_kernel, &taken[nr]))
			nr++;
	} while (nr > before);
	task_machine_give(machine(), taken, &nr, pages);
	/* Not to lie on a CPU's list, where nobody who wants a block finds them. */
	drain_all_pages(machine(), NULL);
	err = lab_run(&lab, line);
	task_machine_give(machine(), taken, &nr, nr);
	free(taken);
	return err;
}

static void test_no_memory(void)
{
	unsigned int failed = 0;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	lab_spare_tasks(&lab);
	for (unsigned int i = 0; i < ARRAY_SIZE(hungry_lines); i++) {
		int err = -ENOMEM;

		for (unsigned int pages = 0; err && pages < 100; pages++) {
			err = run_hungry(hungry_lines[i], pages);
			if (err && err != -ENOMEM && err != -EAGAIN)
				printf("\n  %s, %u pages: %s\n", hungry_lines[i], pages,
				       lab_text(&lab.sentence));
			CU_ASSERT(!err || err == -ENOMEM || err == -EAGAIN);
			lab_check(&lab);
			failed += err != 0;
		}
		if (err)
			printf("\n  %s: %d\n", hungry_lines[i], err);
		CU_ASSERT_EQUAL(err, 0);
	}
	CU_ASSERT(failed > 50);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: wait4 -1"), 0);
	lab_check(&lab);
}

/* The old memory is shared and stays: nothing of it helps the new one. */
static void test_exec_without_memory(void)
{
	unsigned int failed = 0;
	bool done = false;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	lab_spare_tasks(&lab);
	for (unsigned int pages = 0; !done && pages < 200; pages++) {
		int err;

		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: clone vm,SIGCHLD as x"), 0);
		err = run_hungry("sim/as/x/ctl: execve /bin/true true", pages);
		lab_check(&lab);
		done = !err;
		failed += err != 0;
		err = lab_run(&lab, "sim/as/x/ctl: exit_group");
		CU_ASSERT(!err || err == -ESRCH);	/* killed by the call */
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: wait4 -1"), 0);
		lab_check(&lab);
	}
	CU_ASSERT(done);
	CU_ASSERT(failed > 0);
}

static const CU_TestInfo tests[] = {
	{ "no host memory", test_no_host_memory },
	{ "huge pages", test_huge_pages },
	{ "other architectures", test_architectures },
	{ "bounds", test_bounds },
	{ "a machine with swap", test_swap_machine },
	{ "all verbs", test_all_verbs },
	{ "replay", test_replay },
	{ "no call yet", test_no_call_yet },
	{ "arguments left out", test_left_out },
	{ "below zero", test_below_zero },
	{ "overcommit's log", test_overcommit_log },
	{ "no memory", test_no_memory },
	{ "execve without memory", test_exec_without_memory },
};

int main(void)
{
	return suite_main("task verbs", tests, ARRAY_SIZE(tests), setup, teardown);
}
