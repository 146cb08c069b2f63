// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What proc/PID says of an address space. V8: maps has a line for each VMA, with its range,
 * rights and offset, and a name that begins in its column. K3: the figures of smaps, of its
 * rollup, of status and of statm are those of one address space. The lines of smaps are
 * added up here; a proportional size is cut once in each of them, so that of the rollup may
 * be larger by as many kB.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/proc/task_mmu.h"
#include "fs/sim/check.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

/* Lines of smaps that a rollup has the sums of. */
static const char *const summed[] = {
	"Rss:", "Shared_Clean:", "Shared_Dirty:", "Private_Clean:", "Private_Dirty:",
	"Referenced:", "Anonymous:", "LazyFree:", "AnonHugePages:", "ShmemPmdMapped:",
	"FilePmdMapped:", "Shared_Hugetlb:", "Private_Hugetlb:", "Swap:",
};
enum {
	RSS, SHARED_CLEAN, SHARED_DIRTY, PRIVATE_CLEAN, PRIVATE_DIRTY,
	SWAP = ARRAY_SIZE(summed) - 1
};

struct sums {
	u64 size, pss, nr_vmas, of[ARRAY_SIZE(summed)];
	u64 failed;		/* kB of entries of pages that failed */
};

static u64 figure(const char *text, const char *label)
{
	u64 number = 0;

	return text_figure(text, label, &number) ? number : 0;
}

/* ---- V8 ---- */

static const char *rights(const struct vm_area_struct *vma, char text[5])
{
	u64 flags = vma->vm_flags;

	snprintf(text, 5, "%c%c%c%c", flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		 flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p');
	return text;
}

/* Where a name begins: in its column, or one blank behind a longer line. */
static bool name_is_in_place(const struct machine *m, const char *line, size_t numbers)
{
	size_t column = 25 + m->arch->bits / 8 * 6;
	size_t name = numbers + strspn(line + numbers, " ");

	if (!line[name])
		return true;
	return name == MAX(column, numbers + 1);
}

static bool line_is_of(const struct machine *m, const char *line, const struct vm_area_struct *vma)
{
	u64 start, end, offset, inode;
	unsigned int major, minor;
	char perms[5], expected[5];
	int numbers = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n", &start,
		   &end, perms, &offset, &major, &minor, &inode, &numbers) != 7)
		return false;
	return start == vma->vm_start && end == vma->vm_end &&
	       !strcmp(perms, rights(vma, expected)) &&
	       offset == (vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0) &&
	       name_is_in_place(m, line, (size_t)numbers);
}

static void check_maps(const struct machine *m, const struct mm_struct *mm, const char *text,
		       struct check *check)
{
	const struct vm_area_struct *vma = vma_first(m, mm);
	char line[512];

	for (; vma && text_line(&text, line); vma = vma_next(m, vma)) {
		check->nr_checked++;
		if (!line_is_of(m, line, vma))
			check_fail(check, "V8", "maps of mm %u: expected a line of %llx-%llx, "
				   "found %s", mm->self, (unsigned long long)vma->vm_start,
				   (unsigned long long)vma->vm_end, line);
	}
	/* The last line is of no VMA. */
	if (has_gate_vma(m) && text_line(&text, line) && !strstr(line, "[vsyscall]"))
		text = line;
	if (vma || *text)
		check_fail(check, "V8", "maps of mm %u: expected as many lines as VMAs, found "
			   "others", mm->self);
}

/* ---- K3 ---- */

/* One VMA's lines: what is mapped is shared or not, written or not. */
static void check_parts(const char *object, const u64 parts[ARRAY_SIZE(summed)],
			struct check *check)
{
	check_shown(check, "K3", object, "Rss:", parts[SHARED_CLEAN] + parts[SHARED_DIRTY] +
		    parts[PRIVATE_CLEAN] + parts[PRIVATE_DIRTY], parts[RSS]);
}

static bool begins_vma(const char *line)
{
	size_t digits = strspn(line, "0123456789abcdef");

	return digits && line[digits] == '-';
}

static void add_line(const char *line, struct sums *sums, u64 parts[ARRAY_SIZE(summed)])
{
	u64 number;

	if (text_figure(line, "Size:", &number))
		sums->size += number;
	if (text_figure(line, "Pss:", &number))
		sums->pss += number;
	for (unsigned int i = 0; i < ARRAY_SIZE(summed); i++)
		if (text_figure(line, summed[i], &number))
			parts[i] = number;
}

static void add_vma(struct sums *sums, u64 parts[ARRAY_SIZE(summed)], const char *object,
		    struct check *check)
{
	check_parts(object, parts, check);
	for (unsigned int i = 0; i < ARRAY_SIZE(summed); i++)
		sums->of[i] += parts[i];
	memset(parts, 0, sizeof(*parts) * ARRAY_SIZE(summed));
}

static void add_up(const char *smaps, const char *object, struct sums *sums, struct check *check)
{
	u64 parts[ARRAY_SIZE(summed)] = { 0 };
	char line[512];

	while (text_line(&smaps, line)) {
		if (!begins_vma(line)) {
			add_line(line, sums, parts);
			continue;
		}
		if (sums->nr_vmas++)
			add_vma(sums, parts, object, check);
	}
	if (sums->nr_vmas)
		add_vma(sums, parts, object, check);
}

static void check_rollup(const char *rollup, const char *object, const struct sums *sums,
			 struct check *check)
{
	u64 pss = figure(rollup, "Pss:");

	for (unsigned int i = 0; i < ARRAY_SIZE(summed); i++)
		check_shown(check, "K3", object, summed[i], sums->of[i],
			    figure(rollup, summed[i]));
	check->nr_checked++;
	if (pss < sums->pss || pss > sums->pss + sums->nr_vmas)
		check_fail(check, "K3", "%s: expected Pss: %llu, or up to %llu more, found %llu",
			   object, (unsigned long long)sums->pss,
			   (unsigned long long)sums->nr_vmas, (unsigned long long)pss);
}

static void check_status(const struct machine *m, const char *status, const char *object,
			 const struct sums *sums, struct check *check)
{
	u64 gate = has_gate_vma(m) ? PAGE_SIZE >> 10 : 0, rss = figure(status, "VmRSS:");

	check_shown(check, "K3", object, "VmSize:", sums->size - gate, figure(status, "VmSize:"));
	check_shown(check, "K3", object, "VmRSS:", figure(status, "RssAnon:") +
		    figure(status, "RssFile:") + figure(status, "RssShmem:"), rss);
	/* A task's own count may be ahead. */
	if (rel_rss_is_split(m->release))
		return;
	/* smaps has those that failed as well. */
	check_shown(check, "K3", object, "VmRSS:", sums->of[RSS] - sums->failed, rss);
	check->nr_checked++;
	if (figure(status, "VmSwap:") > sums->of[SWAP])
		check_fail(check, "K3", "%s: expected VmSwap: up to %llu, found %llu", object,
			   (unsigned long long)sums->of[SWAP],
			   (unsigned long long)figure(status, "VmSwap:"));
}

static void check_statm(const char *statm, const char *status, const char *object,
			struct check *check)
{
	u64 size = 0, resident = 0, shared = 0;

	text_number(&statm, &size);
	text_number(&statm, &resident);
	text_number(&statm, &shared);
	check_shown(check, "K3", object, "size", figure(status, "VmSize:") >> (PAGE_SHIFT - 10),
		    size);
	check_shown(check, "K3", object, "resident", figure(status, "VmRSS:") >> (PAGE_SHIFT - 10),
		    resident);
	check_shown(check, "K3", object, "shared", (figure(status, "RssFile:") +
		    figure(status, "RssShmem:")) >> (PAGE_SHIFT - 10), shared);
}

static int count_failed(void *arg, u64 addr, pte_t *pte)
{
	struct sums *sums = arg;

	(void)addr;
	sums->failed += pte_is_hwpoison(*pte) ? PAGE_SIZE >> 10 : 0;
	return 0;
}

void task_texts_check(const struct machine *m, const struct mm_struct *mm,
		      const struct task_texts *texts, struct check *check)
{
	static const struct walk_ops failed = { .visit = count_failed };
	struct sums sums = { 0 };
	char object[32];

	snprintf(object, sizeof(object), "mm %u", mm->self);
	check_maps(m, mm, texts->maps, check);
	/* It never stops. */
	if (walk_mapped_range(m, mm, 0, ~0ULL, &failed, &sums))
		return;
	add_up(texts->smaps, object, &sums, check);
	check_rollup(texts->rollup, object, &sums, check);
	check_status(m, texts->status, object, &sums, check);
	check_statm(texts->statm, texts->status, object, check);
}
