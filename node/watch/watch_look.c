/* What the watch thread reads from Redis, and who takes it in. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/watch/watch.h"
#include "node/watch/watch_own.h"
#include "registry/journal.h"
#include "registry/membership.h"

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swapped_ = (a);                                                      \
		(a) = (b);                                                                         \
		(b) = swapped_;                                                                    \
	} while (0)
#define LOOK_MOST_US 2500000
#define LOOK_PARTS 160    /* of a core's time, for those who look at a big pool */
#define IDLE_PARTS 100    /* of Redis' time, for all nodes that idle */
#define TROUBLE_PARTS 100 /* of Redis' time, for the node that tells of troubles */

static int look_at_journal(struct watch *w)
{
	cJSON *list = NULL;
	int r = journal_read(w->client, &w->shared->keys, recent_last(&w->recent), RECENT_EVENTS,
			     &list);

	if (r != 0)
		return r;
	pthread_mutex_lock(&w->lock);
	recent_take(&w->recent, list);
	pthread_mutex_unlock(&w->lock);
	return 0;
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
	assert(w->reports.n_lanes == w->roster->n_analyzers);
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
		troubles_adopt(t, w->recent.events, roster->now_ms);
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

int watch_look(struct watch *w)
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
	pthread_mutex_lock(&w->lock);
	w->n_refused = w->reports.n_refused;
	pthread_mutex_unlock(&w->lock);
	hear(w, w->roster, &w->reports);
	watch_publish(w, true);
	share_past(w, w->roster, true);
	if (tells_troubles(w, w->roster))
		troubles_turn(&w->troubles, w->roster, &w->reports);
	assert(w->roster); /* an overview is made of it */
	w->look_us = within((clock_mono_us() - start_us) * LOOK_PARTS, WATCH_LOOK_US, LOOK_MOST_US);
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

uint64_t watch_idle_us(struct watch *w, uint64_t took_us, unsigned n_workers)
{
	uint64_t usual_us = took_us < w->glance_us ? took_us : w->glance_us;

	w->glance_us = took_us;
	return within(usual_us * n_workers * IDLE_PARTS, WATCH_IDLE_US, WATCH_IDLE_MOST_US);
}

int watch_glance(struct watch *w)
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
	w->idle_us = watch_idle_us(w, clock_mono_us() - start_us, roster->n_workers);
	look_for_troubles(w, roster);
	return 0;
}

void watch_look_away(struct watch *w)
{
	log_debug("watch", "the pool cannot be seen", "reason=%s", client_error(w->client));
	pthread_mutex_lock(&w->lock);
	history_away(&w->history);
	pthread_mutex_unlock(&w->lock);
	if (!w->roster)
		return;
	look_at_self(w);
	add_probes(w);
	watch_publish(w, false);
}
