/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel reaches memory that has no address of its own: HighMem of 32-bit
 * machines. kmap() gives a page one of the LAST_PKMAP addresses from PKMAP_BASE on,
 * which all CPUs see and which stays until its last kunmap() and the next round
 * through all of them; kmap_local_page() gives it the next fixmap slot of this CPU.
 * Low memory has its address: __va(). Elsewhere all memory is low.
 */
#ifndef KMM_VIRT_HIGHMEM_H
#define KMM_VIRT_HIGHMEM_H

#include "sim/machine.h"

#define MAX_PKMAP 1024
#define KM_MAX_IDX 16		/* local mappings that a CPU can have at once */
#define PA_HASH_ORDER 7
#define PKMAP_NONE 0xffff

/* One address of the kmap area. */
struct pkmap {
	u32 pfn;		/* what its entry maps; PFN_NIL */
	/* 0: free; 1: nobody uses it, but TLBs may know it; n: n - 1 users */
	u16 count;
	u16 hash_next;		/* of the page_address() table; PKMAP_NONE */
};

struct kmap_local {
	u8 idx;			/* slots in use, from the first one on */
	u32 pfn[KM_MAX_IDX];
};

struct highmem_state {
	u16 last_pkmap_nr;	/* where the last new mapping went */
	u64 flushes;		/* rounds: flush_all_zero_pkmaps() that found some */
	struct pkmap pkmaps[MAX_PKMAP];
	u16 page_address_htable[1 << PA_HASH_ORDER];
	struct kmap_local local[];	/* [nr_cpus] */
};

int highmem_init(struct machine *m) __must_check;	/* 0, -ENOBUFS */
void highmem_free(struct machine *m);
struct digest;
void highmem_digest(const struct machine *m, struct digest *digest);
void highmem_validate(const struct machine *m, struct check *check);

bool page_is_highmem(const struct machine *m, u64 pfn);
/* Where the kernel sees a page; 0: nowhere. */
u64 page_address(const struct machine *m, u64 pfn);
/*
 * -EAGAIN: all addresses are used, a real one would sleep. pfn is of a page that is
 * there.
 */
int kmap(struct machine *m, u32 pfn, u64 *vaddr) __must_check;
int kunmap(struct machine *m, u32 pfn) __must_check;	/* -EINVAL: it is not mapped */
/* -ENOSPC: this CPU has no slot left, a real one would stop. */
int kmap_local_page(struct machine *m, u32 pfn, u64 *vaddr) __must_check;
/* -EINVAL: not the last mapping of this CPU, or none at all. */
int kunmap_local(struct machine *m, u64 vaddr) __must_check;

/* The page at an address of the kmap area or of a local slot; PFN_NIL. */
u32 kmapped_page(const struct machine *m, u64 vaddr);

/* Between addresses of the kernel and physical ones. -EINVAL: there is none. */
int kernel_pa(const struct machine *m, u64 vaddr, u64 *phys) __must_check;
int kernel_va(const struct machine *m, u64 phys, u64 *vaddr) __must_check;

static inline u64 pkmap_base(const struct machine *m)
{
	return m->arch->vmalloc_end + 2 * PAGE_SIZE;
}

static inline u64 pkmap_addr(const struct machine *m, unsigned int nr)
{
	return pkmap_base(m) + ((u64)nr << PAGE_SHIFT);
}

/* __fix_to_virt(FIX_KMAP_BEGIN + idx + KM_MAX_IDX * cpu) */
static inline u64 fix_kmap_addr(const struct machine *m, unsigned int cpu, unsigned int idx)
{
	return m->arch->fixaddr_top -
	       ((u64)(m->arch->fix_kmap_begin + KM_MAX_IDX * cpu + idx) << PAGE_SHIFT);
}

#endif
