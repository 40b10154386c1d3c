#include "node/control/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/control/news.h"
#include "node/control/probe.h"
#include "node/control/reporter.h"
#include "node/control/spill_look.h"
#include "node/discover/discover.h"
#include "registry/membership.h"
#include "registry/redis/link.h"
#include "registry/scripts.h"

#define FORGET_MOST_MS 60000 /* between two looks for analyzers that are silent for long */
#define POLL_US 2000000
#define STALL_MS 2000
#define REPORT_US 1000000

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
	struct prober *prober;
	struct reporter *reporter;
	struct spill_look *spill_look;
	struct news news;
	struct discover *discover; /* NULL: this node lists no analyzers */
	struct event *refresh_event, *poll, *report;
	bool is_asking;        /* a roster call is under way */
	bool ask_again;        /* something changed since it was sent */
	bool is_refused;       /* a call of this second's was */
	pthread_mutex_t lock;  /* of `roster`; taken by admin requests, never for a packet */
	struct roster *roster; /* a reference; NULL: none yet */
	uint64_t roster_us;    /* when it was read */
	uint64_t forget_us;    /* when to look next for those silent for long */
	double looked_ms;      /* Redis TIME when its journal was last seen; 0: never */
	bool has_lost;         /* it has lost data, and the next look tells whether it lost all */
};

static void ask(struct control *c);

struct roster *control_roster(struct control *c)
{
	struct roster *roster;

	pthread_mutex_lock(&c->lock);
	roster = roster_ref(c->roster);
	pthread_mutex_unlock(&c->lock);
	return roster;
}

void control_refresh(struct control *c)
{
	if (eventfd_write(c->shared->refresh_fd, 1) != 0)
		log_debug("control", "refresh already asked for");
}

/* Takes the reference. */
static void adopt(struct control *c, struct roster *roster)
{
	struct roster *old = c->roster;
	bool is_news = !old || old->epoch != roster->epoch;

	pthread_mutex_lock(&c->lock);
	c->roster = roster;
	c->roster_us = clock_mono_us();
	pthread_mutex_unlock(&c->lock);
	roster_unref(old);
	atomic_store_explicit(&c->shared->health.has_roster, true, memory_order_relaxed);
	if (!is_news)
		return;
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
static void note_failure(struct control *c)
{
	const char *error = link_error(c->link);

	if (link_is_up(c->link) && redis_state_of_error(error) == REDIS_AWAY)
		return; /* a fault of ours, or the reason of the loss is yet to come */
	c->is_refused = true;
	redis_seen_fail(&c->shared->redis_seen, error, wall_ms());
	show_redis(c);
	note_trouble(c);
}

static void on_restored(void *arg, const redisReply *reply)
{
	(void)reply; /* whatever it was, the roster that is asked for next shows it */
	ask(arg);
}

/* Whether the list "a1 a2" has the id; "*" has all. */
static bool names(const char *list, const char *id)
{
	size_t len = strlen(id);

	if (strcmp(list, "*") == 0)
		return true;
	for (const char *at = list; (at = strstr(at, id)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* Those of the list who were alive register again: how many. */
static unsigned bring_back(struct control *c, const char *list)
{
	const struct roster *known = c->roster;
	unsigned n_alive = 0;

	for (unsigned i = 0; i < known->n_analyzers; i++) {
		struct script_args args;

		if (known->analyzers[i].lease_ms <= 0 || !names(list, known->analyzers[i].id))
			continue;
		n_alive++;
		membership_restore_args(&known->analyzers[i], known->epoch + 1, &args);
		if (link_call(c->link, SCRIPT_REGISTER, &args, on_restored, c) != 0)
			break; /* the link is gone: all of it again when it is back */
	}
	return n_alive;
}

static void count_loss(struct control *c)
{
	atomic_fetch_add_explicit(&c->shared->n_registry_losses, 1, memory_order_relaxed);
}

/*
 * Redis is behind what this node has seen: it came back empty, or an older replica took over.
 * False: there is nothing to bring back.
 */
static bool restore(struct control *c, const struct roster *found)
{
	const struct roster *known = c->roster;

	count_loss(c);
	c->has_lost = true;
	log_warn("control", "the registry has lost data, registering again what is known",
		 "epoch=%llu known_epoch=%llu analyzers=%u", (unsigned long long)found->epoch,
		 (unsigned long long)known->epoch, known->n_analyzers);
	return bring_back(c, "*") > 0;
}

static void on_forgotten(void *arg, const redisReply *reply)
{
	(void)arg;
	(void)reply; /* another node may have been first */
}

/*
 * Removes those whose leases ended long ago. The roster is of the last change, and heartbeats change
 * nothing: the script looks whether they are silent, and it is asked rarely.
 */
static void forget(struct control *c)
{
	int64_t after_ms = (int64_t)c->shared->config->forget_after_ms;
	uint64_t now_us = clock_mono_us();
	int64_t age_ms = (int64_t)((now_us - c->roster_us) / US_PER_MS);

	if (now_us < c->forget_us)
		return;
	c->forget_us = now_us + (after_ms < FORGET_MOST_MS ? (uint64_t)after_ms : FORGET_MOST_MS) *
					US_PER_MS;
	for (unsigned i = 0; c->roster && i < c->roster->n_analyzers; i++) {
		const struct analyzer *a = &c->roster->analyzers[i];
		struct script_args args;

		if (a->lease_ms - age_ms > -after_ms)
			continue;
		membership_forget_args(a->id, after_ms, &args);
		if (link_call(c->link, SCRIPT_DEREGISTER, &args, on_forgotten, c) != 0)
			return;
	}
}

static void on_roster(void *arg, const redisReply *reply)
{
	struct control *c = arg;
	struct roster *roster = NULL;

	c->is_asking = false;
	if (!reply)
		note_failure(c);
	if (!reply || reply->type != REDIS_REPLY_STRING)
		return;
	if (reply->len == 0) { /* nothing new */
		forget(c);
		if (c->ask_again)
			ask(c);
		return;
	}
	if (roster_parse(reply->str, &roster) != 0) {
		log_error("control", "the roster cannot be read");
		return;
	}
	if (c->roster && roster->epoch < c->roster->epoch && restore(c, roster)) {
		roster_unref(roster);
		return;
	}
	adopt(c, roster);
	forget(c);
	if (c->ask_again)
		ask(c);
}

static void ask(struct control *c)
{
	struct script_args args = { 0 };

	c->ask_again = c->is_asking;
	if (c->roster)
		script_arg_int(&args, (int64_t)c->roster->epoch);
	if (!c->is_asking)
		c->is_asking = link_call(c->link, SCRIPT_ROSTER, &args, on_roster, c) == 0;
}

/*
 * Whether nothing is left of what was there at the last look: all of the journal is younger. The
 * epoch cannot tell that, because analyzers may have registered again before this node looked.
 */
static bool is_empty(struct control *c, const char *began, const char *now)
{
	bool is_younger = c->looked_ms > 0 && strtod(began, NULL) > c->looked_ms;

	if (!*began)
		return c->has_lost;
	c->looked_ms = strtod(now, NULL);
	return is_younger;
}

/* Four texts; see the script. */
static bool is_mended(const redisReply *reply)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

static void note_keys_lost(struct control *c, const char *keys, unsigned n_back)
{
	count_loss(c);
	c->has_lost = true;
	log_warn("control", "the registry has lost data", "keys=%s analyzers=%u runbook=%s",
		 *keys ? keys : "none", n_back, LOG_RUNBOOK "the-registry-has-lost-data");
	ask(c);
}

static void on_mended(void *arg, const redisReply *reply)
{
	struct control *c = arg;
	const char *lost, *forgotten;
	unsigned n = 0;
	bool is_all;

	if (!reply)
		note_failure(c);
	if (!is_mended(reply))
		return;
	lost = reply->element[0]->str;
	forgotten = reply->element[1]->str;
	is_all = is_empty(c, reply->element[2]->str, reply->element[3]->str);
	if (*forgotten && c->roster)
		n = bring_back(c, forgotten);
	if (*lost || n > 0 || (is_all && !c->has_lost))
		note_keys_lost(c, lost, n);
	if (c->has_lost)
		redis_seen_lose(&c->shared->redis_seen, is_all, wall_ms());
	c->has_lost = false;
}

static void on_spill_lost(void *arg, const char *keys)
{
	count_loss(arg);
	log_warn("control", "the spill has lost data", "keys=%s runbook=%s", keys,
		 LOG_RUNBOOK "the-registry-has-lost-data");
}

/* Each second: has the registry lost anything, or whom this node knows? */
static void mend(struct control *c)
{
	struct script_args args = { 0 };

	script_arg_int(&args, (int64_t)c->roster->epoch);
	script_arg_int(&args, c->roster->n_analyzers);
	spill_look_add_args(c->spill_look, &args);
	if (link_call(c->link, SCRIPT_MEND, &args, on_mended, c) != 0)
		log_debug("control", "the link is down, the registry was not looked at");
}

static void on_up(void *arg, bool up)
{
	struct control *c = arg;

	atomic_store_explicit(&c->shared->health.redis_up, up, memory_order_relaxed);
	if (up) {
		ask(c);
		discover_on_up(c->discover);
		return;
	}
	c->is_asking = false;
	note_failure(c);
}

static void on_event(void *arg, const char *text)
{
	if (strstr(text, " by ")) /* somebody made it, maybe straight in Redis */
		log_info("control", "change announced", "event=%s", text);
	else
		log_debug("control", "event", "text=%s", text);
	ask(arg);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) != 0)
		return;
	if (atomic_load(&c->must_stop))
		event_base_loopbreak(c->base);
	else
		ask(c);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	if (link_is_up(c->link))
		ask(c);
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
	const char *words[] = { "HSET", c->shared->keys.names[KEY_REPORT],
				c->shared->config->node_id, NULL };

	(void)fd;
	(void)what;
	spill_look_turn(c->spill_look);
	c->is_refused = false;
	if (!link_is_up(c->link))
		note_failure(c);
	if (!c->roster)
		return;
	reporter_write(c->reporter, c->roster, link_stats(c->link)->last_us, clock_mono_us(),
		       &text);
	if (!text.failed)
		watch_hear(c->watch, buf_str(&text));
	if (!link_is_up(c->link))
		return;
	mend(c);
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
					   .interval_ms = config->discover_interval_ms },
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
					.tls = &c->shared->deliver,
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
	if (!c->link || !c->events || !c->prober || !c->refresh_event || !c->poll || !c->report ||
	    !c->reporter || !c->spill_look)
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
	pthread_mutex_init(&c->lock, NULL);
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
	prober_free(c->prober);
	spill_look_free(c->spill_look);
	discover_free(c->discover);
	link_free(c->link);
	link_free(c->events);
	if (c->refresh_event)
		event_free(c->refresh_event);
	if (c->poll)
		event_free(c->poll);
	if (c->report)
		event_free(c->report);
	reporter_free(c->reporter);
	if (c->base)
		event_base_free(c->base);
	roster_unref(c->roster);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
