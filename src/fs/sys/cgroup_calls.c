// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of sim/ctl on control groups: mkdir and rmdir in sys/fs/cgroup are these, so that the
 * journal has them.
 */
#include "fs/core/verb.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/virt.h"

#define MOUNT "sys/fs/cgroup"

/* The group of a path, and where its last name begins. NULL: there is none. */
static struct cgroup *parent_of(const struct machine *m, const char *path, const char **last)
{
	struct cgroup *cgroup = cgroup_of(m, 0);
	char name[CGROUP_NAME_CHARS + 1];

	if (!strncmp(path, MOUNT, strlen(MOUNT)))
		path += strlen(MOUNT);
	path += strspn(path, "/");
	for (size_t len; cgroup && path[len = strcspn(path, "/")];) {
		if (len > CGROUP_NAME_CHARS)
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		cgroup = cgroup_find_child(m, cgroup, name);
		path += len;
		path += strspn(path, "/");
	}
	*last = path;
	return cgroup;
}

static int run_mkdir(struct call *call)
{
	const char *name;
	struct cgroup *parent = parent_of(call->m, call->args[0].text, &name);
	int err = parent ? cgroup_mkdir(call->m, parent, name) : -ENOENT;

	return err == -ENOBUFS ? call_no_host_memory(call) : err;
}

static int run_rmdir(struct call *call)
{
	const char *name;
	struct cgroup *parent = parent_of(call->m, call->args[0].text, &name);
	struct cgroup *cgroup = parent ? cgroup_find_child(call->m, parent, name) : NULL;

	return cgroup ? cgroup_rmdir(call->m, cgroup) : -ENOENT;
}

/* The root, and a group that is charged with another: nobody. */
static int run_set_active_memcg(struct call *call)
{
	const char *name;
	struct cgroup *parent = parent_of(call->m, call->args[0].text, &name);
	struct cgroup *cgroup = parent && *name ? cgroup_find_child(call->m, parent, name) : parent;

	if (!cgroup)
		return -ENOENT;
	if (!call->m->memcg || !cgroup_memcg(call->m, cgroup))
		return call_refuse(call, -EINVAL, "there is no memory cgroup yet");
	call->m->memcg->active = cgroup_memcg(call->m, cgroup)->id;
	return 0;
}

static const struct verb verbs[] = {
	{ "cgroup_mkdir", { A_PATH }, run_mkdir, RESULT_NONE, 0, SCOPE_KERNEL, "PATH",
	  "Make a control group, as mkdir in sys/fs/cgroup does: `cgroup_mkdir a/b`." },
	{ "cgroup_rmdir", { A_PATH }, run_rmdir, RESULT_NONE, 0, SCOPE_KERNEL, "PATH",
	  "Remove a control group that has neither tasks nor groups in it." },
	{ "set_active_memcg", { A_PATH }, run_set_active_memcg, RESULT_NONE, 0, SCOPE_KERNEL, "PATH",
	  "From now on the kernel works for this group: what it allocates with __GFP_ACCOUNT, or "
	  "of a cache with SLAB_ACCOUNT, is charged to it, whoever calls; / ends that." },
};

const struct verb_table cgroup_verbs = { verbs, ARRAY_SIZE(verbs) };
