#include "node/health.h"

#include <stdio.h>

const char *const health_verdict_texts[] = {
	"ok\n",
	"starting: no roster from Redis yet\n",
	"draining\n",
	"the last packet could not be put anywhere\n",
	"a worker hangs\n",
};
static_assert(ARRAY_LEN(health_verdict_texts) == HEALTH_VERDICTS, "every verdict has a text");

static bool unplaced(const struct health *h, uint64_t now_us)
{
	uint64_t at = atomic_load_explicit(&h->unplaced_us, memory_order_relaxed);

	return at != 0 && now_us < at + HEALTH_UNPLACED_US;
}

void health_turn(struct health *h, unsigned worker, uint64_t now_us, bool runs)
{
	atomic_store_explicit(&h->turned_us[worker], runs ? now_us : 0, memory_order_relaxed);
}

enum health_verdict health_live(const struct health *h, uint64_t now_us)
{
	for (unsigned i = 0; i < HEALTH_MAX_WORKERS; i++) {
		uint64_t at = atomic_load_explicit(&h->turned_us[i], memory_order_relaxed);

		if (at != 0 && now_us > at + HEALTH_STUCK_US)
			return HEALTH_STUCK;
	}
	return HEALTH_READY;
}

enum health_verdict health_ready(const struct health *h, uint64_t now_us)
{
	if (atomic_load_explicit(&h->draining, memory_order_relaxed))
		return HEALTH_DRAINING;
	if (!atomic_load_explicit(&h->has_roster, memory_order_relaxed))
		return HEALTH_STARTING;
	return unplaced(h, now_us) ? HEALTH_UNPLACED : HEALTH_READY;
}

static void line(struct buf *out, const char *check, bool ok, const char *remark)
{
	buf_printf(out, "[%c]%s %s\n", ok ? '+' : '-', check, ok ? "ok" : remark);
}

enum redis_state health_redis(const struct health *h)
{
	enum redis_state state =
		(enum redis_state)atomic_load_explicit(&h->redis_state, memory_order_relaxed);

	if (state == REDIS_UP && !atomic_load_explicit(&h->redis_up, memory_order_relaxed))
		return REDIS_AWAY;
	return state;
}

/* A node carries on whatever the state of Redis. */
static void write_redis(const struct health *h, struct buf *out)
{
	enum redis_state state = health_redis(h);
	char remark[80];

	snprintf(remark, sizeof(remark), "%s (does not count: the node carries on)",
		 redis_state_names[state]);
	line(out, "redis", state == REDIS_UP, remark);
}

void health_write_verbose(const struct health *h, uint64_t now_us, struct buf *out)
{
	line(out, "roster", atomic_load_explicit(&h->has_roster, memory_order_relaxed),
	     "not read from Redis yet");
	line(out, "serving", !atomic_load_explicit(&h->draining, memory_order_relaxed), "draining");
	line(out, "placing", !unplaced(h, now_us), "the last packet could not be put anywhere");
	write_redis(h, out);
	if (h->has_spill_redis)
		line(out, "spill-redis", atomic_load_explicit(&h->spill_up, memory_order_relaxed),
		     "away (does not count: only what needs the spill is refused)");
	buf_printf(out, "readyz check %s\n",
		   health_ready(h, now_us) == HEALTH_READY ? "passed" : "failed");
}
