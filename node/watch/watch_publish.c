/* What is shown of the pool. */
#include <assert.h>
#include <stdio.h>

#include "common/clock.h"
#include "node/watch/watch_own.h"
#include "registry/overview.h"

#define HOUR_MS 3600000ULL

static_assert(SINCE_HOLD_MS * US_PER_MS > WATCH_IDLE_US,
	      "a cause is the same still at the next idle look");

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
			      .events = w->recent.events,
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

void watch_publish(struct watch *w, bool is_current)
{
	struct view *view, *old = NULL;

	pthread_mutex_lock(&w->lock); /* of the history */
	view = view_new(make_overview(w, is_current), w->seen_us);
	if (view) {
		old = w->view;
		w->view = view;
	}
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	view_unref(old);
}
