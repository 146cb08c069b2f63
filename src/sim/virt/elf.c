// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The segments of a program, and of its interpreter, as mappings: the file's part, the
 * rest of its last page zeroed, anonymous memory behind it. Programs that can be
 * anywhere go to two thirds of the address space if an interpreter follows, and where
 * mmap puts them if not. The vdso comes last.
 */
#include "sim/virt/exec.h"

#include "sim/base/rng.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/vma.h"

#define ELF_HEADER_BYTES_64 64
#define ELF_HEADER_BYTES_32 52
#define BRK_RANDOM_64 SZ_1G
#define BRK_RANDOM_32 (32 * SZ_1M)

static u64 in_page(u64 addr)
{
	return addr % PAGE_SIZE;
}

static u64 dyn_base(const struct exec *e)
{
	return e->m->arch->bits == 64 ? e->m->arch->task_size / 3 * 2 : 0x400000;
}

/* From the start of the first segment to the end of the last, in whole pages. */
static u64 mapping_size(const struct program *program)
{
	const struct program_segment *first = &program->segments[0];
	u64 start = ~0ULL, end = 0;

	for (unsigned int i = 0; i < program->nr_segments; i++) {
		start = MIN(start, ALIGN_DOWN(first[i].vaddr, PAGE_SIZE));
		end = MAX(end, first[i].vaddr + first[i].memsz);
	}
	return ALIGN_UP(end - start, PAGE_SIZE);
}

/* One image on its way: the program's own, or its interpreter's. */
struct image {
	const struct program *program;
	struct file *file;
	u64 bias;
};

/* The file's part of a segment; with `total`, room for the whole image is found. */
static int map_file_part(struct exec *e, const struct image *image,
			 const struct program_segment *seg, u64 addr, u64 flags, u64 total,
			 u64 *mapped)
{
	u64 size = ALIGN_UP(seg->filesz + in_page(seg->vaddr), PAGE_SIZE), populate;
	struct mmap_request req = {
		.addr = ALIGN_DOWN(addr, PAGE_SIZE), .len = total ? total : size,
		.prot = seg->prot, .flags = MAP_PRIVATE | flags, .file = image->file,
		.offset = seg->offset - in_page(seg->vaddr),
	};
	int err;

	if (!seg->filesz && !total) {
		*mapped = req.addr;
		return 0;
	}
	err = do_mmap(e->m, e->task, &req, 0, mapped, &populate);
	if (!err && total > size)
		err = do_vmi_munmap(e->m, e->mm, *mapped + size, *mapped + total);
	return err;
}

/* The rest of a page behind the file's part is zeroed: that is a write. */
static int pad_zero(struct exec *e, u64 addr)
{
	int err;

	if (!in_page(addr))
		return 0;
	err = fault_in_user(e->m, e->task, addr, /* write = */ true);
	if (!err)
		content_store(e->m, follow_page(e->m, e->mm, ALIGN_DOWN(addr, PAGE_SIZE)),
			      (u32)in_page(addr));
	return err;
}

static int map_segment(struct exec *e, const struct image *image,
		       const struct program_segment *seg, u64 addr, u64 flags, u64 total,
		       u64 *mapped)
{
	u64 zero, end;
	int err = map_file_part(e, image, seg, addr, flags, total, mapped);

	if (err || seg->memsz <= seg->filesz)
		return err;
	zero = *mapped + in_page(seg->vaddr) + seg->filesz;
	end = ALIGN_UP(*mapped + in_page(seg->vaddr) + seg->memsz, PAGE_SIZE);
	if (seg->filesz) {
		err = pad_zero(e, zero);
		if (err && (err == -ENOBUFS || (seg->prot & PROT_WRITE)))
			return err;
	}
	zero = seg->filesz ? ALIGN_UP(zero, PAGE_SIZE) : *mapped;
	if (zero >= end)
		return 0;
	return do_brk_flags(e->m, e->task, zero, end - zero,
			    seg->prot & PROT_EXEC ? VM_EXEC : 0);
}

/* All segments; image->bias is known once the first is mapped. */
static int map_image(struct exec *e, struct image *image, u64 first_flags)
{
	const struct program *program = image->program;
	const u64 wanted = image->bias;
	u64 total = program->dynamic ? mapping_size(program) : 0, mapped;
	u64 flags = first_flags;
	int err = 0;

	for (unsigned int i = 0; i < program->nr_segments && !err; i++) {
		const struct program_segment *seg = &program->segments[i];

		err = map_segment(e, image, seg, image->bias + seg->vaddr, flags, total,
				  &mapped);
		if (!err && program->dynamic && !i)
			image->bias = wanted + mapped -
				      ALIGN_DOWN(wanted + seg->vaddr, PAGE_SIZE);
		flags = MAP_FIXED;
		total = 0;
	}
	return err;
}

static u64 program_bias(struct exec *e)
{
	const struct program *program = e->program;
	u64 align = MAX(program->align, PAGE_SIZE), bias = dyn_base(e);

	if (e->randomize)
		bias += rng_below(&e->m->rng, 1ULL << (e->m->arch->bits == 64 ?
			e->m->tunables->mmap_rnd_bits : e->m->tunables->mmap_rnd_bits_32))
			<< PAGE_SHIFT;
	return ALIGN_DOWN(ALIGN_DOWN(bias, align) - program->segments[0].vaddr, PAGE_SIZE);
}

/* start_code and the like, and the end of the image. */
static u64 set_figures(struct exec *e)
{
	struct mm_struct *mm = e->mm;
	u64 end = 0;

	mm->start_code = ~0ULL;
	for (unsigned int i = 0; i < e->program->nr_segments; i++) {
		const struct program_segment *seg = &e->program->segments[i];
		u64 start = e->load_bias + seg->vaddr;

		if (seg->prot & PROT_EXEC) {
			mm->start_code = MIN(mm->start_code, start);
			mm->end_code = MAX(mm->end_code, start + seg->filesz);
		}
		mm->start_data = MAX(mm->start_data, start);
		mm->end_data = MAX(mm->end_data, start + seg->filesz);
		end = MAX(end, start + seg->memsz);
	}
	return end;
}

static void set_brk(struct exec *e, u64 end)
{
	struct mm_struct *mm = e->mm;
	const struct machine *m = e->m;
	bool random = e->randomize && m->tunables->randomize_va_space > 1;
	bool moves = e->program->dynamic && !e->interp &&
		     (random || rel_brk_of_static_pie_moves(m->release));
	u64 range = m->arch->bits == 64 ? BRK_RANDOM_64 : BRK_RANDOM_32;
	u64 brk = ALIGN_UP(moves ? dyn_base(e) : end, PAGE_SIZE);

	if (random && !moves && rel_brk_leaves_gap(m->release))
		brk += PAGE_SIZE;
	if (random)
		brk += rng_below(&e->m->rng, range >> PAGE_SHIFT) << PAGE_SHIFT;
	mm->start_brk = mm->brk = brk;
}

/* Where the program's headers are in memory: behind the ELF header, as a rule. */
static u64 header_address(const struct exec *e)
{
	const struct program *program = e->program;
	u64 phoff = program->phoff;

	if (!phoff)
		phoff = e->m->arch->bits == 64 ? ELF_HEADER_BYTES_64 : ELF_HEADER_BYTES_32;
	for (unsigned int i = 0; i < program->nr_segments; i++) {
		const struct program_segment *seg = &program->segments[i];

		if (seg->offset <= phoff && phoff < seg->offset + seg->filesz)
			return e->load_bias + seg->vaddr + (phoff - seg->offset);
	}
	return 0;
}

static int map_interp(struct exec *e)
{
	struct image image = { .program = e->interp, .file = e->interp_file };
	int err;

	/* Without a hint: mmap finds room for all of it. */
	if (e->interp->dynamic)
		image.bias = -ALIGN_DOWN(e->interp->segments[0].vaddr, PAGE_SIZE);
	err = map_image(e, &image, e->interp->dynamic ? 0 : MAP_FIXED_NOREPLACE);
	e->interp_base = image.bias;
	e->entry = image.bias + e->interp->entry;
	return err;
}

int exec_map_program(struct exec *e)
{
	struct image image = { .program = e->program, .file = e->file };
	u64 flags = MAP_FIXED_NOREPLACE;
	int err;

	if (e->program->dynamic && e->interp) {
		image.bias = program_bias(e);
	} else if (e->program->dynamic) {
		image.bias = -ALIGN_DOWN(e->program->segments[0].vaddr, PAGE_SIZE);
		flags = 0;
	}
	err = map_image(e, &image, flags);
	if (err)
		return err;
	e->load_bias = image.bias;
	e->program_entry = e->entry = image.bias + e->program->entry;
	e->phdr = header_address(e);
	set_brk(e, set_figures(e));
	return e->interp ? map_interp(e) : 0;
}

/* The parts below the code of the vdso, lowest first. */
static const struct {
	struct span span;
	u8 pages;
	const struct vm_operations *ops;
} vvar_parts[] = {
	{ ALL, 4, &vvar_vm_ops },
	{ SINCE(R_6_18), 2, &vvar_vclock_vm_ops },
};
#define VDSO_PAGES 2
#define VVAR_FLAGS (VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP)
#define VDSO_FLAGS (VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

/* Above the stack, at random between its page and the end of its leaf table. */
static u64 vdso_hint(struct exec *e, u64 len)
{
	u64 start = ALIGN_UP(e->mm->start_stack, PAGE_SIZE);
	u64 end = ALIGN_UP(start + len, SZ_2M);

	if (!rel_vdso_follows_stack(e->m->release) || e->m->arch->bits == 32)
		return 0;
	end = MIN(end, e->m->arch->task_size) - len;
	if (end <= start)
		return start;
	return start + (rng_below(&e->m->rng, ((end - start) >> PAGE_SHIFT) + 1) << PAGE_SHIFT);
}

int exec_map_vdso(struct exec *e)
{
	struct mmap_request req = { .len = VDSO_PAGES * PAGE_SIZE, .flags = MAP_PRIVATE };
	u64 addr;
	int err;

	if (!e->m->tunables->vdso_enabled)
		return 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(vvar_parts); i++) {
		if (span_holds(vvar_parts[i].span, e->m->release))
			req.len += vvar_parts[i].pages * PAGE_SIZE;
	}
	req.addr = vdso_hint(e, req.len);
	err = get_unmapped_area(e->m, e->task, &req, 0, &addr);
	for (unsigned int i = 0; i < ARRAY_SIZE(vvar_parts) && !err; i++) {
		u64 len = vvar_parts[i].pages * PAGE_SIZE;

		if (!span_holds(vvar_parts[i].span, e->m->release))
			continue;
		err = install_special_mapping(e->m, e->mm, addr, len, VVAR_FLAGS,
					      vvar_parts[i].ops);
		addr += len;
	}
	if (!err)
		err = install_special_mapping(e->m, e->mm, addr, VDSO_PAGES * PAGE_SIZE,
					      VDSO_FLAGS, &vdso_vm_ops);
	e->mm->vdso_base = err ? 0 : addr;
	return err;
}
