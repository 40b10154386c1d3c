#include "node/discover/discover_watch.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"

#define FILE_INTERVAL_MS 500
#define STACK_BYTES (512u << 10)

struct discover_watch {
	struct source source;
	uint64_t interval_ms;
	int event_fd; /* its own copy */
	_Atomic unsigned n_owners;

	pthread_mutex_t lock; /* guards all of these */
	pthread_cond_t wake;
	bool must_stop;
	enum watch_state state;
	struct target_list fresh; /* not yet taken */
	bool is_news;

	/* the thread's own */
	struct target_list last;
	char why[SOURCE_WHY_SIZE]; /* of the last failure; "": there was none */
	struct stat seen;          /* of a file, when it was last read */
};

static void *run(void *arg);

static void unref(struct discover_watch *w)
{
	unsigned n_before = atomic_fetch_sub(&w->n_owners, 1);

	assert(n_before == 1 || n_before == 2); /* who started it, and its thread */
	if (n_before > 1)
		return;
	close(w->event_fd);
	target_list_deinit(&w->fresh);
	target_list_deinit(&w->last);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static int start_thread(struct discover_watch *w)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	atomic_fetch_add(&w->n_owners, 1);
	if (r == 0)
		r = pthread_create(&thread, &attr, run, w);
	if (r != 0)
		atomic_fetch_sub(&w->n_owners, 1);
	pthread_attr_destroy(&attr);
	return -r;
}

int discover_watch_start(const struct source *source, uint64_t interval_ms, int event_fd,
			 struct discover_watch **watchp)
{
	struct discover_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->source = *source;
	w->interval_ms = source->kind == SOURCE_FILE ? FILE_INTERVAL_MS : interval_ms;
	atomic_init(&w->n_owners, 1);
	pthread_mutex_init(&w->lock, NULL);
	cond_init(&w->wake);
	w->event_fd = dup(event_fd);
	r = w->event_fd < 0 ? -errno : start_thread(w);
	if (r != 0)
		unref(w);
	else
		*watchp = w;
	return r;
}

void discover_watch_stop(struct discover_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	unref(w);
}

const struct source *discover_watch_source(const struct discover_watch *w)
{
	return &w->source;
}

enum watch_state discover_watch_take(struct discover_watch *w, struct target_list *listp,
				     bool *is_newsp)
{
	enum watch_state state;

	pthread_mutex_lock(&w->lock);
	assert(w->is_news || !w->fresh.targets); /* else it would be taken, and not freed */
	state = w->state;
	*is_newsp = w->is_news;
	*listp = w->fresh;
	w->fresh = (struct target_list){ 0 };
	w->is_news = false;
	pthread_mutex_unlock(&w->lock);
	return state;
}

/* ---- the thread ---- */

static bool copy(struct target_list *to, const struct target_list *from)
{
	*to = (struct target_list){ 0 };
	for (size_t i = 0; i < from->n; i++)
		if (!target_list_add(to, &from->targets[i]))
			return false;
	return true;
}

static void tell(struct discover_watch *w, enum watch_state state, struct target_list *news)
{
	bool is_news = news != NULL;

	assert(state != WATCH_PENDING && (!news || state == WATCH_READ));
	pthread_mutex_lock(&w->lock);
	is_news |= w->state != state;
	w->state = state;
	if (news) {
		target_list_deinit(&w->fresh);
		w->fresh = *news;
		w->is_news = true;
	}
	pthread_mutex_unlock(&w->lock);
	if (is_news && eventfd_write(w->event_fd, 1) != 0)
		log_debug("discover", "the control thread knows already");
}

static void on_read(struct discover_watch *w, struct target_list *list)
{
	bool is_first = w->state == WATCH_PENDING;
	struct target_list news = { 0 };

	if (w->why[0])
		log_info("discover", "the source can be read again", "source=%s", w->source.name);
	w->why[0] = '\0';
	if (!is_first && target_list_is(list, &w->last)) {
		target_list_deinit(list);
		tell(w, WATCH_READ, NULL);
		return;
	}
	if (!copy(&news, list)) {
		target_list_deinit(&news);
		target_list_deinit(list);
		w->seen = (struct stat){ 0 }; /* the next look finds it again */
		return;
	}
	log_info("discover", "list read", "source=%s analyzers=%zu", w->source.name, list->n);
	target_list_deinit(&w->last);
	w->last = *list;
	tell(w, WATCH_READ, &news);
}

/* Said once for each reason. */
static void on_failed(struct discover_watch *w, const char *why)
{
	if (strcmp(why, w->why) != 0)
		log_warn("discover", "the source cannot be read",
			 "source=%s reason=%s kept=%zu runbook=%s", w->source.name, why, w->last.n,
			 LOG_RUNBOOK "a-source-of-analyzers-cannot-be-read");
	strcpy(w->why, why);
	w->seen = (struct stat){ 0 }; /* it may be the same file that can be read next time */
	tell(w, WATCH_FAILED, NULL);
}

/* A file that is as it was need not be read again. */
static bool is_unchanged(struct discover_watch *w)
{
	struct stat now;
	bool is_same;

	if (w->source.kind != SOURCE_FILE || stat(w->source.path, &now) != 0)
		return false;
	is_same = w->state != WATCH_PENDING && now.st_ino == w->seen.st_ino &&
		  now.st_dev == w->seen.st_dev && now.st_size == w->seen.st_size &&
		  memcmp(&now.st_mtim, &w->seen.st_mtim, sizeof(now.st_mtim)) == 0 &&
		  memcmp(&now.st_ctim, &w->seen.st_ctim, sizeof(now.st_ctim)) == 0;
	w->seen = now;
	return is_same;
}

static void look(struct discover_watch *w)
{
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE] = "";

	if (is_unchanged(w))
		return;
	if (source_read(&w->source, &list, why))
		on_read(w, &list);
	else
		on_failed(w, why);
}

/* False: it is to stop. */
static bool wait(struct discover_watch *w)
{
	uint64_t due_us = clock_mono_us() + w->interval_ms * US_PER_MS;
	struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
				.tv_nsec = (long)(due_us % US_PER_S) * 1000 };
	bool must_stop;

	pthread_mutex_lock(&w->lock);
	while (!w->must_stop && clock_mono_us() < due_us)
		pthread_cond_timedwait(&w->wake, &w->lock, &due);
	must_stop = w->must_stop;
	pthread_mutex_unlock(&w->lock);
	return !must_stop;
}

static void *run(void *arg)
{
	struct discover_watch *w = arg;

	pthread_setname_np(pthread_self(), "discover");
	do
		look(w);
	while (wait(w));
	unref(w);
	return NULL;
}
