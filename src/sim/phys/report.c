// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines in the kernel's form. The call trace is that of our own functions, without
 * what would differ between compilers: see stack_trace_print_global().
 */
#include "sim/phys/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/tunables.h"

#define REPORT_FRAMES 32

/* A letter for each flag: when it is set, when not. */
static const char taint_set[] = "PFSRMBUDAWCIOELKXTNJ";
static const char taint_unset[] = "G                   ";

void taint_text(const struct machine *m, char text[TAINTED_CHARS])
{
	u64 tainted = m->tunables ? m->tunables->tainted : 0;
	unsigned int nr = rel_nr_taint_flags(m->release);
	int len;

	if (!tainted) {
		snprintf(text, TAINTED_CHARS, "Not tainted");
		return;
	}
	len = snprintf(text, TAINTED_CHARS, "Tainted: ");
	for (unsigned int i = 0; i < nr && i < sizeof(taint_set) - 1; i++)
		text[len++] = tainted >> i & 1 ? taint_set[i] : taint_unset[i];
	text[len] = '\0';
}

void add_taint(struct machine *m, enum taint flag)
{
	if (m->tunables)
		m->tunables->tainted |= 1ULL << flag;
}

u32 running_pid(const struct machine *m)
{
	const struct cpu_running *running = &m->running[m->cpu];

	return running->pid ? *running->pid : 0;
}

const char *running_comm(const struct machine *m)
{
	const struct cpu_running *running = &m->running[m->cpu];

	return running->comm ? running->comm : "swapper/0";
}

u64 jiffies(const struct machine *m)
{
	u64 hz = m->hz;

	/* The kernel's clock begins five minutes before it wraps around in 32 bits. */
	return hz ? (1ULL << 32) - 300 * hz + m->now_ns / (1000000000 / hz) : 0;
}

static void print_frames(struct machine *m, unsigned int skip)
{
	u64 ips[REPORT_FRAMES];
	unsigned int nr = stack_trace_save(ips, REPORT_FRAMES, skip);
	struct out out = OUT_INIT;
	const char *line;

	stack_trace_print_global(&out, ips, nr, " ");
	for (line = out.text; line && *line; line = strchr(line, '\n') + 1)
		printk(m, 4, "%.*s", (int)strcspn(line, "\n"), line);
	out_free(&out);
}

/* Of "Linux version R (...) #1 SMP ...", which a captured machine has: what reports say. */
static void print_kernel(const struct machine *m, struct out *out)
{
	const char *version = m->config ? m->config->version : NULL, *build;
	unsigned int len;

	if (!version || strncmp(version, "Linux version ", 14)) {
		out_printf(out, "%s.0-kmmfs-%s #1 ", release_name(m->release), m->arch->name);
		return;
	}
	version += 14;
	len = (unsigned int)strcspn(version, " ");
	out_printf(out, "%.*s #1 ", len, version);
	if (rel_says_preemption(m->release) && strstr(version, "PREEMPT"))
		out_puts(out, "PREEMPT(lazy) ");
	build = strstr(version, "Debian ");
	while (build && strstr(build + 1, "Debian "))
		build = strstr(build + 1, "Debian ");
	if (build)
		out_printf(out, " %.*s", (int)strcspn(build, "("), build);
}

void dump_stack(struct machine *m)
{
	struct out kernel = OUT_INIT;
	char tainted[TAINTED_CHARS];

	taint_text(m, tainted);
	print_kernel(m, &kernel);
	printk(m, 4, "CPU: %u %sPID: %u Comm: %s %s %s", m->cpu,
	       rel_dump_stack_has_uid(m->release) ? "UID: 0 " : "", running_pid(m),
	       running_comm(m), tainted, out_error(&kernel) ? "" : kernel.text);
	out_free(&kernel);
	printk(m, 4, "Hardware name: kmmfs %s", m->arch->name);
	printk(m, 4, "Call Trace:");
	printk(m, 4, " <TASK>");
	print_frames(m, /* skip = */ 1);
	printk(m, 4, " </TASK>");
}

/* The kernel's function, until 6.1 and since; it has no such place: NULL. */
static const char *const warn_sites[NR_WARN_SITES][2] = {
	[WARN_ORDER] = { "__alloc_pages", "__alloc_frozen_pages_noprof" },
	[WARN_NOFAIL_ORDER] = { "get_page_from_freelist", NULL },
	[WARN_NOFAIL_ATOMIC] = { "__alloc_pages_slowpath.constprop.0",
				 "__alloc_pages_slowpath.constprop.0" },
	[WARN_NOFAIL_COSTLY] = { "__alloc_pages_slowpath.constprop.0", NULL },
};

void warn_on_once(struct machine *m, enum warn_site site)
{
	const char *function = warn_sites[site][rel_nofail_may_be_large(m->release)];

	if (!function || !m->boot_log || m->warned >> site & 1)
		return;
	m->warned |= 1U << site;
	warn_begin(m);
	warn_report(m, "mm/page_alloc.c", function);
}

void warn_begin(struct machine *m)
{
	printk(m, 4, "------------[ cut here ]------------");
}

void warn_report(struct machine *m, const char *file, const char *function)
{
	printk(m, 4, "WARNING: CPU: %u PID: %u at %s %s+0x0/0x0", m->cpu, running_pid(m), file,
	       function);
	dump_stack(m);
	printk(m, 4, "---[ end trace 0000000000000000 ]---");
	add_taint(m, TAINT_WARN);
}

void panic(struct machine *m, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printk(m, 0, "Kernel panic - not syncing: %s", text);
	dump_stack(m);
	printk(m, 0, "---[ end Kernel panic - not syncing: %s ]---", text);
	m->broken = m->panicked = true;
}
