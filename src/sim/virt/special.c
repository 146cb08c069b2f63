// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Special mappings: pages of the kernel's image that every program sees. The code of
 * [vdso] is ordinary pages, counted like those of a file; the data of [vvar] is mapped
 * without being counted, and only its pages that this kernel fills exist. The zero page
 * is at the start of the image's bss.
 */
#include "sim/boot/image.h"
#include "sim/virt/memory_internal.h"

/* From special_pfn on: the code, the data. */
#define VDSO_PAGES 4
#define VVAR_PAGES 4

/* Which pages of the area have data: the clocks'; and, later, the generator's. */
static const struct {
	struct span span;
	u32 pages;		/* a bit for each */
} vvar_rows[] = {
	{ UNTIL(R_6_1), 1 << 0 },
	{ SINCE(R_6_18), 1 << 0 | 1 << 2 },
};

int special_mappings_init(struct machine *m)
{
	struct kernel_image image;
	u64 pfn;

	if (!m->config)
		return 0;
	kernel_image_init(&image, m->config);
	pfn = PFN_UP(image.data.start);
	m->virt->pgtables->special_pfn = (u32)pfn;
	m->virt->zero_pfn = (u32)PFN_UP(image.bss.start);
	if (section_materialise_range(m, pfn, pfn + VDSO_PAGES + VVAR_PAGES) ||
	    section_materialise(m, m->virt->zero_pfn))
		return -ENOMEM;
	return 0;
}

static unsigned int vdso_fault(struct machine *m, struct vm_fault *vmf)
{
	u32 first = m->virt->pgtables->special_pfn;

	if (first == PFN_NIL || vmf->pgoff >= VDSO_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = first + (u32)vmf->pgoff;
	get_page(m, vmf->page);
	return 0;
}

static unsigned int vvar_fault(struct machine *m, struct vm_fault *vmf)
{
	u32 first = m->virt->pgtables->special_pfn, pages = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(vvar_rows); i++)
		if (span_holds(vvar_rows[i].span, m->release))
			pages = vvar_rows[i].pages;
	if (first == PFN_NIL || vmf->pgoff >= VVAR_PAGES || !(pages >> vmf->pgoff & 1))
		return VM_FAULT_SIGBUS;
	*vmf->pte = mk_pte(first + VDSO_PAGES + vmf->pgoff,
			   vma_page_prot(m, vmf->vma) | PTE_SPECIAL);
	return VM_FAULT_NOPAGE;
}

/* The pages of a hypervisor's clock: there is none. */
static unsigned int vclock_fault(struct machine *m, struct vm_fault *vmf)
{
	(void)m;
	(void)vmf;
	return VM_FAULT_SIGBUS;
}

const struct vm_operations vdso_vm_ops = {
	.name = "special", .map_name = "[vdso]", .fault = vdso_fault, .is_special = true,
};
const struct vm_operations vvar_vm_ops = {
	.name = "special", .map_name = "[vvar]", .fault = vvar_fault, .is_special = true,
};
const struct vm_operations vvar_vclock_vm_ops = {
	.name = "special", .map_name = "[vvar_vclock]", .fault = vclock_fault,
	.is_special = true,
};
