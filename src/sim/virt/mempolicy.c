// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies as objects, and the calls on a task's own. A mode is a row: what it does
 * with nodes when it is made and when the nodes that a task may use change. A policy
 * keeps either the nodes that the user gave (modes with a flag), or those that the
 * task could use when it was made, to be moved along when these move.
 */
#include "sim/virt/mempolicy.h"

#include "sim/phys/alloc_policy.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/vma.h"

enum mode_nodes { NODES_NONE, NODES_FIRST, NODES_ALL };

static const struct mpol_mode_row {
	const char *name;
	u8 nodes;		/* enum mode_nodes: what a new policy takes */
	bool follows;		/* its nodes follow those that the task may use */
} modes[NR_MPOL_MODES] = {
	[MPOL_DEFAULT] = { "default", NODES_NONE, false },
	[MPOL_PREFERRED] = { "prefer", NODES_FIRST, false },
	[MPOL_BIND] = { "bind", NODES_ALL, true },
	[MPOL_INTERLEAVE] = { "interleave", NODES_ALL, true },
	[MPOL_LOCAL] = { "local", NODES_NONE, false },
	[MPOL_PREFERRED_MANY] = { "prefer (many)", NODES_ALL, false },
	[MPOL_WEIGHTED_INTERLEAVE] = { "weighted interleave", NODES_ALL, true },
};

/* -- sets of nodes ------------------------------------------------------------ */

static unsigned int weight_of(u64 nodes)
{
	return (unsigned int)__builtin_popcountll(nodes);
}

static u64 nth_node(u64 nodes, unsigned int n)
{
	while (n--)
		nodes &= nodes - 1;
	return nodes & -nodes;
}

unsigned int node_remap(unsigned int node, u64 from, u64 to)
{
	unsigned int position = weight_of(from & ((1ULL << node) - 1));

	if (!(from >> node & 1) || !to)
		return node;
	return (unsigned int)ctz64(nth_node(to, position % weight_of(to)));
}

static u64 nodes_remap(u64 nodes, u64 from, u64 to)
{
	u64 moved = 0;

	for (; nodes; nodes &= nodes - 1)
		moved |= 1ULL << node_remap((unsigned int)ctz64(nodes), from, to);
	return moved;
}

/* Node n of the mask is the n-th of `base`, round and round. */
static u64 relative_nodes(u64 nodes, u64 base)
{
	u64 moved = 0;

	if (!base)
		return 0;
	for (; nodes; nodes &= nodes - 1)
		moved |= nth_node(base, (unsigned int)ctz64(nodes) % weight_of(base));
	return moved;
}

u64 nodes_with_memory(const struct machine *m)
{
	u64 nodes = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		if (m->nodes[i] && m->nodes[i]->has_memory)
			nodes |= 1ULL << i;
	}
	return nodes;
}

u64 mems_allowed(const struct machine *m, const struct task_struct *task)
{
	u64 nodes = nodes_with_memory(m);

	return task && task->mems_allowed ? task->mems_allowed & nodes : nodes;
}

/* -- what a call gives -------------------------------------------------------- */

static u64 lowest(u64 mask, u64 nr_bits)
{
	return nr_bits < 64 ? mask & ((1ULL << nr_bits) - 1) : mask;
}

/*
 * A mask longer than the kernel's own is looked at from its end, 64 bits a step, till the
 * next step would end below max_nodes. Where one ends in the lowest word, no bit from
 * max_nodes up to there may be set; else these pass. Higher words of ours are empty.
 */
static bool too_high(u64 mask, u64 nr_bits, unsigned int max_nodes)
{
	unsigned int nr_seen = (unsigned int)((nr_bits - 1) % 64) + 1;

	return nr_bits > max_nodes && nr_seen > max_nodes &&
	       lowest(mask, nr_seen) >> max_nodes;
}

int user_nodes_mask(const struct machine *m, const struct user_nodes *nodes, u64 *mask)
{
	u64 nr_bits = nodes->maxnode - 1;

	*mask = 0;
	if (!nr_bits || !nodes->given)
		return 0;
	if (nr_bits > PAGE_SIZE * 8 || too_high(nodes->mask, nr_bits, machine_max_nodes(m)))
		return -EINVAL;
	*mask = lowest(nodes->mask, MIN(nr_bits, (u64)machine_max_nodes(m)));
	return 0;
}

static int check_mode(const struct machine *m, int mode, u16 flags)
{
	int end = rel_has_weighted_interleave(m->release) ? NR_MPOL_MODES :
							    MPOL_WEIGHTED_INTERLEAVE;
	bool balances = mode == MPOL_BIND ||
			(mode == MPOL_PREFERRED_MANY && rel_balances_preferred_many(m->release));

	if (mode < 0 || mode >= end)
		return -EINVAL;
	if (flags & MPOL_F_STATIC_NODES && flags & MPOL_F_RELATIVE_NODES)
		return -EINVAL;
	return flags & MPOL_F_NUMA_BALANCING && !balances ? -EINVAL : 0;
}

int mpol_spec_of_call(const struct machine *m, u64 mode, const struct user_nodes *nodes,
		      struct mpol_spec *spec)
{
	u32 given = (u32)mode;
	int err;

	if (!m->arch->numa)
		return -ENOSYS;
	spec->flags = given & MPOL_MODE_FLAGS;
	err = check_mode(m, (int)(given & ~MPOL_MODE_FLAGS), spec->flags);
	if (err)
		return err;
	spec->mode = (u8)(given & ~MPOL_MODE_FLAGS);
	if (spec->flags & MPOL_F_NUMA_BALANCING)
		spec->flags |= MPOL_F_MOF | MPOL_F_MORON;
	return user_nodes_mask(m, nodes, &spec->nodes);
}

/* Do mode, flags and nodes go together? MPOL_PREFERRED of no node is MPOL_LOCAL. */
static int check_spec(const struct mpol_spec *spec, u8 *mode)
{
	bool fixed = spec->flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	*mode = spec->mode;
	switch (spec->mode) {
	case MPOL_DEFAULT:
		return spec->nodes ? -EINVAL : 0;
	case MPOL_PREFERRED:
		if (spec->nodes)
			return 0;
		*mode = MPOL_LOCAL;
		return fixed ? -EINVAL : 0;
	case MPOL_LOCAL:
		return spec->nodes || fixed ? -EINVAL : 0;
	default:
		return spec->nodes ? 0 : -EINVAL;
	}
}

/* -- objects ------------------------------------------------------------------ */

void mempolicy_forget_unused(struct machine *m)
{
	if (!m->virt->mempolicies.nr_live && !m->virt->cgroups->nr)
		m->policies = NULL;
}

static int mpol_alloc(struct machine *m, struct mempolicy **pol)
{
	int err = new_object(m, &m->virt->mempolicies, NUMA_NO_NODE, pol);

	if (err)
		return err;
	(*pol)->refcnt = 1;
	m->policies = &mempolicy_alloc_policy;
	return 0;
}

int mpol_new(struct machine *m, const struct mpol_spec *spec, struct mempolicy **pol)
{
	u8 mode;
	int err = check_spec(spec, &mode);

	*pol = NULL;
	if (err || mode == MPOL_DEFAULT)
		return err;
	err = mpol_alloc(m, pol);
	if (err)
		return err;
	(*pol)->mode = mode;
	(*pol)->flags = spec->flags;
	(*pol)->home_node = NUMA_NO_NODE;
	return 0;
}

int mpol_set_nodemask(const struct machine *m, const struct task_struct *task,
		      struct mempolicy *pol, u64 nodes)
{
	u64 allowed = mems_allowed(m, task), taken;

	if (!pol || pol->mode == MPOL_LOCAL)
		return 0;
	taken = pol->flags & MPOL_F_RELATIVE_NODES ? relative_nodes(nodes, allowed) :
						     nodes & allowed;
	pol->given = pol->flags & MPOL_MODE_FLAGS ? nodes : allowed;
	if (!taken)
		return -EINVAL;
	pol->nodes = modes[pol->mode].nodes == NODES_FIRST ? taken & -taken : taken;
	return 0;
}

int mpol_dup(struct machine *m, const struct mempolicy *old, struct mempolicy **pol)
{
	struct mempolicy *new;
	u32 self;
	int err;

	*pol = NULL;
	if (!old)
		return 0;
	err = mpol_alloc(m, &new);
	if (err)
		return err;
	self = new->self;
	*new = *old;
	new->self = self;
	new->refcnt = 1;
	*pol = new;
	return 0;
}

void mpol_put(struct machine *m, struct mempolicy *pol)
{
	if (!pol || --pol->refcnt)
		return;
	object_free(m, &m->virt->mempolicies, pol->self);
	mempolicy_forget_unused(m);
}

bool mpol_equal_slow(const struct mempolicy *a, const struct mempolicy *b)
{
	if (!a || !b || a->mode != b->mode || a->flags != b->flags ||
	    a->home_node != b->home_node)
		return false;
	if (a->flags & MPOL_MODE_FLAGS && a->given != b->given)
		return false;
	return a->mode == MPOL_LOCAL || a->nodes == b->nodes;
}

/* -- text --------------------------------------------------------------------- */

static void print_flags(struct out *out, u16 flags)
{
	bool fixed = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	if (!(flags & MPOL_MODE_FLAGS))
		return;
	out_putc(out, '=');
	if (fixed)
		out_puts(out, flags & MPOL_F_STATIC_NODES ? "static" : "relative");
	if (flags & MPOL_F_NUMA_BALANCING)
		out_puts(out, fixed ? "|balancing" : "balancing");
}

static void print_nodes(struct out *out, u64 nodes)
{
	const char *before = ":";

	for (unsigned int node = 0; node < MAX_NUMNODES; node++) {
		unsigned int first = node;

		if (!(nodes >> node & 1))
			continue;
		while (node + 1 < MAX_NUMNODES && nodes >> (node + 1) & 1)
			node++;
		out_printf(out, node > first ? "%s%u-%u" : "%s%u", before, first, node);
		before = ",";
	}
}

void mpol_print(struct out *out, const struct mempolicy *pol)
{
	out_puts(out, modes[pol ? pol->mode : MPOL_DEFAULT].name);
	if (!pol)
		return;
	print_flags(out, pol->flags);
	if (pol->mode != MPOL_LOCAL)
		print_nodes(out, pol->nodes);
}

/* -- when the nodes that a task may use change -------------------------------- */

/* had: what relative ones follow if that are none */
static void mpol_rebind(struct mempolicy *pol, u64 nodes, u64 had)
{
	u64 moved;

	if (!pol || pol->mode == MPOL_LOCAL)
		return;
	if (!(pol->flags & MPOL_MODE_FLAGS) && pol->given == nodes)
		return;
	if (!modes[pol->mode].follows) {
		pol->given = nodes;
		return;
	}
	if (pol->flags & MPOL_F_STATIC_NODES) {
		moved = pol->given & nodes;
	} else if (pol->flags & MPOL_F_RELATIVE_NODES) {
		nodes = nodes ? nodes : had;
		moved = relative_nodes(pol->given, nodes);
	} else {
		moved = nodes_remap(pol->nodes, pol->given, nodes);
		pol->given = nodes;
	}
	pol->nodes = moved ? moved : nodes;
}

void mpol_rebind_task(struct task_struct *task, u64 nodes)
{
	mpol_rebind(task->mempolicy, nodes, nodes);
}

void mpol_rebind_mm(const struct machine *m, struct mm_struct *mm, u64 nodes, u64 had)
{
	for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma))
		mpol_rebind(vma->vm_policy, nodes, had);
}

/* -- the calls ---------------------------------------------------------------- */

int sys_set_mempolicy(struct machine *m, struct task_struct *task, u64 mode,
		      const struct user_nodes *nodes)
{
	struct mempolicy *new, *old = task->mempolicy;
	struct mpol_spec spec;
	int err = mpol_spec_of_call(m, mode, nodes, &spec);

	if (!err)
		err = mpol_new(m, &spec, &new);
	if (err)
		return err;
	err = mpol_set_nodemask(m, task, new, spec.nodes);
	if (err) {
		mpol_put(m, new);
		return err;
	}
	task->mempolicy = new;
	if (new && mpol_interleaves(new)) {
		task->il_prev = (s16)(machine_max_nodes(m) - 1);
		task->il_weight = 0;
	}
	mpol_put(m, old);
	return 0;
}

/* The node of the page at addr, which is faulted in. */
static int lookup_node(struct machine *m, struct mm_struct *mm, u64 addr, int *node)
{
	u32 pfn;
	int err = get_user_page(m, mm, addr & ~(PAGE_SIZE - 1), &pfn);

	if (!err)
		*node = page_present(m, pfn) ? page_zone(m, pfn_to_page(m, pfn))->node :
					       pfn_zone(m, pfn)->node;
	return err;
}

/* The node that the task's next interleaved page comes from. */
static int next_interleaved(const struct machine *m, const struct task_struct *task,
			    const struct mempolicy *pol, int *node)
{
	bool weighted = pol && pol->mode == MPOL_WEIGHTED_INTERLEAVE;

	(void)m;
	if (!pol || pol != task->mempolicy || !mpol_interleaves(pol))
		return -EINVAL;
	*node = weighted && task->il_weight ? task->il_prev :
					      next_node_in(task->il_prev, pol->nodes);
	return 0;
}

static int get_task_or_vma_policy(const struct machine *m, const struct task_struct *task,
				  u64 addr, u64 flags, struct mempolicy **pol)
{
	const struct vm_area_struct *vma;
	u64 offset;

	*pol = task->mempolicy;
	if (!(flags & MPOL_F_ADDR))
		return addr ? -EINVAL : 0;
	vma = vma_lookup(m, task->mm, addr);
	if (!vma)
		return -EFAULT;
	*pol = vma_own_policy(m, vma, addr, &offset);
	return 0;
}

int sys_get_mempolicy(struct machine *m, struct task_struct *task, u64 addr, u64 flags,
		      int *policy, u64 *nodes)
{
	struct mempolicy *pol;
	int err;

	*policy = 0;
	*nodes = 0;
	if (!m->arch->numa)
		return -ENOSYS;
	if (flags & ~(u64)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*nodes = mems_allowed(m, task);
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	err = get_task_or_vma_policy(m, task, addr, flags, &pol);
	if (err)
		return err;
	if (pol)
		*nodes = pol->flags & MPOL_MODE_FLAGS ? pol->given : pol->nodes;
	if (!(flags & MPOL_F_NODE)) {
		*policy = pol ? pol->mode | (pol->flags & MPOL_MODE_FLAGS) : MPOL_DEFAULT;
		return 0;
	}
	return flags & MPOL_F_ADDR ? lookup_node(m, task->mm, addr, policy) :
				     next_interleaved(m, task, pol, policy);
}
