// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of vmflags.def as data, for smaps and sim/. */
#include "sim/abi/vmflags.h"

const struct vmflag_row vmflag_rows[] = {
#define VMFLAG(id, bit, mnemonic, ...) \
	{ .flag = 1ULL << (bit), .letters = (mnemonic), .span = __VA_ARGS__ },
#include "sim/abi/vmflags.def"
#undef VMFLAG
	{ .flag = VM_MERGEABLE, .letters = "mg", .span = ALL },
	{ .flag = VM_DROPPABLE, .letters = "dp", .span = SINCE(R_6_18) },
	{ .flag = VM_UFFD_MINOR, .letters = "ui", .span = ALL },
	{ .flag = VM_SEALED, .letters = "sl", .span = SINCE(R_6_18) },
};
const unsigned int nr_vmflag_rows = ARRAY_SIZE(vmflag_rows);
