// SPDX-License-Identifier: GPL-2.0-or-later
/* A task to make calls with: see the header. */
#include <inttypes.h>
#include <stdlib.h>

#include "mm_bed.h"
#include "support.h"

#include "sim/virt/pgtable.h"

#define STACK_PAGES 33

struct mm_struct *mm_bed_mm(struct mm_bed *bed)
{
	struct mm_struct *mm = calloc(1, sizeof(*mm));

	if (!mm)
		abort();
	mm->mm_users = mm->mm_count = 1;
	mm->pgd_pfn = PFN_NIL;
	mm->pte_base = 1;
	mm->task_size = bed->m->arch->task_size;
	mm_init_pkeys(bed->m, mm);
	mt_init(&mm->mm_mt, &bed->m->virt->maple_pool, &mm_maple_ops, bed->m);
	CU_ASSERT_EQUAL_FATAL(pgd_alloc(bed->m, mm), 0);
	return mm;
}

void mm_bed_mmput(struct mm_bed *bed, struct mm_struct *mm)
{
	exit_mmap(bed->m, mm);
	CU_ASSERT_EQUAL(mm->map_count, 0);
	CU_ASSERT(mt_empty(&mm->mm_mt));
	pgd_free(bed->m, mm);
	CU_ASSERT_EQUAL(mm->pgtables_bytes, 0);
	free(mm);
}

static void map_stack(struct mm_bed *bed)
{
	u64 top = bed->m->arch->task_size;
	struct vm_area_struct *vma;

	CU_ASSERT_EQUAL_FATAL(vm_area_alloc(bed->m, bed->mm, &vma), 0);
	vma->vm_start = top - STACK_PAGES * PAGE_SIZE;
	vma->vm_end = top;
	vma->vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
			VM_GROWSDOWN | VM_ACCOUNT;
	CU_ASSERT_EQUAL_FATAL(insert_vm_struct(bed->m, bed->mm, vma), 0);
	vm_stat_account(bed->mm, vma->vm_flags, STACK_PAGES);
}

/* From the top down: as the kernel asks for one area for all of them. */
static void map_vdso(struct mm_bed *bed)
{
	bool is_new = bed->m->release >= R_6_18;
	u64 top = bed->mm->mmap_base, vdso = top - 2 * PAGE_SIZE;
	u64 vclock = is_new ? vdso - 2 * PAGE_SIZE : vdso, vvar = vclock - 4 * PAGE_SIZE;
	u64 data = VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP;

	CU_ASSERT_EQUAL_FATAL(install_special_mapping(bed->m, bed->mm, vvar, 4 * PAGE_SIZE,
						      data, &vvar_vm_ops), 0);
	if (is_new)
		CU_ASSERT_EQUAL_FATAL(install_special_mapping(bed->m, bed->mm, vclock,
							      2 * PAGE_SIZE, data,
							      &vvar_vclock_vm_ops), 0);
	CU_ASSERT_EQUAL_FATAL(install_special_mapping(bed->m, bed->mm, vdso, 2 * PAGE_SIZE,
						      VM_READ | VM_EXEC | VM_MAYREAD |
						      VM_MAYWRITE | VM_MAYEXEC,
						      &vdso_vm_ops), 0);
}

static void fill_task(struct mm_bed *bed)
{
	struct rlimit *rlim = bed->signal.rlim;

	for (int i = 0; i < RLIM_NLIMITS; i++)
		rlim[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	rlim[RLIMIT_STACK].cur = 8 * SZ_1M;
	rlim[RLIMIT_MEMLOCK].cur = rlim[RLIMIT_MEMLOCK].max = 8 * SZ_1M;
	bed->task = (struct task_struct){
		.pid = 42, .tgid = 42, .state = 'S', .comm = "bed", .signal = &bed->signal,
		.personality = ADDR_NO_RANDOMIZE, .cap_ipc_lock = true, .cap_sys_admin = true,
		.cap_sys_resource = true, .cap_sys_nice = true,
	};
}

void mm_bed_open(struct mm_bed *bed, const char *arch, const char *release)
{
	char arch_set[32], release_set[32];
	const char *sets[] = { arch_set, release_set, "cmdline=quiet", NULL };
	char *error = NULL;

	*bed = (struct mm_bed){ 0 };
	snprintf(arch_set, sizeof(arch_set), "arch=%s", arch);
	snprintf(release_set, sizeof(release_set), "release=%s", release);
	if (machine_config_load("tiny", sets, &bed->config, &error) ||
	    machine_boot(bed->config, &bed->m, &error)) {
		fprintf(stderr, "%s\n", error ? error : "no memory");
		abort();
	}
	fill_task(bed);
	bed->committed = bed->m->virt->committed_as;
	bed->mm = bed->task.mm = bed->task.active_mm = mm_bed_mm(bed);
	bed->mm->start_brk = bed->mm->brk = BED_BRK;
	arch_pick_mmap_layout(bed->m, &bed->task, bed->mm);
	map_stack(bed);
	map_vdso(bed);
}

void mm_bed_close(struct mm_bed *bed)
{
	CU_ASSERT(bed_is_sane(bed, bed->mm));
	mm_bed_mmput(bed, bed->mm);
	CU_ASSERT_EQUAL(bed->m->virt->committed_as - bed->m->virt->committed_lost,
			bed->committed);
	CU_ASSERT_EQUAL(machine_free_counting(bed->m), 0);
	machine_config_free(bed->config);
}

s64 bed_mmap(struct mm_bed *bed, u64 addr, u64 len, u64 prot, u64 flags)
{
	struct mmap_request req = { .addr = addr, .len = len, .prot = prot, .flags = flags };
	u64 where;
	int err = sys_mmap(bed->m, &bed->task, &req, &where);

	return err ? err : (s64)where;
}

int bed_munmap(struct mm_bed *bed, u64 addr, u64 len)
{
	return sys_munmap(bed->m, &bed->task, addr, len);
}

u64 bed_brk(struct mm_bed *bed, u64 addr)
{
	u64 brk;

	CU_ASSERT_EQUAL(sys_brk(bed->m, &bed->task, addr, &brk), 0);
	return brk;
}

char *bed_maps(const struct mm_bed *bed, u64 from, u64 to)
{
	const struct vm_area_struct *vma = find_vma(bed->m, bed->mm, from);
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		abort();
	for (; vma && vma->vm_start < to; vma = vma_next(bed->m, vma))
		fprintf(file, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 "\n",
			vma->vm_start, vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
			vma->vm_flags & VM_WRITE ? 'w' : '-',
			vma->vm_flags & VM_EXEC ? 'x' : '-',
			vma->vm_flags & VM_MAYSHARE ? 's' : 'p',
			vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0);
	fclose(file);
	return text;
}

bool bed_maps_are(const struct mm_bed *bed, u64 from, u64 to, const char *expected)
{
	char *text = bed_maps(bed, from, to);
	bool same = !strcmp(text, expected);

	if (!same)
		fprintf(stderr, "expected:\n%sfound:\n%s", expected, text);
	free(text);
	return same;
}

bool bed_is_sane(const struct mm_bed *bed, const struct mm_struct *mm)
{
	struct verdict verdict;
	s64 committed = 0;

	verdict_begin(&verdict);
	vma_validate(bed->m, mm, &verdict.check);
	mmap_validate(bed->m, mm, &committed, &verdict.check);
	return verdict_is_clean(&verdict);
}
