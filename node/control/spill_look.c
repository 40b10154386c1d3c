#include "node/control/spill_look.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/scripts.h"

#define STALL_MS 2000
#define EVENTS_MAX 32 /* brought to the registry at once */
#define FIGURES 4     /* packets, messages, bytes, dead letters */

struct spill_look {
	struct spill_look_config config;
	struct link *link; /* the registry's, or its own */
	bool is_asking;
	uint64_t seen_us; /* 0: never */
	int64_t figures[FIGURES];
	char server[REDIS_URL_STRLEN];
};

static bool is_apart(const struct spill_look *s)
{
	return s->link != s->config.registry;
}

static void on_brought(void *arg, const redisReply *reply)
{
	(void)arg;
	(void)reply; /* an event that is lost is missed by people alone */
}

/* {field, value, ...} goes to the registry's journal. */
static void bring_event(struct spill_look *s, const redisReply *event)
{
	const char *words[6 + 2 * 8] = { "XADD",   s->config.shared->keys.names[KEY_JOURNAL],
					 "MAXLEN", "~",
					 "1000",   "*" };
	unsigned n = 6;

	if (event->type != REDIS_REPLY_ARRAY || event->elements % 2 != 0)
		return;
	for (size_t i = 0; i < event->elements && n < ARRAY_LEN(words); i++) {
		if (event->element[i]->type != REDIS_REPLY_STRING)
			return;
		words[n++] = event->element[i]->str;
	}
	assert(n % 2 == 0); /* a field that is cut off goes with its value */
	if (n > 6 && link_command(s->config.registry, n, words, on_brought, s) != 0)
		log_debug("control", "the link is down, an event of the spill is lost");
}

static bool is_answer(const redisReply *reply)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 + FIGURES ||
	    reply->element[0]->type != REDIS_REPLY_STRING)
		return false;
	for (size_t i = 1; i <= FIGURES; i++)
		if (reply->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
	return true;
}

static void on_looked(void *arg, const redisReply *reply)
{
	struct spill_look *s = arg;

	s->is_asking = false;
	if (!is_answer(reply))
		return;
	s->seen_us = clock_mono_us();
	for (size_t i = 0; i < FIGURES; i++)
		s->figures[i] = reply->element[1 + i]->integer;
	for (size_t i = 1 + FIGURES; i < reply->elements; i++)
		bring_event(s, reply->element[i]);
	if (reply->element[0]->len > 0)
		s->config.on_lost(s->config.arg, reply->element[0]->str);
}

void spill_look_turn(struct spill_look *s)
{
	struct script_args args = { 0 };

	script_arg_int(&args, is_apart(s) && link_is_up(s->config.registry) ? EVENTS_MAX : 0);
	if (!s->is_asking)
		s->is_asking = link_call(s->link, SCRIPT_SPILL_LOOK, &args, on_looked, s) == 0;
}

void spill_look_add_args(struct spill_look *s, struct script_args *args)
{
	if (!is_apart(s))
		return;
	assert(args->n + 2 + FIGURES <= SCRIPT_MAX_ARGS);
	script_arg_str(args, s->server);
	if (!s->seen_us)
		return;
	script_arg_int(args, (int64_t)((clock_mono_us() - s->seen_us) / US_PER_MS));
	for (size_t i = 0; i < FIGURES; i++)
		script_arg_int(args, s->figures[i]);
}

static void on_up(void *arg, bool up)
{
	struct spill_look *s = arg;

	atomic_store_explicit(&s->config.shared->health.spill_up, up, memory_order_relaxed);
	if (up)
		log_info("control", "the spill's Redis is there", "addr=%s", s->server);
	else
		log_warn("control", "the spill's Redis is away", "addr=%s runbook=%s", s->server,
			 LOG_RUNBOOK "the-spills-redis-is-away");
}

static struct link *link_apart(struct spill_look *s)
{
	const struct node_shared *shared = s->config.shared;
	struct link_config link = { .base = s->config.base,
				    .url = shared->store,
				    .scripts = registry_scripts(shared->store_keys),
				    .name = shared->config->node_id,
				    .stall_ms = STALL_MS,
				    .on_up = on_up,
				    .arg = s };

	redis_url_describe(shared->store, s->server);
	return link_new(&link);
}

struct spill_look *spill_look_new(const struct spill_look_config *config)
{
	struct spill_look *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	s->link = node_shared_has_store(config->shared) ? link_apart(s) : config->registry;
	if (s->link)
		return s;
	free(s);
	return NULL;
}

void spill_look_free(struct spill_look *s)
{
	if (s && is_apart(s))
		link_free(s->link);
	free(s);
}
