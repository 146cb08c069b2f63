// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults as the kernel counts them: the software events of minor and major faults,
 * each one of them, of a process and all that it makes. A buffer for each CPU, since an
 * event that is inherited writes to the CPU's. The time that comes with a fault puts the
 * buffers in order; a thread that has stopped has all its faults there.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kmm-record.h"

#define LARGE_BUFFER 2048	/* pages, for who may lock them */
#define SMALL_BUFFER 16

struct ring {
	int fd, major_fd;
	struct perf_event_mmap_page *page;
	size_t pages;		/* of data */
	u64 major_id;
};

struct record_perf {
	GArray *rings;		/* of struct ring */
	GArray *fds;		/* of int */
	bool sees_kernel;
	u64 lost;
};

/* A sample, by the fields that are asked for: in this order. */
struct sample {
	struct perf_event_header header;
	u64 id, ip;
	u32 pid, tid;
	u64 time, addr;
};

static int open_event(u64 config, pid_t pid, int cpu, bool kernel)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = config,
		.sample_period = 1, .inherit = 1, .exclude_kernel = !kernel, .exclude_hv = 1,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC,
		.watermark = 1, .wakeup_watermark = 16 * PAGE_BYTES,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int map_ring(struct ring *ring)
{
	for (ring->pages = LARGE_BUFFER; ring->pages >= SMALL_BUFFER; ring->pages /= 2) {
		ring->page = mmap(NULL, (ring->pages + 1) * PAGE_BYTES, PROT_READ | PROT_WRITE,
				  MAP_SHARED, ring->fd, 0);
		if (ring->page != MAP_FAILED)
			return 0;
	}
	ring->page = NULL;
	return -errno;
}

static void close_ring(struct ring *ring)
{
	if (ring->page)
		munmap(ring->page, (ring->pages + 1) * PAGE_BYTES);
	if (ring->major_fd >= 0)
		close(ring->major_fd);
	if (ring->fd >= 0)
		close(ring->fd);
}

static int open_ring(struct ring *ring, pid_t pid, int cpu, bool kernel)
{
	int err = 0;

	*ring = (struct ring){ .fd = -1, .major_fd = -1 };
	ring->fd = open_event(PERF_COUNT_SW_PAGE_FAULTS_MIN, pid, cpu, kernel);
	if (ring->fd < 0)
		return -errno;
	ring->major_fd = open_event(PERF_COUNT_SW_PAGE_FAULTS_MAJ, pid, cpu, kernel);
	if (ring->major_fd < 0)
		err = -errno;
	if (!err)
		err = map_ring(ring);
	if (!err && (ioctl(ring->major_fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) ||
		     ioctl(ring->major_fd, PERF_EVENT_IOC_ID, &ring->major_id)))
		err = -errno;
	if (err)
		close_ring(ring);
	return err;
}

static int open_all(struct record_perf *perf, pid_t pid, bool kernel)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	int err = 0;

	for (long cpu = 0; cpu < nr_cpus && !err; cpu++) {
		struct ring ring;

		err = open_ring(&ring, pid, (int)cpu, kernel);
		if (err == -ENODEV) {	/* a CPU that is off */
			err = 0;
			continue;
		}
		if (err)
			break;
		g_array_append_val(perf->rings, ring);
		g_array_append_val(perf->fds, ring.fd);
	}
	perf->sees_kernel = kernel;
	return err;
}

static void close_all(struct record_perf *perf)
{
	for (guint i = 0; i < perf->rings->len; i++)
		close_ring(&g_array_index(perf->rings, struct ring, i));
	g_array_set_size(perf->rings, 0);
	g_array_set_size(perf->fds, 0);
}

static char *reason(int err)
{
	g_autofree char *level = NULL;

	if (!g_file_get_contents("/proc/sys/kernel/perf_event_paranoid", &level, NULL, NULL))
		return g_strdup("this kernel has no perf events");
	g_strchomp(level);
	if (err == -EACCES || err == -EPERM)
		return g_strdup_printf("this machine does not let you see page faults "
				       "(perf_event_open: %s; kernel.perf_event_paranoid is %s: "
				       "2 or less is needed, or root, and no container that forbids "
				       "the call)", g_strerror(-err), level);
	return g_strdup_printf("perf_event_open: %s", g_strerror(-err));
}

struct record_perf *record_perf_open(pid_t pid, char **why)
{
	struct record_perf *perf = g_new0(struct record_perf, 1);
	int err;

	perf->rings = g_array_new(FALSE, TRUE, sizeof(struct ring));
	perf->fds = g_array_new(FALSE, TRUE, sizeof(int));
	err = open_all(perf, pid, /* kernel = */ true);
	if (err) {
		close_all(perf);
		err = open_all(perf, pid, /* kernel = */ false);
	}
	if (!err)
		return perf;
	*why = reason(err);
	record_perf_close(perf);
	return NULL;
}

/* Bytes at a place of the ring, which goes round. */
static void copy_out(const struct ring *ring, u64 at, void *to, size_t len)
{
	const char *data = (const char *)ring->page + PAGE_BYTES;
	size_t size = ring->pages * PAGE_BYTES, offset = at % size;
	size_t part = MIN(len, size - offset);

	memcpy(to, data + offset, part);
	memcpy((char *)to + part, data, len - part);
}

static void take_sample(const struct ring *ring, u64 at, GArray *events)
{
	struct record_event event;
	struct sample sample;

	copy_out(ring, at, &sample, sizeof(sample));
	event = (struct record_event){
		.time = sample.time, .addr = sample.addr, .ip = sample.ip,
		.pid = (pid_t)sample.pid, .tid = (pid_t)sample.tid,
		.kernel = (sample.header.misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
			  PERF_RECORD_MISC_KERNEL,
		.major = sample.id == ring->major_id,
	};
	g_array_append_val(events, event);
}

static void drain_ring(struct record_perf *perf, const struct ring *ring, GArray *events)
{
	u64 tail = ring->page->data_tail;
	u64 head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);

	while (tail < head) {
		struct perf_event_header header;
		u64 lost[2];

		copy_out(ring, tail, &header, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE) {
			take_sample(ring, tail, events);
		} else if (header.type == PERF_RECORD_LOST) {
			copy_out(ring, tail + sizeof(header), lost, sizeof(lost));
			perf->lost += lost[1];
		}
		tail += header.size;
	}
	__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct record_event *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

void record_perf_drain(struct record_perf *perf, GArray *events)
{
	guint before = events->len;

	for (guint i = 0; i < perf->rings->len; i++)
		drain_ring(perf, &g_array_index(perf->rings, struct ring, i), events);
	if (events->len > before)
		g_array_sort(events, by_time);
}

unsigned int record_perf_fds(const struct record_perf *perf, const int **fds)
{
	*fds = (const int *)(const void *)perf->fds->data;
	return perf->fds->len;
}

bool record_perf_sees_kernel(const struct record_perf *perf)
{
	return perf->sees_kernel;
}

u64 record_perf_lost(const struct record_perf *perf)
{
	return perf->lost;
}

void record_perf_close(struct record_perf *perf)
{
	close_all(perf);
	g_array_free(perf->rings, TRUE);
	g_array_free(perf->fds, TRUE);
	g_free(perf);
}
