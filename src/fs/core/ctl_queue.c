// SPDX-License-Identifier: GPL-2.0-or-later
/* One buffer that is moved to its front when the front was read, else doubled. */
#include "fs/core/ctl_queue.h"

#include <stdlib.h>

int ctl_queue_reserve(struct ctl_queue *queue, size_t bytes)
{
	size_t waiting = queue->len - queue->start, room;
	char *text;

	if (likely(queue->room - queue->len >= bytes))
		return 0;
	if (waiting + bytes > REPLIES_BYTES)
		return -ENOBUFS;
	if (queue->start && queue->start >= queue->room / 2) {
		memmove(queue->text, queue->text + queue->start, waiting);
		queue->start = 0;
		queue->len = waiting;
	}
	for (room = MAX(queue->room, 8192); room - queue->len < bytes;)
		room *= 2;
	text = realloc(queue->text, room);
	if (!text)
		return -ENOMEM;
	queue->text = text;
	queue->room = room;
	return 0;
}

void ctl_queue_add(struct ctl_queue *queue, const char *text, size_t len)
{
	len = MIN(len, queue->room - queue->len);
	if (!len)
		return;
	memcpy(queue->text + queue->len, text, len);
	queue->len += len;
}

size_t ctl_queue_read(struct ctl_queue *queue, char *buf, size_t len)
{
	len = MIN(len, queue->len - queue->start);
	if (!len)
		return 0;
	memcpy(buf, queue->text + queue->start, len);
	queue->start += len;
	if (queue->start == queue->len)
		queue->start = queue->len = 0;
	return len;
}

void ctl_queue_free(struct ctl_queue *queue)
{
	free(queue->text);
	*queue = (struct ctl_queue){ 0 };
}
