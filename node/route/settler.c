#include "node/route/settler.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/rng.h"
#include "node/node_metrics.h"
#include "registry/scripts.h"

#define STALL_MS 2000
#define AGAIN_US 100000

const char *const worker_script_names[2] = { "route", "settle" };

static void send_call(struct settler *s);

static void send_again_later(struct settler *s)
{
	struct timeval tv = clock_timeval(AGAIN_US);

	evtimer_add(s->again, &tv);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct settler *s = arg;

	(void)fd;
	(void)what;
	if (s->call != CALL_NONE && !s->is_out && link_is_up(s->link))
		send_call(s);
}

static void on_reply(void *arg, const redisReply *reply)
{
	struct settler *s = arg;
	enum settler_call call = s->call;
	struct settlement_answer answer;
	struct metrics_shard *m = s->config.metrics;

	assert(s->is_out && call != CALL_NONE);
	s->is_out = false;
	if (s->is_ending)
		return;
	if (call == CALL_ROUTE)
		route_answer(reply, &answer);
	else
		settle_answer(reply, &answer);
	if (answer.status == SETTLEMENT_FAILED) {
		metrics_add(m, M_REDIS_FAILURES, 0, 1);
		send_again_later(s);
	} else {
		metrics_add(m, M_REDIS_CALLS, call - CALL_ROUTE, 1);
		metrics_observe(m, M_REDIS_TIME, 0, clock_mono_us() - s->started_us);
		s->call = CALL_NONE;
	}
	s->config.on_answer(s->config.arg, call, &answer);
}

static void send_call(struct settler *s)
{
	struct script_args args;
	enum script_id id = s->call == CALL_ROUTE ? SCRIPT_ROUTE : SCRIPT_SETTLE;

	assert(!s->is_out && s->call != CALL_NONE);
	if (s->call == CALL_ROUTE) {
		s->config.write_not_now(s->config.arg, &s->slots);
		route_args(&args, &s->caller, s->sizes, s->n_sizes, buf_str(&s->slots),
			   &s->scratch);
	} else {
		s->config.write_unreachable(s->config.arg, &s->slots);
		s->config.write_slow(s->config.arg, &s->slow);
		s->request.unreachable = buf_str(&s->slots);
		s->request.slow = buf_str(&s->slow);
		settle_args(&args, &s->caller, &s->request, &s->scratch);
	}
	s->started_us = clock_mono_us();
	s->is_out = !s->scratch.failed && !s->slots.failed && !s->slow.failed &&
		    link_call(s->link, id, &args, on_reply, s) == 0;
	if (!s->is_out)
		send_again_later(s);
}

static void on_up(void *arg, bool up)
{
	struct settler *s = arg;

	metrics_set(s->config.metrics, M_REDIS_UP, 0, up);
	metrics_add(s->config.metrics, M_REDIS_CONNECTS, 0, up);
	if (s->is_ending)
		return;
	if (up && s->call != CALL_NONE && !s->is_out)
		send_call(s);
	s->config.on_up(s->config.arg, up);
}

int settler_init(struct settler *s, const struct settler_config *config)
{
	struct link_config link = { .base = config->base,
				    .url = config->url,
				    .scripts = registry_scripts(config->keys),
				    .name = s->caller.worker,
				    .stall_ms = STALL_MS,
				    .on_up = on_up,
				    .arg = s };

	*s = (struct settler){ .config = *config };
	s->caller.lease_ms = WORKER_LEASE_MS;
	s->caller.catchup_max_messages = config->catchup_max_messages;
	snprintf(s->caller.worker, sizeof(s->caller.worker), "%s", config->worker);
	s->again = evtimer_new(config->base, on_again, s);
	if (config->token && config->token[0])
		snprintf(s->caller.token, sizeof(s->caller.token), "%s", config->token);
	else if (rng_token(s->caller.token, sizeof(s->caller.token) / 2) != 0)
		return -ENOMEM;
	if (!s->again)
		return -ENOMEM;
	s->link = link_new(&link);
	return s->link ? 0 : -ENOMEM;
}

void settler_deinit(struct settler *s)
{
	s->is_ending = true; /* the link's last callbacks */
	link_free(s->link);
	if (s->again)
		event_free(s->again);
	buf_deinit(&s->slots);
	buf_deinit(&s->slow);
	buf_deinit(&s->scratch);
}

bool settler_is_up(const struct settler *s)
{
	return link_is_up(s->link);
}

bool settler_is_idle(const struct settler *s)
{
	return s->call == CALL_NONE && link_is_up(s->link);
}

static void start(struct settler *s, enum settler_call call)
{
	assert(settler_is_idle(s));
	s->call = call;
	s->caller.number++;
	send_call(s);
}

void settler_route(struct settler *s, const uint32_t *sizes, unsigned n_sizes)
{
	s->sizes = sizes;
	s->n_sizes = n_sizes;
	start(s, CALL_ROUTE);
}

void settler_settle(struct settler *s, const struct settle_request *request)
{
	s->request = *request;
	start(s, CALL_SETTLE);
}
