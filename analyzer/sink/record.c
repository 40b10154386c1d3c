#include "analyzer/sink/record.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/write_all.h"

struct record {
	int fd;
	pthread_mutex_t lock; /* one batch at a time, or a failed one could not be cut off */
};

int record_open(const char *path, struct record **recordp)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	record->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (record->fd < 0) {
		int r = -errno;

		free(record);
		return r;
	}
	pthread_mutex_init(&record->lock, NULL);
	*recordp = record;
	return 0;
}

void record_close(struct record *record)
{
	if (!record)
		return;
	close(record->fd);
	pthread_mutex_destroy(&record->lock);
	free(record);
}

static int append_or_undo(int fd, const char *lines, size_t len)
{
	struct stat before;
	int r;

	if (fstat(fd, &before) < 0)
		return -errno;
	r = write_all(fd, lines, len);
	if (r && S_ISREG(before.st_mode) && ftruncate(fd, before.st_size) < 0)
		return -errno;
	return r;
}

int record_append(struct record *record, const char *lines, size_t len)
{
	int r;

	pthread_mutex_lock(&record->lock);
	r = append_or_undo(record->fd, lines, len);
	pthread_mutex_unlock(&record->lock);
	return r;
}
