/*
 * One link owns one hiredis context. The context belongs to hiredis once its disconnect callback
 * has run, so `context` is set NULL in one place (lost) and nobody else keeps it.
 */
#include "registry/link.h"

#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <stdio.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"

#define RECONNECT_BASE_MS 20
#define RECONNECT_CAP_MS 1000
#define KEEP_BYTES (256u << 10) /* of the buffer that calls are written in */

enum link_state {
	LINK_DOWN,       /* waiting to connect; no context */
	LINK_CONNECTING, /* connecting, or the greeting is under way */
	LINK_UP,         /* every call goes out */
	LINK_BROKEN, /* an answer said so; the context is dropped on the next turn of the loop */
	LINK_CLOSING /* being freed */
};

struct link {
	struct link_config config;
	enum link_state state;
	redisAsyncContext *context; /* NULL while DOWN */
	struct event *timer;        /* DOWN: when to connect; else: the stall of the oldest call */
	struct backoff backoff;
	unsigned n_greetings; /* answers still to come before UP */
	unsigned n_pending;   /* calls without an answer */
	uint64_t progress_us; /* when the last answer came, or the first of the pending calls went
				 out */
	struct buf out;
	struct link_stats stats;
	bool told_down; /* the log has said that it is down */
	char why[128];  /* BROKEN: why */
};

struct call {
	struct link *link;
	const char *name; /* of the script or command */
	link_reply_fn fn;
	void *arg;
	uint64_t sent_us;
};

static const char *const state_names[] = { "down", "connecting", "up", "broken", "closing" };
static_assert(ARRAY_LEN(state_names) == LINK_CLOSING + 1, "every state has a name");

static void set_state(struct link *link, enum link_state state)
{
	enum link_state before = link->state;

	assert(before != LINK_CLOSING && (state != LINK_UP || before == LINK_CONNECTING));
	link->state = state;
	log_debug("redis", "link state", "link", "%s", link->config.name, "from", "%s",
		  state_names[before], "to", "%s", state_names[state]);
	if ((before == LINK_UP || state == LINK_UP) && link->config.on_up && before != state)
		link->config.on_up(link->config.arg, state == LINK_UP);
}

static void arm(struct link *link, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	evtimer_add(link->timer, &tv);
}

/* The context is gone, or about to be: forget it and try again later. */
static void lost(struct link *link, const char *why)
{
	link->context = NULL;
	link->n_greetings = link->n_pending = 0;
	if (link->state == LINK_CLOSING)
		return;
	if (!link->told_down)
		log_warn("redis", "not connected", "link", "%s", link->config.name, "reason", "%s",
			 why);
	link->told_down = true;
	set_state(link, LINK_DOWN);
	arm(link, backoff_next_ms(&link->backoff) * US_PER_MS);
}

static void drop(struct link *link, const char *why)
{
	redisAsyncContext *context = link->context;

	lost(link, why);
	context->data = NULL; /* its callbacks are not about this link's state any more */
	redisAsyncFree(context);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct link *link = context->data;

	if (link && status != REDIS_OK)
		lost(link, context->errstr);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct link *link = context->data;

	(void)status;
	if (link)
		lost(link,
		     context->errstr && context->errstr[0] ? context->errstr : "closed by Redis");
}

static void come_up(struct link *link)
{
	backoff_reset(&link->backoff);
	link->stats.n_connects++;
	log_info("redis", "connected", "link", "%s", link->config.name);
	link->told_down = false;
	set_state(link, LINK_UP);
}

/* From inside a callback of hiredis, where the context must not be freed. */
static void break_off(struct link *link, const char *why)
{
	snprintf(link->why, sizeof(link->why), "%s", why);
	set_state(link, LINK_BROKEN);
	arm(link, 0);
}

static void on_greeting(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;

	(void)arg;
	if (!link || !reply || link->state != LINK_CONNECTING)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		log_error("redis", "greeting refused", "link", "%s", link->config.name, "answer",
			  "%s", reply->str);
		break_off(link, reply->str);
	} else if (--link->n_greetings == 0) {
		come_up(link);
	}
}

static void on_message(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct link *link = context->data;
	redisReply *reply = reply_arg;

	(void)arg;
	if (!link || !reply || link->state == LINK_BROKEN)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		break_off(link, reply->str);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	if (reply->element[2]->type == REDIS_REPLY_STRING)
		link->config.on_event(link->config.arg, reply->element[2]->str);
	else if (link->state == LINK_CONNECTING) /* the subscription itself */
		come_up(link);
}

static void greet(struct link *link, unsigned n, const char *const *words)
{
	buf_clear(&link->out);
	command_format(&link->out, n, words);
	if (!link->out.failed &&
	    redisAsyncFormattedCommand(link->context, on_greeting, NULL, link->out.data,
				       link->out.len) == REDIS_OK)
		link->n_greetings++;
}

static void load_scripts(struct link *link)
{
	for (enum script_id id = 0; id < SCRIPTS; id++) {
		buf_clear(&link->out);
		script_format_load(&link->out, id);
		if (!link->out.failed &&
		    redisAsyncFormattedCommand(link->context, on_greeting, NULL, link->out.data,
					       link->out.len) == REDIS_OK)
			link->n_greetings++;
	}
}

static void greet_all(struct link *link)
{
	struct redis_url *url = link->config.url;
	char db[16];

	snprintf(db, sizeof(db), "%d", url->db);
	if (url->password[0] && url->user[0])
		greet(link, 3, (const char *[]){ "AUTH", url->user, url->password });
	else if (url->password[0])
		greet(link, 2, (const char *[]){ "AUTH", url->password });
	if (url->db)
		greet(link, 2, (const char *[]){ "SELECT", db });
	greet(link, 3, (const char *[]){ "CLIENT", "SETNAME", link->config.name });
	if (!link->config.subscribe) {
		load_scripts(link);
		return;
	}
	if (redisAsyncCommand(link->context, on_message, NULL, "SUBSCRIBE %s",
			      link->config.keys->names[KEY_EVENTS]) == REDIS_OK)
		link->n_greetings++; /* counted by the subscription's own answer */
}

static redisAsyncContext *open_context(struct link *link)
{
	char address[INET6_ADDRSTRLEN];

	if (link->config.url->path[0])
		return redisAsyncConnectUnix(link->config.url->path);
	if (!redis_url_address(link->config.url, address))
		return NULL;
	return redisAsyncConnect(address, link->config.url->port);
}

static void connect_now(struct link *link)
{
	redisAsyncContext *context = open_context(link);

	if (!context || context->err ||
	    redisLibeventAttach(context, link->config.base) != REDIS_OK) {
		lost(link, context ? context->errstr : "no address");
		if (context)
			redisAsyncFree(context);
		return;
	}
	if (!link->config.url->path[0])
		redisEnableKeepAlive(&context->c); /* a subscription is silent; this tells a dead
						      peer from a quiet one */
	context->data = link;
	link->context = context;
	set_state(link, LINK_CONNECTING);
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	link->progress_us = clock_mono_us();
	greet_all(link);
	arm(link, link->config.stall_ms * US_PER_MS);
}

/* Connecting, the greeting, or the oldest call took too long? */
static void check_stall(struct link *link)
{
	uint64_t now = clock_mono_us(), limit = link->config.stall_ms * US_PER_MS;
	bool waiting = link->n_pending > 0 || link->state == LINK_CONNECTING;

	if (waiting && now - link->progress_us >= limit)
		drop(link, "no answer in time");
	else
		arm(link, waiting ? link->progress_us + limit - now : limit);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;

	(void)fd;
	(void)what;
	if (link->state == LINK_DOWN)
		connect_now(link);
	else if (link->state == LINK_BROKEN)
		drop(link, link->why);
	else
		check_stall(link);
}

struct link *link_new(const struct link_config *config)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->config = *config;
	link->timer = evtimer_new(config->base, on_timer, link);
	if (!link->timer) {
		free(link);
		return NULL;
	}
	backoff_init(&link->backoff, RECONNECT_BASE_MS, RECONNECT_CAP_MS, 0);
	arm(link, 0);
	return link;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	link->state = LINK_CLOSING;
	if (link->context)
		drop(link, "closing");
	event_free(link->timer);
	buf_deinit(&link->out);
	free(link);
}

bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

const struct link_stats *link_stats(const struct link *link)
{
	return &link->stats;
}

static bool means_away(const char *error)
{
	static const char *const away[] = { "LOADING", "READONLY", "MASTERDOWN", "NOSCRIPT",
					    "CLUSTERDOWN" };

	for (size_t i = 0; i < ARRAY_LEN(away); i++)
		if (strncmp(error, away[i], strlen(away[i])) == 0)
			return true;
	return false;
}

static void on_reply(redisAsyncContext *context, void *reply_arg, void *arg)
{
	struct call *call = arg;
	struct link *link = context->data;
	redisReply *reply = reply_arg;
	uint64_t now = clock_mono_us();

	if (link && reply) {
		link->n_pending--;
		link->progress_us = now;
		link->stats.n_calls++;
		link->stats.last_us = now - call->sent_us;
	}
	if (reply && reply->type == REDIS_REPLY_ERROR) {
		log_error("redis", "call failed", "call", "%s", call->name, "answer", "%s",
			  reply->str);
		call->link->stats.n_failed++;
		/* NOSCRIPT too: the scripts are loaded again with the next greeting */
		if (link && link->state == LINK_UP && means_away(reply->str))
			break_off(link, reply->str);
		reply = NULL;
	} else if (!reply) {
		call->link->stats.n_failed++;
	}
	call->fn(call->arg, reply);
	free(call);
}

/* Sends what is written in `out`. */
static int send_out(struct link *link, const char *name, link_reply_fn fn, void *arg)
{
	struct call *call = malloc(sizeof(*call));

	if (!call || link->out.failed) {
		free(call);
		return -ENOMEM;
	}
	*call = (struct call){
		.link = link, .name = name, .fn = fn, .arg = arg, .sent_us = clock_mono_us()
	};
	if (redisAsyncFormattedCommand(link->context, on_reply, call, link->out.data,
				       link->out.len) != REDIS_OK) {
		free(call);
		return LINK_E_DOWN;
	}
	if (link->out.capacity > KEEP_BYTES)
		buf_deinit(&link->out);
	if (link->n_pending++ == 0)
		link->progress_us = call->sent_us;
	return 0;
}

int link_call(struct link *link, enum script_id id, const struct script_args *args,
	      link_reply_fn fn, void *arg)
{
	if (link->state != LINK_UP)
		return LINK_E_DOWN;
	buf_clear(&link->out);
	script_format(&link->out, id, link->config.keys, args);
	return send_out(link, scripts[id].name, fn, arg);
}

int link_command(struct link *link, unsigned n_words, const char *const *words, link_reply_fn fn,
		 void *arg)
{
	if (link->state != LINK_UP)
		return LINK_E_DOWN;
	buf_clear(&link->out);
	command_format(&link->out, n_words, words);
	return send_out(link, words[0], fn, arg);
}
