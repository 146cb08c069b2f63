/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call from text to result. call_parse() finds the verb and its arguments and
 * changes nothing; call_run() acts, under the tree's write lock; call_finish()
 * judges what came of it by the line's expectation.
 *
 * The last call of each scope is remembered: `@`, sim/result, and what a control
 * file reads that was not written to.
 */
#ifndef KMM_FS_CALL_H
#define KMM_FS_CALL_H

#include "fs/core/arg.h"
#include "fs/core/line.h"
#include "fs/core/tree_struct.h"
#include "sim/virt/task.h"

/*
 * Whose calls: the machine's; from SCOPE_CPU on, CPU N's; from SCOPE_TASK on, those of
 * the task with pid N.
 */
enum call_scope { SCOPE_MACHINE, SCOPE_CPU, SCOPE_TASK = 1 << 24 };

static inline bool scope_is_task(u32 scope)
{
	return scope >= SCOPE_TASK;
}

/* proc/PID and proc/PID/task/TID: the thread is the more exact. */
u32 scope_of_view(const struct view *view, enum view_slot slot);

#define CALL_ROOM (LINE_BYTES + 2 * MAX_WORDS)

/* The last call of a scope. */
struct last_call {
	u64 serial;		/* of the task, whose pid may come again; 0 for others */
	bool any;		/* called; a child has but its parent's `@` at first */
	bool has_address;
	u64 address;		/* `@` */
	const struct verb *verb;
	u8 form, nr_args;
	struct arg args[MAX_ARGS];	/* by slot, the first nr_args of its form; texts lie in words */
	int err;
	u64 value;
	char *sentence;		/* malloc()ed or NULL */
	char words[CALL_ROOM];
};

/* Last calls of neighbouring scopes: made on first use. */
#define SCOPES_PER_CHUNK 1024
struct scope_chunk {
	struct last_call *last[SCOPES_PER_CHUNK];
};

/* tree->ctl: what is remembered of calls. */
#define NR_SCOPE_CHUNKS ((PID_LIMIT + SCOPE_CPU + MAX_CPUS) / SCOPES_PER_CHUNK + 1)
struct ctl_state {
	u64 jiffy_ns;
	struct scope_chunk *chunks[NR_SCOPE_CHUNKS];	/* tasks come behind the CPUs */
	/* What the next scope needs: a fork may not fail behind its change. */
	struct scope_chunk *spare_chunk;
	struct last_call *spare;
};

/* What a line asks for, and room for what its call points to. */
struct request {
	struct call call;
	struct words words;
	char room[CALL_ROOM];
};

/*
 * Parse a line for a scope; the sentence of a failure goes to `sentence`, which the
 * call keeps for later. 0; -EBADMSG: it cannot be read; -ENOSYS: no such call.
 * An empty line has words.verb.len 0. Any side of the lock.
 */
int call_parse(struct tree *tree, u32 scope, const char *text, size_t len,
	       struct request *req, struct out *sentence) __must_check;
/* The same of a line that line_parse() has trimmed. */
int call_parse_line(struct tree *tree, u32 scope, const char *text, size_t len,
		    struct request *req, struct out *sentence) __must_check;

/*
 * Run it: host memory is secured, the machine acts on the scope's CPU, the journal
 * gets the call, the result gets its name, the scope remembers. call->err is then
 * what came of it, call->sentence why it failed. Write lock.
 */
void call_run(struct call *call);

/*
 * What the line comes to: 0 when the result was as expected (or there was no
 * expectation and the call succeeded), -ERANGE with a sentence when it was another,
 * else call->err. Needs no lock.
 */
int call_finish(struct request *req) __must_check;

/* "0x1234", "0", "-1 ENOMEM". */
void call_result(struct out *out, const struct verb *verb, int err, u64 value);
/* The call as the short form writes it: alloc_pages 0 GFP_KERNEL. */
void call_print(struct out *out, const struct verb *verb, unsigned int form,
		unsigned int nr_args, const struct arg *args);
/* alloc_pages(0, GFP_KERNEL) = 0x1234, as strace prints it; -1 EINVAL (SENTENCE). */
void last_call_print(struct out *out, const struct last_call *last);
/* "sim/ctl", "sim/cpu/1/ctl", "proc/42/ctl". */
void scope_path(u32 scope, char path[32]);

/* The last call of a scope, or NULL. Read side. */
const struct last_call *last_call_of(const struct tree *tree, u32 scope);
/*
 * A child begins with what its parent's `@` means. Its memory is secured before each
 * call that returns a pid.
 */
void last_call_inherit(struct tree *tree, u32 parent, u32 child);
/* Nothing called yet: a machine has just booted. NULL: no memory. */
struct ctl_state *ctl_state_new(const struct tree *tree) __must_check;
void ctl_state_free(struct ctl_state *state);

#endif
