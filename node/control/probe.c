#include "node/control/probe.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/grpc/grpc_health.h"
#include "common/grpc/grpc_path.h"
#include "common/log.h"
#include "common/net/net_url.h"
#include "common/rng.h"

#define TICK_US 50000

/* The message of a Check of the whole server has no bytes: this is its prefix. */
static const struct iovec check_message = { (char[GRPC_PREFIX_BYTES]){ 0 }, GRPC_PREFIX_BYTES };

/* Where a probe goes, and the lines of headers that are wanted there. */
struct probe_aim {
	char url[ANALYZER_URL_MAX + 8];
	struct buf lines;
};

struct probe {
	struct transfer transfer;
	struct prober *prober;
	char id[ANALYZER_ID_MAX + 1];
	char instance[INSTANCE_MAX + 1];
	struct probe_aim aim; /* as the newest roster says */
	struct probe_aim out; /* of the request under way, which reads it until it has ended */
	unsigned slot;
	bool is_wanted; /* in the roster */
	bool is_out;    /* a request is under way */
	bool is_stale;  /* that one is to what was there before */
	bool is_down;
	unsigned n_failures, n_successes; /* in a row */
	uint64_t next_us;
};

static_assert(sizeof(((struct probe *)0)->id) == sizeof(((struct analyzer *)0)->id),
	      "an id is copied whole");
static_assert(sizeof(((struct probe *)0)->instance) == sizeof(((struct analyzer *)0)->instance),
	      "an instance is copied whole");

struct prober {
	struct prober_config config;
	struct sender *sender;
	struct event *tick;
	struct rng rng;
	struct probe *probes[ROSTER_MAX_SLOTS]; /* by slot; made when first needed */
};

void probe_health_url(const char *url, char out[ANALYZER_URL_MAX + 8])
{
	const char *authority = strstr(url, "://"), *path, *end;
	size_t len = strcspn(url, "?#");

	if (net_url_is_called(url)) {
		snprintf(out, ANALYZER_URL_MAX + 8, "%s", url);
		return;
	}
	path = authority ? strchr(authority + 3, '/') : NULL;
	end = url + len;
	if (path && path < end)
		end = (const char *)memrchr(path, '/', (size_t)(end - path));
	snprintf(out, ANALYZER_URL_MAX + 8, "%.*s/health", (int)(end - url), url);
}

static void set_down(struct probe *p, bool is_down)
{
	if (p->is_down == is_down)
		return;
	p->is_down = is_down;
	log_warn("probe",
		 is_down ? "analyzer does not answer its health probe" : "analyzer answers again",
		 "analyzer=%s url=%s status=%d error=%s", p->id, p->aim.url, p->transfer.status,
		 p->transfer.error ? p->transfer.error : "");
	p->prober->config.on_change(p->prober->config.arg, p->slot, is_down);
}

static uint64_t jittered_us(struct prober *prober)
{
	return prober->config.interval_ms * rng_range(&prober->rng, 800, 1200);
}

static void note(const struct probe *p, bool alive)
{
	struct failures *failures = p->prober->config.failures;

	if (!failures || !p->is_wanted)
		return;
	atomic_store_explicit(&failures->checked_ms[p->slot], clock_wall_us() / US_PER_MS,
			      memory_order_relaxed);
	if (!alive)
		failures_note_transfer(failures, p->slot, &p->transfer);
}

/* 501: a server that knows no GET at all, or no health service */
static bool is_alive(struct transfer *t)
{
	enum grpc_serving serving;

	if (t->result != TRANSFER_ANSWERED || (t->status >= 500 && t->status != 501))
		return false;
	if (!t->method || t->status != 200)
		return true;
	if (t->json && grpc_health_read_serving(t->json, t->json_len, &serving) == 0 &&
	    serving == GRPC_SERVING)
		return true;
	t->error = "its health check does not say SERVING";
	return false;
}

static void on_done(struct transfer *t)
{
	struct probe *p = CONTAINER_OF(t, struct probe, transfer);
	bool alive = is_alive(t);

	assert(p->is_out);
	p->is_out = false;
	if (p->is_stale)
		return;
	note(p, alive);
	p->n_successes = alive ? p->n_successes + 1 : 0;
	p->n_failures = alive ? 0 : p->n_failures + 1;
	p->next_us = clock_mono_us() + jittered_us(p->prober);
	if (p->is_wanted && p->n_failures >= p->prober->config.fall)
		set_down(p, true);
	else if (p->n_successes >= p->prober->config.rise)
		set_down(p, false);
}

/* Without memory for its lines it is asked without them. */
static void take_aim(struct probe *p)
{
	memcpy(p->out.url, p->aim.url, sizeof(p->out.url));
	buf_clear(&p->out.lines);
	if (!p->aim.lines.failed)
		buf_append(&p->out.lines, p->aim.lines.data, p->aim.lines.len);
	p->is_stale = false;
}

static void start(struct probe *p)
{
	const struct prober_config *c = &p->prober->config;

	assert(p->is_wanted && !p->is_out); /* else a request reads what is written here */
	take_aim(p);
	p->transfer = (struct transfer){ .url = p->out.url,
					 .headers = buf_str(&p->out.lines),
					 .connect_ms = c->timeout_ms,
					 .timeout_ms = c->timeout_ms,
					 .on_done = on_done };
	if (net_url_is_called(p->out.url)) {
		p->transfer.method = GRPC_CHECK_PATH;
		p->transfer.parts = &check_message;
		p->transfer.n_parts = 1;
		p->transfer.len = check_message.iov_len;
	}
	p->is_out = sender_start(p->prober->sender, &p->transfer) == 0;
	if (!p->is_out)
		p->next_us = clock_mono_us() + jittered_us(p->prober);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct prober *prober = arg;
	uint64_t now = clock_mono_us();

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		struct probe *p = prober->probes[i];

		if (p && p->is_wanted && !p->is_out && now >= p->next_us)
			start(p);
	}
}

struct prober *prober_new(const struct prober_config *config)
{
	struct prober *p = calloc(1, sizeof(*p));
	struct timeval tick = clock_timeval(TICK_US);

	if (!p)
		return NULL;
	p->config = *config;
	rng_init(&p->rng, 0);
	p->sender = sender_new(config->base, config->allow);
	if (p->sender)
		sender_set_tls(p->sender, config->tls);
	p->tick = event_new(config->base, -1, EV_PERSIST, on_tick, p);
	if (!p->sender || !p->tick || event_add(p->tick, &tick) != 0) {
		prober_free(p);
		return NULL;
	}
	return p;
}

static void free_probe(struct probe *p)
{
	if (!p)
		return;
	buf_deinit(&p->aim.lines);
	buf_deinit(&p->out.lines);
	free(p);
}

void prober_free(struct prober *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		if (p->probes[i])
			p->probes[i]->is_wanted = false;
	sender_free(p->sender);
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		free_probe(p->probes[i]);
	if (p->tick)
		event_free(p->tick);
	free(p);
}

static void aim(struct prober *prober, const struct analyzer *a)
{
	struct probe *p = prober->probes[a->slot];
	char url[ANALYZER_URL_MAX + 8];

	if (!p) {
		p = prober->probes[a->slot] = calloc(1, sizeof(*p));
		if (!p)
			return;
		p->prober = prober;
		p->slot = a->slot;
	}
	assert(p->slot == a->slot && p->prober == prober);
	p->is_wanted = true;
	buf_clear(&p->aim.lines);
	roster_write_headers(a, &p->aim.lines);
	probe_health_url(a->url, url);
	if (strcmp(p->id, a->id) == 0 && strcmp(p->instance, a->instance) == 0 &&
	    strcmp(p->aim.url, url) == 0)
		return;
	if (!p->is_out) /* else a log line may want what it says */
		p->transfer = (struct transfer){ 0 };
	p->is_stale = true; /* until the next one starts */
	memcpy(p->id, a->id, sizeof(p->id));
	memcpy(p->instance, a->instance, sizeof(p->instance));
	memcpy(p->aim.url, url, sizeof(p->aim.url));
	p->n_failures = p->n_successes = 0;
	p->next_us = clock_mono_us() +
		     rng_range(&prober->rng, 0, prober->config.interval_ms * US_PER_MS);
	set_down(p, false);
}

void prober_set_roster(struct prober *prober, const struct roster *roster)
{
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		struct probe *p = prober->probes[i];

		if (!p || roster->by_slot[i])
			continue;
		p->is_wanted = false;
		p->is_down = false;
		prober->config.on_change(prober->config.arg, i, false);
	}
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		aim(prober, &roster->analyzers[i]);
}
