#include "node/control/control.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/control/news.h"
#include "node/control/probe.h"
#include "node/control/reporter.h"
#include "node/control/roster_keeper.h"
#include "node/control/spill_look.h"
#include "node/discover/discover.h"
#include "registry/redis/link.h"
#include "registry/scripts.h"

#define POLL_US 2000000
#define STALL_MS 2000
#define REPORT_US 1000000

static_assert(PROBE_WORDS * 64 == ROSTER_MAX_SLOTS, "each slot has its bit");

struct control {
	struct node_shared *shared;
	struct worker *workers;
	const struct metrics_shard *const *shards; /* of the workers */
	unsigned n_workers;
	struct watch *watch;
	pthread_t thread;
	bool is_running;
	_Atomic bool must_stop;
	struct event_base *base;
	struct link *link, *events;
	struct roster_keeper *keeper;
	struct prober *prober;
	struct reporter *reporter;
	struct spill_look *spill_look;
	struct news news;
	struct discover *discover; /* NULL: this node lists no analyzers */
	struct event *refresh_event, *poll, *report;
	bool is_refused; /* a call of this second's was */
};

struct roster *control_roster(struct control *c)
{
	return roster_keeper_roster(c->keeper);
}

void control_refresh(struct control *c)
{
	if (eventfd_write(c->shared->refresh_fd, 1) != 0)
		log_debug("control", "refresh already asked for");
}

static void on_news(void *arg, struct roster *roster)
{
	struct control *c = arg;

	atomic_store_explicit(&c->shared->health.has_roster, true, memory_order_relaxed);
	log_info("control", "roster", "epoch=%llu analyzers=%u", (unsigned long long)roster->epoch,
		 roster->n_analyzers);
	for (unsigned i = 0; i < c->n_workers; i++)
		worker_send_roster(&c->workers[i], roster);
	prober_set_roster(c->prober, roster);
	watch_tell(c->watch, roster);
}

/* Readers of the health take no lock. */
static void show_redis(struct control *c)
{
	struct redis_view view = redis_seen_view(&c->shared->redis_seen);

	atomic_store_explicit(&c->shared->health.redis_state, view.state, memory_order_relaxed);
}

static uint64_t wall_ms(void)
{
	return clock_wall_us() / US_PER_MS;
}

/* It can be told later, as it cannot be written now. */
static void note_trouble(struct control *c)
{
	struct redis_view view = redis_seen_view(&c->shared->redis_seen);
	struct news_entry entry;

	if (news_of_redis(&c->news, &view, wall_ms(), &entry))
		log_debug("control", "news of Redis are left out", "state=%s", entry.now);
}

/* A call had no good answer: does that say something of Redis? */
static void note_failure(void *arg)
{
	struct control *c = arg;
	const char *error = link_error(c->link);

	if (link_is_up(c->link) && redis_state_of_error(error) == REDIS_AWAY)
		return; /* a fault of ours, or the reason of the loss is yet to come */
	c->is_refused = true;
	redis_seen_fail(&c->shared->redis_seen, error, wall_ms());
	show_redis(c);
	note_trouble(c);
}

static void dress(void *arg, struct roster *roster)
{
	struct control *c = arg;

	discover_dress(c->discover, roster);
}

static void on_headers(void *arg)
{
	struct control *c = arg;

	roster_keeper_renew(c->keeper);
}

static void on_spill_lost(void *arg, const char *keys)
{
	struct control *c = arg;

	atomic_fetch_add_explicit(&c->shared->n_registry_losses, 1, memory_order_relaxed);
	log_warn("control", "the spill has lost data", "keys=%s runbook=%s", keys,
		 LOG_RUNBOOK "the-registry-has-lost-data");
}

static void on_up(void *arg, bool up)
{
	struct control *c = arg;

	atomic_store_explicit(&c->shared->health.redis_up, up, memory_order_relaxed);
	if (up) {
		roster_keeper_ask(c->keeper);
		discover_on_up(c->discover);
		return;
	}
	roster_keeper_on_down(c->keeper);
	note_failure(c);
}

static void on_event(void *arg, const char *text)
{
	struct control *c = arg;

	if (strstr(text, " by ")) /* somebody made it, maybe straight in Redis */
		log_info("control", "change announced", "event=%s", text);
	else
		log_debug("control", "event", "text=%s", text);
	roster_keeper_ask(c->keeper);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) != 0)
		return;
	if (atomic_load(&c->must_stop)) {
		event_base_loopbreak(c->base);
		return;
	}
	discover_on_refresh(c->discover);
	roster_keeper_ask(c->keeper);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	if (link_is_up(c->link))
		roster_keeper_ask(c->keeper);
}

/* The next one is due in a second. */
static void on_reported(void *arg, const redisReply *reply)
{
	struct control *c = arg;
	struct redis_view view;

	if (!reply) {
		note_failure(c);
	} else if (!c->is_refused) {
		redis_seen_answer(&c->shared->redis_seen, link_stats(c->link)->last_us, wall_ms());
		show_redis(c);
		view = redis_seen_view(&c->shared->redis_seen);
		news_turn(&c->news, &view, c->reporter, wall_ms());
	}
}

static void on_report(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	struct buf text CLEANUP(buf_deinit) = { 0 };
	const struct roster *roster = roster_keeper_peek(c->keeper);
	const char *words[] = { "HSET", c->shared->keys.names[KEY_REPORT],
				c->shared->config->node_id, NULL };

	(void)fd;
	(void)what;
	spill_look_turn(c->spill_look);
	c->is_refused = false;
	if (!link_is_up(c->link))
		note_failure(c);
	if (!roster)
		return;
	reporter_write(c->reporter, roster, link_stats(c->link)->last_us, clock_mono_us(), &text);
	if (!text.failed)
		watch_hear(c->watch, buf_str(&text));
	if (!link_is_up(c->link))
		return;
	roster_keeper_mend(c->keeper, c->spill_look);
	words[3] = buf_str(&text);
	if (!text.failed && link_command(c->link, ARRAY_LEN(words), words, on_reported, c) != 0)
		log_debug("control", "the link is down, nothing was reported");
}

static void on_probe(void *arg, unsigned slot, bool is_down)
{
	struct control *c = arg;
	uint64_t bit = 1ULL << (slot % 64), before;

	assert(slot < ROSTER_MAX_SLOTS);
	if (is_down)
		before = atomic_fetch_or(&c->shared->probe_down[slot / 64], bit);
	else
		before = atomic_fetch_and(&c->shared->probe_down[slot / 64], ~bit);
	if (((before & bit) != 0) == is_down)
		return;
	for (unsigned i = 0; i < c->n_workers; i++)
		worker_wake(&c->workers[i]);
}

static int start_discover(struct control *c)
{
	const struct node_config *config = c->shared->config;

	return discover_new(
		&(struct discover_config){ .base = c->base,
					   .link = c->link,
					   .node_id = config->node_id,
					   .allow = c->shared->allow,
					   .analyzers = { &config->analyzer, &config->analyzers },
					   .sources = &config->discover,
					   .interval_ms = config->discover_interval_ms,
					   .headers = &c->shared->analyzer_headers,
					   .on_headers = on_headers,
					   .arg = c },
		&c->discover);
}

static int build(struct control *c)
{
	const struct node_config *config = c->shared->config;
	struct timeval poll = clock_timeval(POLL_US), report = clock_timeval(REPORT_US);
	struct link_config link = { .base = c->base,
				    .url = &c->shared->redis,
				    .scripts = registry_scripts(&c->shared->keys),
				    .name = config->node_id,
				    .stall_ms = STALL_MS,
				    .on_up = on_up,
				    .arg = c };
	struct prober_config prober = { .base = c->base,
					.allow = c->shared->allow,
					.tls = c->shared->tls.contexts[NODE_TLS_DELIVER],
					.interval_ms = (uint32_t)config->probe_interval_ms,
					.timeout_ms = (uint32_t)config->probe_timeout_ms,
					.rise = (uint32_t)config->probe_rise,
					.fall = (uint32_t)config->probe_fall,
					.failures = &c->shared->failures,
					.on_change = on_probe,
					.arg = c };

	c->link = link_new(&link);
	link.subscribe = true;
	link.on_up = NULL;
	link.on_event = on_event;
	c->events = link_new(&link);
	c->news = (struct news){ .link = c->link,
				 .shared = c->shared,
				 .keys = &c->shared->keys,
				 .node = config->node_id };
	c->keeper = roster_keeper_new(&(struct roster_keeper_config){ .shared = c->shared,
								      .link = c->link,
								      .dress = dress,
								      .on_news = on_news,
								      .on_failure = note_failure,
								      .arg = c });
	c->prober = prober_new(&prober);
	c->refresh_event =
		event_new(c->base, c->shared->refresh_fd, EV_READ | EV_PERSIST, on_refresh, c);
	c->poll = event_new(c->base, -1, EV_PERSIST, on_poll, c);
	c->report = event_new(c->base, -1, EV_PERSIST, on_report, c);
	if (c->link)
		c->spill_look =
			spill_look_new(&(struct spill_look_config){ .base = c->base,
								    .shared = c->shared,
								    .registry = c->link,
								    .on_lost = on_spill_lost,
								    .arg = c });
	c->reporter = reporter_new(c->shared, c->shards, c->n_workers, clock_mono_us());
	if (c->link && start_discover(c) != 0)
		return -ENOMEM;
	if (!c->link || !c->events || !c->keeper || !c->prober || !c->refresh_event || !c->poll ||
	    !c->report || !c->reporter || !c->spill_look)
		return -ENOMEM;
	if (event_add(c->refresh_event, NULL) != 0 || event_add(c->poll, &poll) != 0 ||
	    event_add(c->report, &report) != 0)
		return -ENOMEM;
	return 0;
}

struct control *control_new(struct node_shared *shared, struct worker *workers,
			    const struct metrics_shard *const *shards, unsigned n_workers,
			    struct watch *watch)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->shared = shared;
	c->workers = workers;
	c->shards = shards;
	c->n_workers = n_workers;
	c->watch = watch;
	c->base = event_base_new();
	if (!c->base || build(c) != 0) {
		control_free(c);
		return NULL;
	}
	return c;
}

static void *run(void *arg)
{
	struct control *c = arg;

	pthread_setname_np(pthread_self(), "control");
	event_base_dispatch(c->base);
	return NULL;
}

int control_start(struct control *c)
{
	int r = -pthread_create(&c->thread, NULL, run, c);

	c->is_running = r == 0;
	return r;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	if (c->is_running) {
		atomic_store(&c->must_stop, true);
		control_refresh(c);
		pthread_join(c->thread, NULL);
	}
	link_free(c->link); /* first: calls end without an answer, and their callers hear of it */
	link_free(c->events);
	prober_free(c->prober);
	spill_look_free(c->spill_look);
	discover_free(c->discover);
	roster_keeper_free(c->keeper);
	if (c->refresh_event)
		event_free(c->refresh_event);
	if (c->poll)
		event_free(c->poll);
	if (c->report)
		event_free(c->report);
	reporter_free(c->reporter);
	if (c->base)
		event_base_free(c->base);
	free(c);
}
