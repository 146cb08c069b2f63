// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records lie in chunks that do not move, so that whoever commits reads them while
 * others are appended behind. The last chunk stays: it may have the room that was
 * reserved. Blocks of the disk are taken a piece ahead, behind the end of the file, so
 * that a full disk refuses a line before it runs.
 */
#include "fs/core/journal_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/core/journal_record.h"

#define CHUNK_BYTES (128U << 10)
#define AHEAD_BYTES (256U << 10)

struct chunk {
	struct chunk *next;
	u32 used, written;
	char bytes[CHUNK_BYTES];
};

struct journal_file {
	int fd;
	u32 crc;		/* under the tree's lock, as all that appends */
	u64 taken;		/* bytes of disk that are ours */

	pthread_mutex_t lock;
	pthread_cond_t committed;
	/* Guarded by the lock. */
	struct chunk *first, *last;
	u64 appended, durable;	/* bytes of the file */
	bool busy;		/* somebody commits */
	int err;		/* what a commit failed with */
};

int journal_file_new(int fd, u64 bytes, u32 crc, struct journal_file **result)
{
	struct journal_file *file = calloc(1, sizeof(*file));

	if (file)
		file->first = file->last = calloc(1, sizeof(*file->last));
	if (!file || !file->last) {
		free(file);
		return -ENOMEM;
	}
	file->fd = fd;
	file->crc = crc;
	file->appended = file->durable = file->taken = bytes;
	pthread_mutex_init(&file->lock, NULL);
	pthread_cond_init(&file->committed, NULL);
	*result = file;
	return 0;
}

void journal_file_free(struct journal_file *file)
{
	if (!file)
		return;
	if (!journal_file_commit(file) && file->taken > file->appended &&
	    ftruncate(file->fd, (off_t)file->appended))
		file->err = -errno;	/* what was taken ahead stays taken */
	while (file->first) {
		struct chunk *next = file->first->next;

		free(file->first);
		file->first = next;
	}
	close(file->fd);
	pthread_cond_destroy(&file->committed);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

/* Not every file system can; then a full disk shows when a record is written. */
static int take_disk(struct journal_file *file)
{
	if (likely(file->appended + RECORD_TEXT + RECORD_FRAME <= file->taken))
		return 0;
	if (fallocate(file->fd, FALLOC_FL_KEEP_SIZE, (off_t)file->appended, AHEAD_BYTES) &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	file->taken = file->appended + AHEAD_BYTES;
	return 0;
}

int journal_file_reserve(struct journal_file *file)
{
	struct chunk *chunk;
	int err;

	pthread_mutex_lock(&file->lock);
	err = file->err;
	chunk = file->last;
	if (!err)
		err = take_disk(file);
	if (!err && CHUNK_BYTES - chunk->used < RECORD_TEXT + RECORD_FRAME) {
		chunk = malloc(sizeof(*chunk));
		if (chunk) {
			chunk->next = NULL;
			chunk->used = chunk->written = 0;
			file->last->next = chunk;
			file->last = chunk;
		}
		err = chunk ? 0 : -ENOMEM;
	}
	pthread_mutex_unlock(&file->lock);
	return err;
}

void journal_file_append(struct journal_file *file, const char *text, size_t len)
{
	struct chunk *chunk = file->last;	/* only who appends moves it */
	size_t bytes;

	if (!text || len > RECORD_TEXT) {	/* a hole in the history: nothing may follow */
		pthread_mutex_lock(&file->lock);
		file->err = file->err ? file->err : -ENOMEM;
		pthread_mutex_unlock(&file->lock);
		return;
	}
	bytes = journal_record_put(chunk->bytes + chunk->used, &file->crc, text, len);
	pthread_mutex_lock(&file->lock);
	chunk->used += bytes;
	file->appended += bytes;
	pthread_mutex_unlock(&file->lock);
}

static int write_all(int fd, const char *bytes, size_t len, u64 offset)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

/* What was appended by now goes to disk. The lock is put down meanwhile. */
static void commit(struct journal_file *file)
{
	struct chunk *chunk = file->first, *last = file->last;
	u32 used = last->used;
	u64 target = file->appended, at = file->durable;
	int err = 0;

	file->busy = true;
	pthread_mutex_unlock(&file->lock);
	for (; !err; chunk = chunk->next) {
		u32 end = chunk == last ? used : chunk->used;

		err = write_all(file->fd, chunk->bytes + chunk->written, end - chunk->written, at);
		at += end - chunk->written;
		chunk->written = end;
		if (chunk == last)
			break;
	}
	if (!err && fdatasync(file->fd))
		err = -errno;
	pthread_mutex_lock(&file->lock);
	file->busy = false;
	if (err)
		file->err = err;
	else
		file->durable = target;
	while (!err && file->first != last) {
		chunk = file->first->next;
		free(file->first);
		file->first = chunk;
	}
	pthread_cond_broadcast(&file->committed);
}

int journal_file_commit(struct journal_file *file)
{
	u64 wanted;
	int err;

	pthread_mutex_lock(&file->lock);
	wanted = file->appended;
	while (!file->err && file->durable < wanted) {
		if (file->busy)
			pthread_cond_wait(&file->committed, &file->lock);
		else
			commit(file);
	}
	err = file->err;
	pthread_mutex_unlock(&file->lock);
	return err;
}

u64 journal_file_bytes(struct journal_file *file)
{
	u64 bytes;

	pthread_mutex_lock(&file->lock);
	bytes = file->appended;
	pthread_mutex_unlock(&file->lock);
	return bytes;
}
