/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation flags. The bits are ours and the same for every release; names and
 * compounds are the kernel's (gfp.def). Migrate types likewise.
 */
#ifndef KMM_ABI_GFP_H
#define KMM_ABI_GFP_H

#include "sim/abi/release.h"

typedef u32 gfp_t;

enum gfp_bit {
#define GFP(id, name) ___##id,
#define GFP_COMPOUND(name, value)
#include "sim/abi/gfp.def"
#undef GFP
#undef GFP_COMPOUND
	NR_GFP_BITS
};

#define GFP_BIT(id) (1U << (___##id))
#define __GFP_DMA GFP_BIT(GFP_DMA_)
#define __GFP_HIGHMEM GFP_BIT(GFP_HIGHMEM_)
#define __GFP_DMA32 GFP_BIT(GFP_DMA32_)
#define __GFP_MOVABLE GFP_BIT(GFP_MOVABLE_)
#define __GFP_RECLAIMABLE GFP_BIT(GFP_RECLAIMABLE_)
#define __GFP_HIGH GFP_BIT(GFP_HIGH_)
#define __GFP_IO GFP_BIT(GFP_IO_)
#define __GFP_FS GFP_BIT(GFP_FS_)
#define __GFP_ZERO GFP_BIT(GFP_ZERO_)
#define __GFP_ATOMIC GFP_BIT(GFP_ATOMIC_)
#define __GFP_DIRECT_RECLAIM GFP_BIT(GFP_DIRECT_RECLAIM_)
#define __GFP_KSWAPD_RECLAIM GFP_BIT(GFP_KSWAPD_RECLAIM_)
#define __GFP_WRITE GFP_BIT(GFP_WRITE_)
#define __GFP_NOWARN GFP_BIT(GFP_NOWARN_)
#define __GFP_RETRY_MAYFAIL GFP_BIT(GFP_RETRY_MAYFAIL_)
#define __GFP_NOFAIL GFP_BIT(GFP_NOFAIL_)
#define __GFP_NORETRY GFP_BIT(GFP_NORETRY_)
#define __GFP_MEMALLOC GFP_BIT(GFP_MEMALLOC_)
#define __GFP_COMP GFP_BIT(GFP_COMP_)
#define __GFP_NOMEMALLOC GFP_BIT(GFP_NOMEMALLOC_)
#define __GFP_HARDWALL GFP_BIT(GFP_HARDWALL_)
#define __GFP_THISNODE GFP_BIT(GFP_THISNODE_)
#define __GFP_ACCOUNT GFP_BIT(GFP_ACCOUNT_)

#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO (__GFP_RECLAIM)
#define GFP_NOFS (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_DMA __GFP_DMA
#define GFP_DMA32 __GFP_DMA32
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
/* What of it says how to reclaim, and nothing of where from. */
#define GFP_RECLAIM_MASK \
	(__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | \
	 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | \
	 __GFP_NOMEMALLOC | __GFP_ATOMIC)
#define GFP_TRANSHUGE_LIGHT \
	((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN) & \
	 ~__GFP_RECLAIM)
#define GFP_TRANSHUGE (GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM)

struct gfp_row {
	const char *name;	/* "GFP_KERNEL", "__GFP_ZERO" */
	gfp_t value;
};

/* Compounds first (largest first), then single bits. */
extern const struct gfp_row gfp_rows[];
extern const unsigned int nr_gfp_rows;

/*
 * "GFP_KERNEL|__GFP_ZERO", as the kernel's %pGg prints it, into `text` of `room`
 * bytes (cut if longer). Returns text.
 */
const char *gfp_format(gfp_t gfp, char *text, size_t room);

/*
 * The kernel's own text of a mask, as its log has it: "0xcc0(GFP_KERNEL)". Names come
 * in the order of the release, and a bit that it does not have is left out.
 */
const char *gfp_kernel_text(enum release r, gfp_t gfp, char *text, size_t room);

enum migratetype {
	MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES, MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_CMA,		/* only where the kernel has it: has_migratetype() */
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

/* "Unmovable", ... as pagetypeinfo names them. */
extern const char *const migratetype_names[MIGRATE_TYPES];

/* Pages that can move are in its pageblocks, and no others. */
static inline bool is_migrate_movable(enum migratetype type)
{
	return type == MIGRATE_MOVABLE || type == MIGRATE_CMA;
}

static inline enum migratetype gfp_migratetype(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

#endif
