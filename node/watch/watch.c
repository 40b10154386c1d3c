#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"
#include "node/watch/past_json.h"
#include "node/watch/watch.h"
#include "node/watch/watch_own.h"
#include "registry/scripts.h"

#define CALL_MS 1000
#define WANTED_US 3000000 /* who looked so long ago still does */
#define FRESH_US 1200000

static_assert(FRESH_US > WATCH_LOOK_US && WANTED_US > FRESH_US,
	      "who waits gets a view of the next look, and still counts as looking then");

/* ---- the thread ---- */

/* Under the lock. */
static bool is_wanted(const struct watch *w)
{
	return w->wanted_us && clock_mono_us() - w->wanted_us < WANTED_US;
}

/* Whether somebody looks; *goes_onp: it is not to stop. Who begins to look wakes it early. */
static bool wait_for(struct watch *w, uint64_t last_us, bool *goes_onp)
{
	bool wanted;

	assert(w->look_us >= WATCH_LOOK_US && w->idle_us >= WATCH_IDLE_US);
	pthread_mutex_lock(&w->lock);
	while (!w->must_stop) {
		uint64_t due_us = last_us + (is_wanted(w) ? w->look_us : w->idle_us);
		struct timespec until = { (time_t)(due_us / US_PER_S),
					  (long)(due_us % US_PER_S * 1000) };

		if (clock_mono_us() >= due_us)
			break;
		pthread_cond_timedwait(&w->changed, &w->lock, &until);
	}
	*goes_onp = !w->must_stop;
	wanted = is_wanted(w);
	pthread_mutex_unlock(&w->lock);
	return wanted;
}

static void *run(void *arg)
{
	struct watch *w = arg;
	bool goes_on = true, wanted = false;

	pthread_setname_np(pthread_self(), "watch");
	while (goes_on) {
		uint64_t start_us = clock_mono_us();

		if ((wanted ? watch_look(w) : watch_glance(w)) != 0)
			watch_look_away(w);
		wanted = wait_for(w, start_us, &goes_on);
	}
	return NULL;
}

/* ---- life ---- */

int watch_new(struct node_shared *shared, struct watch **watchp)
{
	struct watch *w = calloc(1, sizeof(*w));
	bool has_recent;
	int r;

	if (!w)
		return -ENOMEM;
	w->shared = shared;
	w->look_us = WATCH_LOOK_US;
	w->idle_us = WATCH_IDLE_US;
	w->client = client_new(&shared->redis, registry_scripts(&shared->keys), CALL_MS);
	has_recent = recent_init(&w->recent);
	past_init(&w->past);
	w->store = (struct past_store){ .client = w->client,
					.keys = &shared->keys,
					.node = shared->config->node_id,
					.lock = &w->lock,
					.past = &w->past };
	w->history_share = (struct history_share){
		.client = w->client, .keys = &shared->keys, .lock = &w->lock, .history = &w->history
	};
	w->troubles = (struct troubles){ .client = w->client, .keys = &shared->keys };
	r = history_init(&w->history);
	pthread_mutex_init(&w->lock, NULL);
	cond_init(&w->changed);
	if (r == 0)
		r = w->client && has_recent ? -pthread_create(&w->thread, NULL, run, w) : -ENOMEM;
	w->has_thread = r == 0;
	if (r != 0) {
		watch_free(w);
		return r;
	}
	*watchp = w;
	return 0;
}

void watch_stop(struct watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	watch_stop(w);
	if (w->has_thread)
		pthread_join(w->thread, NULL);
	view_unref(w->view);
	roster_unref(w->roster);
	roster_unref(w->pool);
	reports_deinit(&w->reports);
	history_deinit(&w->history);
	past_deinit(&w->past);
	recent_deinit(&w->recent);
	free(w->own_report);
	client_free(w->client);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* ---- who tells it ---- */

void watch_hear(struct watch *w, const char *report)
{
	char *copy = strdup(report), *old = NULL;

	pthread_mutex_lock(&w->lock);
	if (copy) {
		old = w->own_report;
		w->own_report = copy;
	}
	pthread_mutex_unlock(&w->lock);
	free(old);
}

void watch_tell(struct watch *w, struct roster *roster)
{
	struct history_extra extra;
	uint64_t now_us;

	pthread_mutex_lock(&w->lock);
	if (!redis_state_takes_writes(redis_seen_view(&w->shared->redis_seen).state))
		history_away(&w->history); /* nodes cannot settle */
	extra.refused = w->n_refused;
	now_us = clock_mono_us();
	if (history_push(&w->history, roster, &extra, now_us / US_PER_MS) != 0)
		log_error("watch", "out of memory for the history");
	if (past_continue(&w->past, &w->history, roster) != 0)
		log_error("watch", "out of memory for the past");
	roster_unref(w->pool);
	w->pool = roster_ref(roster);
	w->pool_seen_us = now_us;
	pthread_mutex_unlock(&w->lock);
}

/* ---- readers ---- */

/* Under the lock: until `due_us`, or there is a view made after `made_us`. */
static void await(struct watch *w, uint64_t made_us, uint64_t due_us)
{
	struct timespec until = { (time_t)(due_us / US_PER_S), (long)(due_us % US_PER_S * 1000) };

	w->wanted_us = clock_mono_us();
	pthread_cond_broadcast(&w->changed);
	while (!w->must_stop && (!w->view || w->view->made_us <= made_us))
		if (pthread_cond_timedwait(&w->changed, &w->lock, &until) != 0)
			break;
}

struct view *watch_view(struct watch *w)
{
	uint64_t now = clock_mono_us();
	struct view *view;

	pthread_mutex_lock(&w->lock);
	await(w, now > FRESH_US ? now - FRESH_US : 0, now + FRESH_US);
	view = view_ref(w->view);
	pthread_mutex_unlock(&w->lock);
	return view;
}

struct view *watch_latest(struct watch *w)
{
	struct view *view;
	bool is_news;

	pthread_mutex_lock(&w->lock);
	is_news = !is_wanted(w);
	w->wanted_us = clock_mono_us();
	if (is_news)
		pthread_cond_broadcast(&w->changed);
	view = view_ref(w->view);
	pthread_mutex_unlock(&w->lock);
	return view;
}

struct roster *watch_roster(struct watch *w, uint64_t *seen_usp)
{
	struct roster *roster;

	pthread_mutex_lock(&w->lock);
	roster = roster_ref(w->pool);
	*seen_usp = w->pool_seen_us;
	pthread_mutex_unlock(&w->lock);
	return roster;
}

cJSON *watch_history_json(struct watch *w, enum past_range range)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(w);
	cJSON *json;

	if (!view)
		return NULL;
	pthread_mutex_lock(&w->lock);
	assert(w->pool); /* the view is of it, or of an earlier one */
	json = past_json(&w->past, range, &w->history, w->pool);
	pthread_mutex_unlock(&w->lock);
	return json;
}

cJSON *watch_events_json(struct watch *w, const char *after, unsigned most)
{
	cJSON *list;

	pthread_mutex_lock(&w->lock);
	list = recent_json(&w->recent, after, most);
	pthread_mutex_unlock(&w->lock);
	return list;
}
