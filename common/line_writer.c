/*
 * Two buffers of records (length, bytes): callers fill one, the thread empties the other, and takes
 * the full one when it is done. The lock is never held during a write(2).
 */
#include "common/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cond.h"

#define MAX_WAITING (64u << 10) /* bytes of lines that wait */
#define FLUSH_STEP_MS 10

struct lines {
	size_t len;
	char data[MAX_WAITING];
};

struct line_writer {
	int fd;
	line_writer_resumed_fn on_resumed;
	pthread_mutex_t lock; /* guards what follows, but for `lost` */
	pthread_cond_t came;  /* there are lines to write */
	pthread_cond_t idle;  /* all of them are written */
	struct lines *waiting, *writing;
	uint64_t began_us; /* when the write that is in progress began; 0: none is */
	bool is_busy;      /* the thread has lines */

	_Atomic uint64_t lost;
	uint64_t told; /* of `lost`; the thread's own */
};

/* Waits as long as the descriptor makes it wait. */
static bool write_whole(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) /* somebody else made the open file non-blocking */
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void set_began(struct line_writer *w, uint64_t now_us)
{
	pthread_mutex_lock(&w->lock);
	w->began_us = now_us;
	pthread_mutex_unlock(&w->lock);
}

static void write_line(struct line_writer *w, const char *line, size_t len)
{
	bool ok;
	uint64_t lost;

	set_began(w, clock_mono_us());
	ok = write_whole(w->fd, line, len);
	set_began(w, 0);
	if (!ok) {
		atomic_fetch_add(&w->lost, 1);
		return;
	}
	lost = atomic_load(&w->lost);
	if (lost == w->told)
		return;
	if (w->on_resumed)
		w->on_resumed(lost - w->told);
	w->told = lost;
}

static void write_lines(struct line_writer *w, const struct lines *lines)
{
	uint16_t len;

	for (size_t at = 0; at < lines->len; at += len) {
		memcpy(&len, lines->data + at, sizeof(len));
		at += sizeof(len);
		write_line(w, lines->data + at, len);
	}
}

static void *run(void *arg)
{
	struct line_writer *w = arg;
	struct lines *taken;

	pthread_mutex_lock(&w->lock);
	while (true) {
		while (w->waiting->len == 0) {
			w->is_busy = false;
			pthread_cond_broadcast(&w->idle);
			pthread_cond_wait(&w->came, &w->lock);
		}
		taken = w->waiting;
		w->waiting = w->writing;
		w->waiting->len = 0;
		w->writing = taken;
		w->is_busy = true;
		pthread_mutex_unlock(&w->lock);
		write_lines(w, taken);
		pthread_mutex_lock(&w->lock);
	}
	return NULL;
}

/* Signals are the program's own: none of them comes to this thread. */
static int start_thread(struct line_writer *w)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0 ? -pthread_detach(thread) : -r;
}

static void init_sync(struct line_writer *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->came, NULL);
	cond_init(&w->idle);
}

struct line_writer *line_writer_start(int fd, line_writer_resumed_fn on_resumed)
{
	struct line_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fd = fd;
	w->on_resumed = on_resumed;
	w->waiting = calloc(1, sizeof(*w->waiting));
	w->writing = calloc(1, sizeof(*w->writing));
	init_sync(w);
	if (w->waiting && w->writing && start_thread(w) == 0)
		return w;
	free(w->waiting);
	free(w->writing);
	free(w);
	return NULL;
}

/* A write may also last because its thread gets no processor: the descriptor is asked. */
static bool takes_nothing(int fd)
{
	return poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 0) == 0;
}

static bool is_stuck(const struct line_writer *w, uint64_t now_us, uint64_t ms)
{
	return w->began_us && now_us > w->began_us + ms * US_PER_MS && takes_nothing(w->fd);
}

bool line_writer_push(struct line_writer *w, const char *line, size_t len)
{
	int saved_errno = errno;
	uint64_t now_us = clock_mono_us();
	uint16_t size = (uint16_t)len;
	struct lines *lines;
	bool fits;

	assert(len <= LINE_WRITER_MAX_LINE);
	pthread_mutex_lock(&w->lock);
	lines = w->waiting;
	fits = !is_stuck(w, now_us, LINE_WRITER_STUCK_MS) &&
	       lines->len + sizeof(size) + len <= MAX_WAITING;
	if (fits) {
		memcpy(lines->data + lines->len, &size, sizeof(size));
		memcpy(lines->data + lines->len + sizeof(size), line, len);
		lines->len += sizeof(size) + len;
		w->is_busy = true;
		pthread_cond_signal(&w->came);
	}
	pthread_mutex_unlock(&w->lock);
	if (!fits)
		atomic_fetch_add(&w->lost, 1);
	errno = saved_errno;
	return fits;
}

static void wait_a_step(struct line_writer *w, uint64_t now_us)
{
	uint64_t until_us = now_us + FLUSH_STEP_MS * US_PER_MS;
	struct timespec until = { .tv_sec = (time_t)(until_us / US_PER_S),
				  .tv_nsec = (long)(until_us % US_PER_S * 1000) };

	pthread_cond_timedwait(&w->idle, &w->lock, &until);
}

bool line_writer_flush(struct line_writer *w, uint64_t ms)
{
	uint64_t now_us = clock_mono_us(), until_us = now_us + LINE_WRITER_FLUSH_MS * US_PER_MS;
	bool is_done;

	pthread_mutex_lock(&w->lock);
	while (w->is_busy && now_us < until_us && !is_stuck(w, now_us, ms)) {
		wait_a_step(w, now_us);
		now_us = clock_mono_us();
	}
	is_done = !w->is_busy;
	pthread_mutex_unlock(&w->lock);
	return is_done;
}

uint64_t line_writer_dropped(const struct line_writer *w)
{
	return atomic_load(&w->lost);
}
