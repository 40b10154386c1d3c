#include "analyzer/sink/sink_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/write_all.h"

#define PATH_BYTES 2048

struct sink_file {
	char *path; /* owned */
	uint64_t max_bytes;
	unsigned n_files;
	int fd; /* -1: it could not be opened again; the next append tries */
	pthread_mutex_t lock;
};

static int open_path(struct sink_file *file)
{
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	return file->fd < 0 ? -errno : 0;
}

int sink_file_open(const char *path, uint64_t max_bytes, unsigned n_files, struct sink_file **filep)
{
	struct sink_file *file = calloc(1, sizeof(*file));
	int r = file ? 0 : -ENOMEM;

	if (r)
		return r;
	file->fd = -1;
	file->max_bytes = max_bytes;
	file->n_files = n_files;
	pthread_mutex_init(&file->lock, NULL);
	file->path = strdup(path);
	r = file->path ? open_path(file) : -ENOMEM;
	if (r)
		sink_file_close(file);
	else
		*filep = file;
	return r;
}

void sink_file_close(struct sink_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	pthread_mutex_destroy(&file->lock);
	free(file->path);
	free(file);
}

/* PATH.N-1 goes, the others move up by one, and PATH begins anew. */
static int rotate(struct sink_file *file)
{
	char from[PATH_BYTES], to[PATH_BYTES];

	for (unsigned i = file->n_files - 1; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", file->path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", file->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", file->path);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	if (file->n_files == 1 && ftruncate(file->fd, 0) < 0)
		return -errno;
	close(file->fd);
	return open_path(file);
}

static int append_or_undo(struct sink_file *file, const char *lines, size_t len)
{
	struct stat before;
	int r = file->fd < 0 ? open_path(file) : 0;

	if (r == 0 && fstat(file->fd, &before) < 0)
		r = -errno;
	if (r == 0 && S_ISREG(before.st_mode) && before.st_size > 0 &&
	    (uint64_t)before.st_size + len > file->max_bytes) {
		r = rotate(file);
		if (r == 0 && fstat(file->fd, &before) < 0)
			r = -errno;
	}
	if (r)
		return r;
	r = write_all(file->fd, lines, len);
	if (r && S_ISREG(before.st_mode) && ftruncate(file->fd, before.st_size) < 0)
		return -errno;
	return r;
}

int sink_file_append(struct sink_file *file, const char *lines, size_t len)
{
	int r;

	pthread_mutex_lock(&file->lock);
	r = append_or_undo(file, lines, len);
	pthread_mutex_unlock(&file->lock);
	return r;
}
