#include "node/watch/watch.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/cond.h"
#include "common/log.h"
#include "node/watch/history_share.h"
#include "node/watch/past_json.h"
#include "node/watch/past_store.h"
#include "node/watch/since.h"
#include "node/watch/troubles.h"
#include "registry/journal.h"
#include "registry/leases.h"
#include "registry/membership.h"
#include "registry/overview.h"
#include "registry/scripts.h"

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swapped_ = (a);                                                      \
		(a) = (b);                                                                         \
		(b) = swapped_;                                                                    \
	} while (0)
#define CALL_MS 1000
#define LOOK_US 1000000 /* while somebody looks */
#define LOOK_MOST_US 2500000
#define LOOK_PARTS 160    /* of a core's time, for those who look at a big pool */
#define IDLE_US 10000000  /* else */
#define IDLE_PARTS 100    /* of Redis' time, for all nodes that idle */
#define WANTED_US 3000000 /* who looked so long ago still does */
#define FRESH_US 1200000
#define TROUBLE_PARTS 100 /* of Redis' time, for the node that tells of troubles */
#define HOUR_MS 3600000ULL

struct watch {
	struct node_shared *shared;
	pthread_t thread;
	bool has_thread;
	struct client *client; /* the thread's own, as are the next */
	struct roster *roster; /* as last seen; NULL: never */
	struct reports reports;
	struct since since;
	uint64_t seen_us;
	double round_trip_ms;
	uint64_t look_us; /* between looks while somebody wants them */
	uint64_t idle_us; /* between looks while nobody wants them */
	struct past_store store;
	struct history_share history_share;
	struct troubles troubles;

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	bool must_stop;
	char *own_report;    /* what the node reports of itself; NULL: nothing yet */
	double n_refused;    /* requests, as the nodes last reported */
	uint64_t wanted_us;  /* when somebody last looked */
	struct roster *pool; /* as last seen, maybe without accounts; NULL: never */
	uint64_t pool_seen_us;
	struct view *view;
	struct history history;
	struct past past;
	cJSON *events; /* the oldest first; at most WATCH_EVENTS */
};

/* ---- the thread ---- */

/* Under the lock. By Redis' clock, as the past is. */
static double rate_hour_ago(const struct watch *w)
{
	uint64_t now_ms = w->roster->now_ms;

	return now_ms > HOUR_MS ? past_rate(&w->past, now_ms - HOUR_MS) : -1;
}

static void fill_since(void *arg, struct causes *causes, uint64_t now_ms)
{
	since_fill(arg, causes, now_ms);
}

static cJSON *make_overview(struct watch *w, bool is_current)
{
	struct redis_view redis = redis_seen_view(&w->shared->redis_seen);
	struct overview o = { .pool = w->shared->config->pool,
			      .node = w->shared->config->node_id,
			      .emitter_url = w->shared->config->emitter_url,
			      .roster = w->roster,
			      .reports = &w->reports,
			      .history = &w->history,
			      .every_ms = w->look_us / US_PER_MS,
			      .is_current = is_current,
			      .is_own = !is_current || !redis_state_takes_writes(redis.state),
			      .round_trip_ms = w->round_trip_ms,
			      .redis = redis,
			      .spill_max_bytes = (double)w->shared->config->spill_max_bytes,
			      .rate_hour = rate_hour_ago(w),
			      .events = w->events,
			      .fill_since = fill_since,
			      .since_arg = &w->since };

	if (!is_current && redis_state_takes_writes(redis.state)) {
		/* the control thread will find it, too */
		o.redis.state = redis_state_of_error(client_error(w->client));
		o.redis.since_ms = (clock_wall_us() - (clock_mono_us() - w->seen_us)) / US_PER_MS;
		snprintf(o.redis.error, sizeof(o.redis.error), "%s", client_error(w->client));
	}

	return overview_json(&o);
}

/* is_current: the pool was seen just now. Else it is shown as it was, with the reason. */
static void publish(struct watch *w, bool is_current)
{
	struct view *view;

	pthread_mutex_lock(&w->lock); /* of the history */
	view = view_new(make_overview(w, is_current), w->seen_us);
	if (view)
		SWAP(w->view, view);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	view_unref(view);
}

/* An entry that stands for several takes the place of the earlier one. */
static void drop_folded(cJSON *events, const cJSON *event)
{
	if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(event, "count")) < 2)
		return;
	for (int i = cJSON_GetArraySize(events) - 1; i >= 0; i--) {
		if (!journal_is_same(cJSON_GetArrayItem(events, i), event))
			continue;
		cJSON_DeleteItemFromArray(events, i);
		return;
	}
}

/* Takes list. */
static void take_events(struct watch *w, cJSON *list)
{
	cJSON *event;

	pthread_mutex_lock(&w->lock);
	while ((event = cJSON_DetachItemFromArray(list, 0))) {
		drop_folded(w->events, event);
		cJSON_AddItemToArray(w->events, event);
	}
	for (int n = cJSON_GetArraySize(w->events); n > WATCH_EVENTS; n--)
		cJSON_DeleteItemFromArray(w->events, 0);
	assert(cJSON_GetArraySize(w->events) <= WATCH_EVENTS);
	pthread_mutex_unlock(&w->lock);
	cJSON_Delete(list);
}

/* This thread alone writes events, so it may read them without the lock. */
static int look_at_journal(struct watch *w)
{
	int n = cJSON_GetArraySize(w->events);
	const cJSON *last = n ? cJSON_GetArrayItem(w->events, n - 1) : NULL;
	const char *after = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(last, "id"));
	cJSON *list = NULL;
	int r = journal_read(w->client, &w->shared->keys, after, WATCH_EVENTS, &list);

	if (r == 0)
		take_events(w, list);
	return r;
}

void watch_hear(struct watch *w, const char *report)
{
	char *copy = strdup(report);

	pthread_mutex_lock(&w->lock);
	if (copy)
		SWAP(w->own_report, copy);
	pthread_mutex_unlock(&w->lock);
	free(copy);
}

/* A copy for the caller to free; NULL: there is none yet. */
static char *take_report(struct watch *w)
{
	char *copy;

	pthread_mutex_lock(&w->lock);
	copy = w->own_report ? strdup(w->own_report) : NULL;
	pthread_mutex_unlock(&w->lock);
	return copy;
}

static int look_at_reports(struct watch *w, const struct roster *roster, struct reports *reports)
{
	uint64_t start_us = clock_mono_us();
	char *text = take_report(w);
	struct reports_own own = { w->shared->config->node_id, text };
	int r = reports_read(w->client, &w->shared->keys, &own, roster, reports);

	free(text);
	if (r == 0)
		w->round_trip_ms = (double)(clock_mono_us() - start_us) / US_PER_MS;
	return r;
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

/* Takes what the nodes report, and the pool as of now. reports: NULL: none were read. */
static void hear(struct watch *w, struct roster *roster, const struct reports *reports)
{
	pthread_mutex_lock(&w->lock);
	if (past_hear(&w->past, roster, reports) != 0)
		log_error("watch", "out of memory for the past");
	pthread_mutex_unlock(&w->lock);
	watch_tell(w, roster);
}

static void share_past(struct watch *w, const struct roster *roster, bool is_seen)
{
	if (past_store_exchange(&w->store, roster, is_seen) != 0)
		log_debug("watch", "the past cannot be shared", "reason=%s",
			  client_error(w->client));
	else if (past_store_is_keeper(&w->store, roster) &&
		 history_share(&w->history_share, roster->now_ms) != 0)
		log_debug("watch", "the history cannot be shared", "reason=%s",
			  client_error(w->client));
}

static uint64_t within(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* What this node reports of itself, in place of what others told before Redis was away or refused. */
static void look_at_self(struct watch *w)
{
	char *text = take_report(w);
	struct reports_own own = { w->shared->config->node_id, text };
	struct reports reports = { 0 };

	if (text && reports_init(&reports, NULL, &own, w->roster) == 0)
		SWAP(w->reports, reports);
	reports_deinit(&reports);
	free(text);
}

static bool takes_writes(const struct watch *w)
{
	return redis_state_takes_writes(redis_seen_view(&w->shared->redis_seen).state);
}

/* Nodes report of analyzers that were in trouble alone; this one knows when it probed the others. */
static void add_probes(struct watch *w)
{
	for (unsigned i = 0; i < w->roster->n_analyzers; i++) {
		unsigned slot = w->roster->analyzers[i].slot;
		double *checked_ms = &w->reports.lanes[i].check.checked_ms;
		double own_ms = (double)atomic_load_explicit(&w->shared->failures.checked_ms[slot],
							     memory_order_relaxed);

		*checked_ms = fmax(*checked_ms, own_ms);
	}
}

/* Whether this node tells of them. Who begins to do so knows what the journal has. */
static bool tells_troubles(struct watch *w, const struct roster *roster)
{
	struct troubles *t = &w->troubles;

	if (!past_store_is_keeper(&w->store, roster) || !takes_writes(w)) {
		t->is_keeper = false;
		return false;
	}
	if (!t->is_keeper && look_at_journal(w) == 0) {
		troubles_adopt(t, w->events, roster->now_ms);
		t->is_keeper = true;
	}
	return t->is_keeper;
}

/* Nobody looks: reports are read for this only while packets are routed, or trouble is under way. */
static void look_for_troubles(struct watch *w, const struct roster *roster)
{
	struct reports reports CLEANUP(reports_deinit) = { 0 };
	uint64_t start_us = clock_mono_us();
	struct troubles *t = &w->troubles;

	if (start_us < t->due_us || troubles_are_idle(t, past_store_routed(roster)) ||
	    !tells_troubles(w, roster) || look_at_reports(w, roster, &reports) != 0)
		return;
	troubles_turn(t, roster, &reports);
	t->due_us = start_us + (clock_mono_us() - start_us) * TROUBLE_PARTS;
}

/* Redis may take no writes. Then leases end that nobody could renew. */
static int forgive(struct watch *w, struct roster *roster)
{
	struct roster *last CLEANUP(roster_unrefp) = NULL;
	uint64_t seen_us;

	if (takes_writes(w))
		return 0;
	last = watch_roster(w, &seen_us);
	return leases_forgive(roster, last);
}

static int look(struct watch *w)
{
	uint64_t start_us = clock_mono_us();
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	struct reports reports CLEANUP(reports_deinit) = { 0 };
	int r = membership_roster(w->client, &roster);

	if (r == 0)
		r = forgive(w, roster);
	if (r == 0)
		r = look_at_reports(w, roster, &reports);
	if (r == 0)
		r = look_at_journal(w);
	if (r != 0)
		return r;
	SWAP(w->roster, roster);
	SWAP(w->reports, reports);
	if (!takes_writes(w))
		look_at_self(w);
	add_probes(w);
	w->seen_us = clock_mono_us();
	w->n_refused = w->reports.n_refused;
	hear(w, w->roster, &w->reports);
	publish(w, true);
	share_past(w, w->roster, true);
	if (tells_troubles(w, w->roster))
		troubles_turn(&w->troubles, w->roster, &w->reports);
	assert(w->roster); /* an overview is made of it */
	w->look_us = within((clock_mono_us() - start_us) * LOOK_PARTS, LOOK_US, LOOK_MOST_US);
	return 0;
}

/* The latencies of a minute are of its end, as nobody looks all the time. */
static void hear_unseen(struct watch *w, struct roster *roster)
{
	struct reports reports CLEANUP(reports_deinit) = { 0 };
	bool is_read = past_store_wants_reports(&w->store, roster) &&
		       look_at_reports(w, roster, &reports) == 0;

	hear(w, roster, is_read ? &reports : NULL);
}

/* Nobody looks. */
static int glance(struct watch *w)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	uint64_t start_us = clock_mono_us();
	int r = membership_roster_brief(w->client, &roster);

	if (r == 0)
		r = forgive(w, roster);
	if (r != 0)
		return r;
	hear_unseen(w, roster);
	share_past(w, roster, false);
	w->idle_us = within((clock_mono_us() - start_us) * roster->n_workers * IDLE_PARTS, IDLE_US,
			    UINT64_MAX);
	look_for_troubles(w, roster);
	return 0;
}

/* Under the lock. */
static bool is_wanted(const struct watch *w)
{
	return w->wanted_us && clock_mono_us() - w->wanted_us < WANTED_US;
}

/* Whether somebody looks; *goes_onp: it is not to stop. Who begins to look wakes it early. */
static bool wait_for(struct watch *w, uint64_t last_us, bool *goes_onp)
{
	bool wanted;

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

		if ((wanted ? look(w) : glance(w)) != 0) {
			log_debug("watch", "the pool cannot be seen", "reason=%s",
				  client_error(w->client));
			pthread_mutex_lock(&w->lock);
			history_away(&w->history);
			pthread_mutex_unlock(&w->lock);
			if (w->roster) {
				look_at_self(w);
				add_probes(w);
				publish(w, false);
			}
		}
		wanted = wait_for(w, start_us, &goes_on);
	}
	return NULL;
}

/* ---- life ---- */

int watch_new(struct node_shared *shared, struct watch **watchp)
{
	struct watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->shared = shared;
	w->look_us = LOOK_US;
	w->idle_us = IDLE_US;
	w->client = client_new(&shared->redis, registry_scripts(&shared->keys), CALL_MS);
	w->events = cJSON_CreateArray();
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
		r = w->client && w->events ? -pthread_create(&w->thread, NULL, run, w) : -ENOMEM;
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
	cJSON_Delete(w->events);
	free(w->own_report);
	client_free(w->client);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
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
	json = past_json(&w->past, range, &w->history, w->pool);
	pthread_mutex_unlock(&w->lock);
	return json;
}

/* Names of entries are milliseconds, "-", and a number. */
static bool is_after(const char *id, const char *other)
{
	uint64_t ms = strtoull(id, NULL, 10), other_ms = strtoull(other, NULL, 10);
	const char *n = strchr(id, '-'), *other_n = strchr(other, '-');

	if (ms != other_ms)
		return ms > other_ms;
	return n && other_n && strtoull(n + 1, NULL, 10) > strtoull(other_n + 1, NULL, 10);
}

cJSON *watch_events_json(struct watch *w, const char *after, unsigned most)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *event;
	int n_over;

	pthread_mutex_lock(&w->lock);
	n_over = cJSON_GetArraySize(w->events) - (int)most;
	cJSON_ArrayForEach (event, w->events) {
		const char *id = cJSON_GetObjectItemCaseSensitive(event, "id")->valuestring;

		if (n_over-- <= 0 && (!after || is_after(id, after)))
			cJSON_AddItemToArray(list, cJSON_Duplicate(event, true));
	}
	pthread_mutex_unlock(&w->lock);
	return list;
}
