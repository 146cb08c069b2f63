/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VM_*: what a VMA allows and is, with the letters of smaps (vmflags.def). */
#ifndef KMM_ABI_VMFLAGS_H
#define KMM_ABI_VMFLAGS_H

#include "sim/abi/release.h"

/* Bits below 31, so that an int holds each and ~VM_X keeps the upper bits of a u64. */
enum vm_flag {
#define VMFLAG(id, bit, letters, ...) VM_##id = 1 << (bit),
#include "sim/abi/vmflags.def"
#undef VMFLAG
};

/* Above an int's: rows of vmflags.c. The protection key has no letters. */
#define VM_MERGEABLE (1ULL << 31)
#define VM_PKEY_SHIFT 32
#define VM_PKEY_MASK (0xfULL << VM_PKEY_SHIFT)
#define VM_DROPPABLE (1ULL << 40)
#define VM_UFFD_MINOR (1ULL << 41)
#define VM_SEALED (1ULL << 42)

#define VM_NONE 0ULL
#define VM_STACK VM_GROWSDOWN
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)

struct vmflag_row {
	u64 flag;
	const char *letters;
	struct span span;	/* releases that have letters for it */
};
extern const struct vmflag_row vmflag_rows[];
extern const unsigned int nr_vmflag_rows;

#endif
