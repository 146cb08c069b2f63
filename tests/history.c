// SPDX-License-Identifier: GPL-2.0-or-later
#include "history.h"

#include <stdio.h>

#define REBOOT_EVERY 997

void history_line(unsigned int n, char line[HISTORY_LINE])
{
	unsigned int x = n * 2654435761U >> 16;

	if (n % REBOOT_EVERY == REBOOT_EVERY - 1) {
		snprintf(line, HISTORY_LINE, "sim/ctl: reboot");
		return;
	}
	switch (n % 14) {
	case 0:
		snprintf(line, HISTORY_LINE, "sim/ctl: alloc_pages %u as p%u", x % 4, x % 5);
		break;
	case 1:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: fork as kid");
		break;
	case 2:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: mmap 0 %uK rw private,anon as buf",
			 16 + 4 * (x % 20));
		break;
	case 3:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: mlock @buf %u", x % 65536 + 1);
		break;
	case 4:
		snprintf(line, HISTORY_LINE, "proc/sys/vm/swappiness: %u", x % 120);
		break;
	case 5:
		snprintf(line, HISTORY_LINE, "sim/cpu/0/ctl: kmalloc %u", x % 9000 + 1);
		break;
	case 6:
		snprintf(line, HISTORY_LINE, "sim/ctl: tick %u", x % 300 + 1);
		break;
	case 7:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: munmap @buf+%uK 4K", 4 * (x % 4));
		break;
	case 8:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: kill @kid KILL");
		break;
	case 9:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: wait4 -1");
		break;
	case 10:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: memfd_create \"a \\\"%u\\\" = 0\" 0 as fd",
			 x % 1000);
		break;
	case 11:
		snprintf(line, HISTORY_LINE, "proc/1/ctl: close @fd");
		break;
	case 12:
		snprintf(line, HISTORY_LINE, "proc/1/comm: it's %u\\", x % 1000);
		break;
	default:
		if (x % 3)
			snprintf(line, HISTORY_LINE, "sim/ctl: free_pages @p%u %u", x % 5, x % 4);
		else
			snprintf(line, HISTORY_LINE, "sim/ctl: undo %u", x % 7);
	}
}
