// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large folios of files on disks (ext4 since 6.16): which sizes writes and read-ahead make,
 * what maps, cleans, cuts and splits them, and that all is counted by pages. The sizes and
 * numbers of 6.18 are those that a kernel of it printed for the same calls; 6.1 has none.
 */
#include "support.h"
#include "task_machine.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/abi/release.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/migrate.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

#define B 0x40000000ULL
#define UNALIGNED 0x40003000ULL
#define PAGES(n) ((u64)(n) << PAGE_SHIFT)
#define PUNCH_KEEP 3
#define ADVICE_RANDOM 1
#define ADVICE_SEQUENTIAL 2
#define FADV_WILLNEED 3
#define FADV_DONTNEED 4
#define ADVICE_DONTNEED 4
#define ADVICE_REMOVE 9
#define ADVICE_HUGEPAGE 14
#define ADVICE_COLD 20
#define ADVICE_PAGEOUT 21

struct bed {
	struct task_machine tm;
	struct machine *m;
	struct task_struct *task;
	int fd;
	s64 seen[NR_VM_NODE_STAT_ITEMS];
};

static const char *const old_release[] = { "release=6.1", NULL };

static void bed_open(struct bed *bed, const char *machine, const char *const *sets)
{
	memset(bed, 0, sizeof(*bed));
	task_machine_boot(&bed->tm, machine, sets);
	bed->m = bed->tm.m;
	bed->task = task_fork(bed->m, bed->tm.init, SIGCHLD);
	sched_switch_to(bed->m, bed->task);
	bed->fd = -1;
}

static void bed_close(struct bed *bed)
{
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	task_end(bed->m, bed->tm.init, bed->task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	task_machine_end(&bed->tm);
}

/* A new file of so many bytes; the one before is closed, and gone. */
static void file_of_size(struct bed *bed, u64 size)
{
	if (bed->fd >= 0) {
		CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
		CU_ASSERT_EQUAL(sys_close(bed->m, bed->task, bed->fd), 0);
		CU_ASSERT_EQUAL(sys_unlink(bed->m, bed->task, "/f"), 0);
	}
	CU_ASSERT_EQUAL_FATAL(sys_open(bed->m, bed->task, "/f", O_RDWR | O_CREAT, 0600, &bed->fd), 0);
	CU_ASSERT_EQUAL(sys_ftruncate(bed->m, bed->task, bed->fd, size), 0);
}

static struct inode *inode(const struct bed *bed)
{
	return fget(bed->m, bed->task, bed->fd)->inode;
}

static void writes(struct bed *bed, u64 at, u64 len)
{
	u64 done;

	CU_ASSERT_EQUAL(sys_pwrite(bed->m, bed->task, bed->fd, at, len, &done), 0);
	CU_ASSERT_EQUAL(done, len);
}

static void reads(struct bed *bed, u64 at, u64 len)
{
	u64 done;

	CU_ASSERT_EQUAL(sys_pread(bed->m, bed->task, bed->fd, at, len, &done), 0);
	CU_ASSERT_EQUAL(done, len);
}

/* Pages [first, end) one after the other. */
static void reads_pages(struct bed *bed, u64 first, u64 end)
{
	for (u64 i = first; i < end; i++)
		reads(bed, PAGES(i), MIN(PAGE_SIZE, inode(bed)->i_size - PAGES(i)));
}

static void syncs(struct bed *bed)
{
	CU_ASSERT_EQUAL(sys_fsync(bed->m, bed->task, bed->fd), 0);
}

/* Of so many bytes, on the disk and not cached. */
static void file_on_disk(struct bed *bed, u64 size)
{
	file_of_size(bed, 0);
	writes(bed, 0, size);
	syncs(bed);
	CU_ASSERT_EQUAL(sys_fadvise64(bed->m, bed->task, bed->fd, 0, 0, FADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(inode(bed)->i_data.nrpages, 0);
}

static void map_at(struct bed *bed, u64 addr, u64 nr_pages, u64 prot, u64 flags)
{
	struct mmap_request req = {
		.addr = addr, .len = PAGES(nr_pages), .prot = prot, .flags = flags | MAP_FIXED,
		.file = fget(bed->m, bed->task, bed->fd),
	};
	u64 where;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(bed->m, bed->task, &req, &where), 0);
}

static void map_shared(struct bed *bed, u64 addr, u64 nr_pages)
{
	map_at(bed, addr, nr_pages, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void unmap(struct bed *bed, u64 addr, u64 nr_pages)
{
	CU_ASSERT_EQUAL(sys_munmap(bed->m, bed->task, addr, PAGES(nr_pages)), 0);
}

static void touch(struct bed *bed, u64 addr, enum access access)
{
	struct access_result result;

	CU_ASSERT_EQUAL(task_access(bed->m, bed->task, addr, access, &result), 0);
	CU_ASSERT_EQUAL(result.signal, 0);
}

static void advise(struct bed *bed, u64 addr, u64 nr_pages, int advice)
{
	CU_ASSERT_EQUAL(sys_madvise(bed->m, bed->task, addr, PAGES(nr_pages), advice), 0);
}

static s64 node_stat(const struct bed *bed, enum node_stat_item item)
{
	return global_node_stat(bed->m, item);
}

static s64 since(struct bed *bed, enum node_stat_item item)
{
	s64 now = node_stat(bed, item), before = bed->seen[item];

	bed->seen[item] = now;
	return now - before;
}

struct layout {
	char text[1024], token[32];
	unsigned int times;
	size_t used;
};

/* Equal ones in a row are counted: "3x4". NULL: the end. */
static void add_token(struct layout *l, const char *token)
{
	char *at = l->text + l->used;
	size_t room = sizeof(l->text) - l->used;

	if (token && !strcmp(token, l->token)) {
		l->times++;
		return;
	}
	if (l->times > 1)
		l->used += (size_t)snprintf(at, room, "%s%ux%s", l->used ? " " : "", l->times, l->token);
	else if (l->times)
		l->used += (size_t)snprintf(at, room, "%s%s", l->used ? " " : "", l->token);
	CU_ASSERT_FATAL(l->used < sizeof(l->text));
	l->times = 1;
	snprintf(l->token, sizeof(l->token), "%s", token ? token : "");
}

/* Each folio's pages, with D (dirty) and r (the mark of read-ahead); holes with a minus. */
static void layout(const struct bed *bed, struct layout *l)
{
	const struct address_space *mapping = &inode(bed)->i_data;
	u64 end = inode_pages(inode(bed)), index = 0, at, entry;
	char token[32];

	*l = (struct layout){ 0 };
	while (index < end) {
		const struct page *folio;

		at = index;
		entry = filemap_find(mapping, &at, end - 1);
		if (!entry || at > index) {
			at = entry ? at : end;
			snprintf(token, sizeof(token), "-%llu", (unsigned long long)(at - index));
			add_token(l, token);
			index = at;
			continue;
		}
		folio = pfn_to_page(bed->m, entry_pfn(entry));
		snprintf(token, sizeof(token), "%llu%s%s", (unsigned long long)folio_nr_pages(folio),
			 page_flag(folio, PG_dirty) ? "D" : "",
			 page_flag(folio, PG_reclaim) ? "r" : "");
		add_token(l, token);
		index += folio_nr_pages(folio);
	}
	add_token(l, NULL);
}

static void expect(const struct bed *bed, int line, const char *expected)
{
	struct layout found;

	layout(bed, &found);
	if (!strcmp(found.text, expected))
		return;
	fprintf(stderr, "line %d: expected \"%s\", found \"%s\"\n", line, expected, found.text);
	CU_FAIL("folios are as a kernel has them");
}
#define EXPECT(bed, expected) expect(&(bed), __LINE__, expected)

/* ---- Sizes. ---- */

static void test_writes(void)
{
	static const struct {
		u64 at, len;
		const char *folios;
	} rows[] = {
		{ 0, 4096, "1D" }, { 0, 100, "1D" }, { 0, 20480, "4D 1D" }, { 0, 65536, "16D" },
		{ 4096, 65536, "-1 1D 2D 4D 8D 1D" }, { 100, 65536, "16D 1D" },
		{ 12388, 65536, "-3 1D 4D 8D 2D 2x1D" }, { 0, 1 << 20, "256D" },
		{ 0, 5 << 20, "2x512D 256D" }, { 8000, 300, "-1 2x1D" },
		{ PAGES(7), PAGES(9), "-7 1D 8D" }, { 500, 8192, "2D 1D" }, { 4000, 4096, "2x1D" },
	};
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		file_of_size(&bed, 0);
		writes(&bed, rows[i].at, rows[i].len);
		expect(&bed, (int)i, rows[i].folios);
	}
	file_of_size(&bed, 1 << 20);
	writes(&bed, PAGES(3), PAGE_SIZE);
	writes(&bed, 0, 65536);
	EXPECT(bed, "2D 2x1D 4D 8D -240");
	file_of_size(&bed, 1 << 20);
	writes(&bed, 8292, 32768);
	EXPECT(bed, "-2 2D 4D 2D 1D -245");
	file_of_size(&bed, 1 << 20);
	for (u64 i = 0; i < 8; i++)
		writes(&bed, PAGES(i), PAGE_SIZE);
	EXPECT(bed, "8x1D -248");
	file_of_size(&bed, 0);
	writes(&bed, 0, 10000);
	EXPECT(bed, "2D 1D");
	writes(&bed, 10000, 30000);
	EXPECT(bed, "2D 2x1D 4D 2x1D");
	file_on_disk(&bed, 1 << 20);
	writes(&bed, 100, 100);
	writes(&bed, 40000, 100000);
	EXPECT(bed, "1D -8 1D 2D 4D 16D 2D 1D -221");
	bed_close(&bed);
}

static void test_writes_of_6_1(void)
{
	struct bed bed;

	bed_open(&bed, "pc", old_release);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	EXPECT(bed, "16x1D");
	syncs(&bed);
	CU_ASSERT_EQUAL(sys_fadvise64(bed.m, bed.task, bed.fd, 0, 0, FADV_DONTNEED), 0);
	reads_pages(&bed, 0, 16);
	EXPECT(bed, "16x1");
	bed_close(&bed);
}

static void test_reads(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	file_of_size(&bed, 1 << 20);
	reads(&bed, 0, 4096);
	EXPECT(bed, "1 1r 2x1 -252");
	reads(&bed, 4096, 4096);
	reads(&bed, 8192, 8192);
	EXPECT(bed, "4x1 4r 4 -244");
	reads(&bed, 16384, 4096);
	EXPECT(bed, "4x1 2x4 4r -240");
	reads_pages(&bed, 5, 40);
	EXPECT(bed, "4x1 3x4 2x8 16 16r -192");
	reads_pages(&bed, 40, 256);
	EXPECT(bed, "4x1 3x4 2x8 2x16 6x32");
	file_of_size(&bed, 1 << 20);
	reads(&bed, 0, 1 << 20);
	/* As many as the disk takes at once, and then the next. */
	EXPECT(bed, "128x1 32x4");
	file_of_size(&bed, 1 << 20);
	reads_pages(&bed, 5, 6);
	EXPECT(bed, "-5 1 -250");
	reads_pages(&bed, 6, 7);
	EXPECT(bed, "-5 2x1 1r 2x1 -246");
	reads_pages(&bed, 7, 8);
	EXPECT(bed, "-5 5x1 2r 4 -240");
	reads_pages(&bed, 8, 30);
	EXPECT(bed, "-5 5x1 2 4 8 2x4 8r -216");
	file_of_size(&bed, 1 << 20);
	for (u64 i = 0; i < 16; i++)
		reads(&bed, i << 16, 65536);
	EXPECT(bed, "32x1 8x4 2x16 5x32");
	file_of_size(&bed, 300000);
	reads_pages(&bed, 0, 74);
	EXPECT(bed, "4x1 3x4 2x8 2x16 8 2");
	bed_close(&bed);
}

/* A call reads 512 KiB, however much it is asked for: the disk takes no more at once. */
static void test_reads_ahead(void)
{
	const char *const *const releases[] = { NULL, old_release };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct bed bed;

		bed_open(&bed, "pc", releases[i]);
		file_on_disk(&bed, 4 << 20);
		CU_ASSERT_EQUAL(sys_readahead(bed.m, bed.task, bed.fd, 0, 4 << 20), 0);
		CU_ASSERT_EQUAL(inode(&bed)->i_data.nrpages, 128);
		CU_ASSERT_EQUAL(sys_fadvise64(bed.m, bed.task, bed.fd, 2 << 20, 1 << 20,
					      FADV_WILLNEED), 0);
		CU_ASSERT_EQUAL(inode(&bed)->i_data.nrpages, 256);
		bed_close(&bed);
	}
}

static void test_faults_read(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	file_on_disk(&bed, 1 << 20);
	map_at(&bed, UNALIGNED, 256, PROT_READ, MAP_SHARED);
	for (u64 i = 0; i < 256; i++)
		touch(&bed, UNALIGNED + PAGES(i), ACCESS_LOAD);
	EXPECT(bed, "32x1 8x4 2x16 5x32");
	unmap(&bed, UNALIGNED, 256);
	file_on_disk(&bed, 1 << 20);
	map_at(&bed, UNALIGNED, 256, PROT_READ, MAP_SHARED);
	touch(&bed, UNALIGNED + PAGES(100), ACCESS_LOAD);
	EXPECT(bed, "-84 24x1 1r 7x1 -140");
	unmap(&bed, UNALIGNED, 256);
	file_on_disk(&bed, 1 << 20);
	map_at(&bed, UNALIGNED, 256, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	touch(&bed, UNALIGNED + PAGES(100), ACCESS_LOAD);
	EXPECT(bed, "-100 32x1 -124");
	unmap(&bed, UNALIGNED, 256);
	file_on_disk(&bed, 6 << 20);
	map_at(&bed, B, 1536, PROT_READ, MAP_SHARED);
	advise(&bed, B, 1536, ADVICE_HUGEPAGE);
	touch(&bed, B + PAGES(100), ACCESS_LOAD);
	EXPECT(bed, "512 512r -512");
	CU_ASSERT(entry_is_huge(*table_entry(bed.m, bed.task->mm, B, 1)));
	unmap(&bed, B, 1536);
	file_on_disk(&bed, 1 << 20);
	map_at(&bed, B, 256, PROT_READ, MAP_SHARED);
	advise(&bed, B, 256, ADVICE_HUGEPAGE);
	touch(&bed, B + PAGES(100), ACCESS_LOAD);
	EXPECT(bed, "256");
	unmap(&bed, B, 256);
	bed_close(&bed);
}

/* ---- What is mapped. ---- */

/* Entries that are present in a row from addr on. */
static u64 mapped_from(const struct bed *bed, u64 addr)
{
	u64 nr = 0;

	while (follow_page(bed->m, bed->task->mm, addr + PAGES(nr)) != PFN_NIL)
		nr++;
	return nr;
}

static u64 nr_mapped(const struct bed *bed, u64 addr, u64 nr_pages)
{
	u64 nr = 0;

	for (u64 i = 0; i < nr_pages; i++)
		nr += follow_page(bed->m, bed->task->mm, addr + PAGES(i)) != PFN_NIL;
	return nr;
}

/* Two folios of 16 pages and one of one, on the disk. */
static void three_folios(struct bed *bed)
{
	file_of_size(bed, 0);
	writes(bed, 0, 65536);
	writes(bed, 65536, 65536);
	writes(bed, 131072, 4096);
	syncs(bed);
	EXPECT(*bed, "2x16 1");
}

static s64 faults(struct bed *bed)
{
	static s64 before;
	s64 now = (s64)bed->task->min_flt, nr = now - before;

	before = now;
	return nr;
}

static void test_faults_map(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	three_folios(&bed);
	map_shared(&bed, UNALIGNED, 33);
	touch(&bed, UNALIGNED + PAGES(5), ACCESS_LOAD);
	CU_ASSERT_EQUAL(mapped_from(&bed, UNALIGNED), 16);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 16);
	unmap(&bed, UNALIGNED, 33);
	map_shared(&bed, UNALIGNED, 33);
	touch(&bed, UNALIGNED + PAGES(15), ACCESS_LOAD);
	CU_ASSERT_EQUAL(mapped_from(&bed, UNALIGNED), 32);
	unmap(&bed, UNALIGNED, 33);
	/* A store maps its folio, written as a whole; later ones each see that it is clean. */
	map_shared(&bed, UNALIGNED, 33);
	touch(&bed, UNALIGNED + PAGES(5), ACCESS_STORE);
	CU_ASSERT_EQUAL(mapped_from(&bed, UNALIGNED), 16);
	EXPECT(bed, "16D 16 1");
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 16);
	(void)faults(&bed);
	touch(&bed, UNALIGNED + PAGES(6), ACCESS_STORE);
	CU_ASSERT_EQUAL(faults(&bed), 0);
	syncs(&bed);
	EXPECT(bed, "2x16 1");
	touch(&bed, UNALIGNED + PAGES(6), ACCESS_STORE);
	CU_ASSERT_EQUAL(faults(&bed), 1);
	touch(&bed, UNALIGNED + PAGES(7), ACCESS_STORE);
	CU_ASSERT_EQUAL(faults(&bed), 1);
	touch(&bed, UNALIGNED + PAGES(32), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 17);
	unmap(&bed, UNALIGNED, 33);
	map_at(&bed, UNALIGNED, 33, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	touch(&bed, UNALIGNED + PAGES(5), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 1);
	unmap(&bed, UNALIGNED, 33);
	/* Not beyond the VMA, nor the table. */
	map_shared(&bed, UNALIGNED, 10);
	touch(&bed, UNALIGNED + PAGES(5), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 10), 1);
	unmap(&bed, UNALIGNED, 10);
	map_shared(&bed, B + SZ_2M - PAGES(8), 33);
	touch(&bed, B + SZ_2M - PAGES(3), ACCESS_LOAD);
	CU_ASSERT_EQUAL(nr_mapped(&bed, B + SZ_2M - PAGES(8), 33), 8);
	touch(&bed, B + SZ_2M + PAGES(12), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, B + SZ_2M - PAGES(8), 33), 24);
	unmap(&bed, B + SZ_2M - PAGES(8), 33);
	bed_close(&bed);
}

/* The file's last folio, and a very large one. */
static void test_faults_map_ends(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	writes(&bed, 65536, 65536);
	syncs(&bed);
	map_shared(&bed, UNALIGNED, 32);
	touch(&bed, UNALIGNED + PAGES(20), ACCESS_STORE);
	CU_ASSERT_EQUAL(mapped_from(&bed, UNALIGNED + PAGES(16)), 16);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 32), 16);
	unmap(&bed, UNALIGNED, 32);
	file_of_size(&bed, 0);
	writes(&bed, 0, 1 << 20);
	map_shared(&bed, B, 256);
	touch(&bed, B + PAGES(20), ACCESS_LOAD);
	CU_ASSERT_EQUAL(nr_mapped(&bed, B, 256), 256);
	advise(&bed, B, 255, ADVICE_DONTNEED);
	touch(&bed, B + PAGES(20), ACCESS_LOAD);
	CU_ASSERT_EQUAL(nr_mapped(&bed, B, 256), 17);
	unmap(&bed, B, 256);
	writes(&bed, 1 << 20, 4096);
	map_shared(&bed, UNALIGNED, 257);
	touch(&bed, UNALIGNED + PAGES(30), ACCESS_LOAD);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 257), 256);
	unmap(&bed, UNALIGNED, 257);
	map_shared(&bed, UNALIGNED, 257);
	touch(&bed, UNALIGNED + PAGES(30), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 257), 256);
	unmap(&bed, UNALIGNED, 257);
	bed_close(&bed);
}

/* As huge pages: cleaned and written as such. */
static void test_huge_entries(void)
{
	struct bed bed;
	u64 *pmd;

	bed_open(&bed, "pc", NULL);
	file_of_size(&bed, 0);
	(void)since(&bed, NR_FILE_HUGEPAGES);
	writes(&bed, 0, 4 << 20);
	EXPECT(bed, "2x512D");
	CU_ASSERT_EQUAL(since(&bed, NR_FILE_HUGEPAGES), 1024);
	map_shared(&bed, B, 1024);
	touch(&bed, B + PAGES(1), ACCESS_STORE);
	pmd = table_entry(bed.m, bed.task->mm, B, 1);
	CU_ASSERT(entry_is_huge(*pmd) && *pmd & PTE_DIRTY);
	syncs(&bed);
	CU_ASSERT(entry_is_huge(*pmd));
	CU_ASSERT_FALSE(*pmd & (PTE_DIRTY | PTE_RW));
	EXPECT(bed, "2x512");
	touch(&bed, B + PAGES(2), ACCESS_STORE);
	EXPECT(bed, "512D 512");
	unmap(&bed, B, 1024);
	bed_close(&bed);
}

/* ---- Cuts. ---- */

static void test_truncate(void)
{
	struct bed bed;
	/* A block of 16 is dirty as the file is cut within the tenth. */
	static const struct {
		u64 dirty;
		const char *left;
	} cuts[] = { { 15, "8 1 1D" }, { 9, "16D" }, { 2, "16D" } };

	bed_open(&bed, "pc", NULL);
	/* What is to be written yet stays whole, and is mapped no more. */
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	map_shared(&bed, UNALIGNED, 16);
	touch(&bed, UNALIGNED, ACCESS_LOAD);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 16), 16);
	CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, PAGES(5)), 0);
	EXPECT(bed, "16D");
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 16), 0);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	touch(&bed, UNALIGNED + PAGES(1), ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 16), 1);
	CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, PAGES(16)), 0);
	EXPECT(bed, "16D");
	syncs(&bed);
	unmap(&bed, UNALIGNED, 16);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 20500), 0);
	EXPECT(bed, "4 1 1D");
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 1);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, PAGES(3), PAGES(2)), 0);
	EXPECT(bed, "16D");
	syncs(&bed);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, PAGES(3), PAGES(2)), 0);
	EXPECT(bed, "2 1 -2 1 2 8");
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, 13000, 20000), 0);
	EXPECT(bed, "16D");
	/* Only its dirty blocks are to be written: where they are gone, it can be split. */
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	writes(&bed, PAGES(4) + 100, 5000);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, PAGES(5), PAGES(2)), 0);
	EXPECT(bed, "16D");
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, PAGES(4), PAGES(2)), 0);
	EXPECT(bed, "4 -2 2x1 8");
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(cuts); i++) {
		file_of_size(&bed, 0);
		writes(&bed, 0, 65536);
		syncs(&bed);
		writes(&bed, PAGES(cuts[i].dirty), 100);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, PAGES(9) + 5), 0);
		EXPECT(bed, cuts[i].left);
	}
	/* A file that grows: what is behind its end is zeroed, but for holes of the disk. */
	file_of_size(&bed, 100);
	reads(&bed, 0, 100);
	writes(&bed, 9000, 10);
	EXPECT(bed, "1 -1 1D");
	file_of_size(&bed, 100);
	reads(&bed, 0, 100);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, 0, 0, 20000), 0);
	EXPECT(bed, "1 -4");
	file_of_size(&bed, 0);
	writes(&bed, 0, 100);
	syncs(&bed);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, 0, 0, 20000), 0);
	EXPECT(bed, "1D -4");
	/* A mapping dirties all of it. */
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	map_shared(&bed, B, 16);
	touch(&bed, B + PAGES(4), ACCESS_STORE);
	CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, PUNCH_KEEP, PAGES(4), PAGES(1)), 0);
	EXPECT(bed, "16D");
	unmap(&bed, B, 16);
	/* By a mapping. */
	three_folios(&bed);
	map_shared(&bed, UNALIGNED, 33);
	touch(&bed, UNALIGNED, ACCESS_LOAD);
	advise(&bed, UNALIGNED + PAGES(2), 2, ADVICE_REMOVE);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 0);
	EXPECT(bed, "2 -2 2x1 2 8 16 1");
	CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, PAGES(20)), 0);
	EXPECT(bed, "2 -2 2x1 2 8 4");
	unmap(&bed, UNALIGNED, 33);
	bed_close(&bed);
}

static void dont_need(struct bed *bed, u64 at, u64 len)
{
	CU_ASSERT_EQUAL(sys_fadvise64(bed->m, bed->task, bed->fd, at, len, FADV_DONTNEED), 0);
}

static void test_drop(void)
{
	struct bed bed;
	s64 cached;

	bed_open(&bed, "pc", NULL);
	cached = node_stat(&bed, NR_FILE_PAGES);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_PAGES), cached + 16);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 16);
	syncs(&bed);
	dont_need(&bed, 0, 32768);
	EXPECT(bed, "16");
	dont_need(&bed, 0, 0);
	EXPECT(bed, "-16");
	CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_PAGES), cached);
	/* A part that is synced is the whole. */
	writes(&bed, 0, 65536);
	CU_ASSERT_EQUAL(sys_sync_file_range(bed.m, bed.task, bed.fd, 0, 4096, 7), 0);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 0);
	writes(&bed, 8192, 100);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_DIRTY), 16);
	syncs(&bed);
	drop_pagecache(bed.m);
	EXPECT(bed, "-16");
	bed_close(&bed);
}

/* ---- Advice, locks, moves. ---- */

static void test_advice(void)
{
	static const int advices[] = { ADVICE_COLD, ADVICE_PAGEOUT };
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(advices); i++) {
		file_of_size(&bed, 0);
		writes(&bed, 0, 65536);
		map_shared(&bed, B, 16);
		for (u64 page = 0; page < 16; page++)
			touch(&bed, B + PAGES(page), ACCESS_LOAD);
		advise(&bed, B + PAGES(4), 4, advices[i]);
		EXPECT(bed, "16D");
		CU_ASSERT_EQUAL(nr_mapped(&bed, B, 16), 16);
		advise(&bed, B, 16, advices[i]);
		EXPECT(bed, i ? "16Dr" : "16D");
		CU_ASSERT_EQUAL(nr_mapped(&bed, B, 16), i ? 0 : 16);
		syncs(&bed);
		touch(&bed, B, ACCESS_LOAD);
		advise(&bed, B + PAGES(4), 4, advices[i]);
		EXPECT(bed, "16x1");
		CU_ASSERT_EQUAL(nr_mapped(&bed, B, 16), 0);
		unmap(&bed, B, 16);
	}
	/* All of it, clean: reclaimed as one; its shadow is that of all its pages. */
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	map_shared(&bed, B, 16);
	touch(&bed, B, ACCESS_LOAD);
	advise(&bed, B, 16, ADVICE_PAGEOUT);
	EXPECT(bed, "-16");
	CU_ASSERT_EQUAL(inode(&bed)->i_data.nr_shadows, 1);
	CU_ASSERT_EQUAL(xa_get_order(&inode(&bed)->i_data.i_pages, 5), 4);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	unmap(&bed, B, 16);
	/* One page of them comes back, then two as a folio: the rest stay shadows. */
	(void)since(&bed, WORKINGSET_REFAULT_FILE);
	writes(&bed, PAGES(5), 4096);
	CU_ASSERT_EQUAL(inode(&bed)->i_data.nr_shadows, 4);
	CU_ASSERT_EQUAL(since(&bed, WORKINGSET_REFAULT_FILE), 0);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	reads(&bed, PAGES(10), 4096);
	CU_ASSERT_EQUAL(since(&bed, WORKINGSET_REFAULT_FILE), 1);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	writes(&bed, PAGES(12), 8192);
	EXPECT(bed, "-5 1D -4 1 -1 2D -2");
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	writes(&bed, 0, 65536);
	CU_ASSERT_EQUAL(inode(&bed)->i_data.nr_shadows, 0);
	bed_close(&bed);
}

/* Blocks that are clean, and holes, are not written with the others of their folio. */
static void test_dirty_blocks(void)
{
	struct bed bed;
	s64 before;

	bed_open(&bed, "pc", NULL);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	before = bed.m->event[PGPGOUT];
	writes(&bed, PAGES(5), 4096);
	writes(&bed, PAGES(9) + 10, 4096);
	EXPECT(bed, "16D");
	syncs(&bed);
	EXPECT(bed, "16");
	CU_ASSERT_EQUAL(bed.m->event[PGPGOUT] - before, 3 * 4);
	/* What a mapping makes dirty is the folio. */
	map_shared(&bed, B, 16);
	touch(&bed, B + PAGES(3), ACCESS_STORE);
	syncs(&bed);
	CU_ASSERT_EQUAL(bed.m->event[PGPGOUT] - before, (3 + 16) * 4);
	unmap(&bed, B, 16);
	/* A hole stays one, as a guest's pgpgin said. */
	file_of_size(&bed, 1 << 20);
	reads(&bed, 0, 1 << 20);
	EXPECT(bed, "128x1 32x4");
	writes(&bed, PAGES(255), 4096);
	syncs(&bed);
	CU_ASSERT_EQUAL(sys_fadvise64(bed.m, bed.task, bed.fd, 0, 0, FADV_DONTNEED), 0);
	before = bed.m->event[PGPGIN];
	reads(&bed, 0, 1 << 20);
	CU_ASSERT_EQUAL(bed.m->event[PGPGIN] - before, 4);
	bed_close(&bed);
}

/* All that a mapping used of a folio is one use, when the mapping goes. */
static void test_uses(void)
{
	static const char *const classic[] = { "config.LRU_GEN_ENABLED=n", NULL };
	struct bed bed;

	bed_open(&bed, "pc", classic);
	file_of_size(&bed, 0);
	writes(&bed, 0, 65536);
	syncs(&bed);
	EXPECT(bed, "16");
	(void)since(&bed, NR_ACTIVE_FILE);
	for (unsigned int use = 0; use < 2; use++) {
		map_shared(&bed, B, 16);
		for (u64 page = 0; page < 16; page++)
			touch(&bed, B + PAGES(page), ACCESS_LOAD);
		unmap(&bed, B, 16);
		lru_add_drain_all(bed.m);
		CU_ASSERT_EQUAL(since(&bed, NR_ACTIVE_FILE), use ? 16 : 0);
	}
	bed_close(&bed);
}

/* Shadows of huge ones lie above the lowest level, and go with its node. */
static void test_huge_shadows(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	file_of_size(&bed, 0);
	writes(&bed, 0, 4 << 20);
	syncs(&bed);
	map_shared(&bed, B, 1024);
	touch(&bed, B, ACCESS_LOAD);
	touch(&bed, B + SZ_2M, ACCESS_LOAD);
	advise(&bed, B, 1024, ADVICE_PAGEOUT);
	EXPECT(bed, "-1024");
	CU_ASSERT_EQUAL(inode(&bed)->i_data.nr_shadows, 2);
	CU_ASSERT_EQUAL(node_stat(&bed, WORKINGSET_NODES), 1);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	unmap(&bed, B, 1024);
	reads(&bed, PAGES(100), 4096);
	CU_ASSERT_EQUAL(node_stat(&bed, WORKINGSET_NODES), 0);
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	writes(&bed, 0, 4 << 20);
	CU_ASSERT_EQUAL(inode(&bed)->i_data.nr_shadows, 0);
	/* The only one of a node goes to a node below it. */
	file_of_size(&bed, 0);
	writes(&bed, 0, 64 * PAGE_SIZE);
	syncs(&bed);
	map_shared(&bed, B, 64);
	touch(&bed, B, ACCESS_LOAD);
	advise(&bed, B, 64, ADVICE_PAGEOUT);
	EXPECT(bed, "-64");
	CU_ASSERT_EQUAL(node_stat(&bed, WORKINGSET_NODES), 1);
	unmap(&bed, B, 64);
	reads(&bed, PAGES(5), 4096);
	CU_ASSERT_EQUAL(node_stat(&bed, WORKINGSET_NODES), 0);
	bed_close(&bed);
}

static bool is_mlocked(const struct bed *bed, u64 index)
{
	u32 pfn = find_page(bed->m, &inode(bed)->i_data, index);

	return page_flag(pfn_folio(bed->m, pfn), PG_mlocked);
}

static void test_mlock(void)
{
	struct bed bed;

	bed_open(&bed, "pc", NULL);
	three_folios(&bed);
	map_shared(&bed, UNALIGNED, 33);
	CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, UNALIGNED + PAGES(4), PAGES(4), 0), 0);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 4);
	CU_ASSERT_FALSE(is_mlocked(&bed, 0));
	CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, UNALIGNED, PAGES(33), 0), 0);
	CU_ASSERT_EQUAL(nr_mapped(&bed, UNALIGNED, 33), 33);
	CU_ASSERT_FALSE(is_mlocked(&bed, 0));
	CU_ASSERT_TRUE(is_mlocked(&bed, 16));
	CU_ASSERT_TRUE(is_mlocked(&bed, 32));
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	CU_ASSERT_EQUAL(sys_munlock(bed.m, bed.task, UNALIGNED, PAGES(33)), 0);
	CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, UNALIGNED, PAGES(33), 0), 0);
	CU_ASSERT_TRUE(is_mlocked(&bed, 0));
	EXPECT(bed, "2x16 1");
	unmap(&bed, UNALIGNED, 33);
	/* Huge ones, as they are mapped; and not any more when a page is not. */
	file_of_size(&bed, 0);
	writes(&bed, 0, SZ_2M);
	map_shared(&bed, B, 512);
	CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, B, SZ_2M, 0), 0);
	CU_ASSERT_TRUE(entry_is_huge(*table_entry(bed.m, bed.task->mm, B, 1)));
	CU_ASSERT_TRUE(is_mlocked(&bed, 0));
	CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	unmap(&bed, B + PAGES(1), 1);
	CU_ASSERT_FALSE(is_mlocked(&bed, 0));
	unmap(&bed, B, 512);
	bed_close(&bed);
}

static const CU_TestInfo tests[] = {
	{ "writes make folios of their sizes", test_writes },
	{ "6.1 has none", test_writes_of_6_1 },
	{ "folios of read-ahead grow", test_reads },
	{ "what is read ahead at once", test_reads_ahead },
	{ "folios that faults have read", test_faults_read },
	{ "faults map whole folios", test_faults_map },
	{ "but not behind the end", test_faults_map_ends },
	{ "huge entries", test_huge_entries },
	{ "truncation and holes", test_truncate },
	{ "whole folios are dropped", test_drop },
	{ "advice", test_advice },
	{ "only dirty blocks are written", test_dirty_blocks },
	{ "what was mapped was used once", test_uses },
	{ "shadows of huge pages", test_huge_shadows },
	{ "mlock", test_mlock },
};

int main(void)
{
	return suite_main("ext4_folios", tests, ARRAY_SIZE(tests), NULL, NULL);
}
