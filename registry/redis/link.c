/*
 * One link owns one hiredis context. The context belongs to hiredis once its disconnect callback
 * has run, so `context` is set NULL in one place (link_lose) and nobody else keeps it.
 */
#include <hiredis/adapters/libevent.h>
#include <hiredis/sds.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/redis/cluster_seek.h"
#include "registry/redis/dial.h"
#include "registry/redis/link.h"
#include "registry/redis/link_greet.h"
#include "registry/redis/link_state.h"

#define LOOKS 4                 /* for bytes that moved, in the time of a stall */
#define KEEP_BYTES (256u << 10) /* of the buffer that calls are written in */

struct call {
	struct link *link;
	const char *name; /* of the script or command */
	link_reply_fn fn;
	void *arg;
	uint64_t sent_us;
};

static void on_connect(const redisAsyncContext *context, int status)
{
	struct link *link = context->data;

	if (link && status != REDIS_OK)
		link_lose(link, dial_why(link->config.url, &context->c));
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct link *link = context->data;

	(void)status;
	if (link)
		link_lose(link, dial_why(link->config.url, &context->c));
}

/* To link->place. */
static void connect_now(struct link *link)
{
	redisAsyncContext *context = dial_async(link->config.url, &link->place);

	if (!context || context->err || context->c.err ||
	    redisLibeventAttach(context, link->config.base) != REDIS_OK) {
		link_lose(link,
			  context ? dial_why(link->config.url, &context->c) : "out of memory");
		if (context)
			redisAsyncFree(context);
		return;
	}
	if (!link->config.url->path[0])
		redisEnableKeepAlive(&context->c); /* a subscription is silent; this tells a dead
						      peer from a quiet one */
	context->data = link;
	link->context = context;
	link_set_state(link, LINK_CONNECTING);
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	link->progress_us = clock_mono_us();
	link_greet(link);
	link_arm(link, link->config.stall_ms * US_PER_MS);
}

/* Where is Redis now? */
static void find(struct link *link)
{
	const struct script_set *scripts = &link->config.scripts;

	cluster_set_key(link->config.url, scripts->keys ? scripts->keys[0] : NULL);
	link->is_asking = link->has_ask;
	if (link->has_ask) {
		link->has_ask = false;
		link->place = link->ask_place;
		connect_now(link);
	} else if (link->watch.fd >= 0 && finder_is_needed(link->config.url)) {
		link_set_state(link, LINK_FINDING);
		finder_ask(link->config.url, &link->watch);
	} else {
		link->place = link->config.url->place; /* fixed */
		connect_now(link);
	}
}

static void on_found(struct link *link)
{
	if (link->watch.result != 0) {
		link_lose(link, link->watch.why);
		return;
	}
	link->place = link->watch.place;
	connect_now(link);
}

/* The finder has news: an answer to this link, or for all. */
static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;
	struct redis_url *url = link->config.url;
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) != 0)
		return;
	if (link->state == LINK_FINDING && finder_is_answered(url, &link->watch))
		on_found(link);
	else if (link->context && finder_has_moved(url, &link->place))
		link_drop(link, "the primary is another one now");
}

static uint64_t next_look_us(uint64_t left_us, uint64_t limit_us)
{
	return left_us < limit_us / LOOKS ? left_us : limit_us / LOOKS;
}

/* Whether bytes have moved since the last look. */
static bool has_moved(struct link *link)
{
	const redisContext *c = &link->context->c;
	struct link_traffic before = link->traffic, *now = &link->traffic;

	*now = (struct link_traffic){ .unsent = sdslen(c->obuf),
				      .unread = c->reader->len,
				      .parsed = c->reader->pos };
	if (ioctl(c->fd, SIOCOUTQ, &now->unacked) != 0)
		now->unacked = 0;
	if (ioctl(c->fd, FIONREAD, &now->unreceived) != 0)
		now->unreceived = 0;
	return now->unsent != before.unsent || now->unread != before.unread ||
	       now->parsed != before.parsed || now->unacked != before.unacked ||
	       now->unreceived != before.unreceived;
}

/* Connecting, the greeting, or the calls under way have come no further for too long? */
static void check_stall(struct link *link)
{
	uint64_t now = clock_mono_us(), limit = link->config.stall_ms * US_PER_MS;
	bool waiting = link->n_pending > 0 || link->state == LINK_CONNECTING;

	if (waiting && link->context && has_moved(link))
		link->progress_us = now;
	if (waiting && now - link->progress_us >= limit)
		link_drop(link, "no answer in time");
	else
		link_arm(link,
			 waiting ? next_look_us(link->progress_us + limit - now, limit) : limit);
}

uint64_t link_progress_us(struct link *link)
{
	if (link->context && has_moved(link))
		link->progress_us = clock_mono_us();
	return link->progress_us;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;

	(void)fd;
	(void)what;
	if (link->state == LINK_DOWN)
		find(link);
	else if (link->state == LINK_BROKEN)
		link_drop(link, link->why);
	else
		check_stall(link);
}

/* Where Redis has to be looked for. */
static int init_watch(struct link *link)
{
	link->watch.fd = -1;
	if (link->config.url->path[0])
		return 0;
	link->watch.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (link->watch.fd < 0)
		return -errno;
	link->watch_event =
		event_new(link->config.base, link->watch.fd, EV_READ | EV_PERSIST, on_watch, link);
	if (!link->watch_event || event_add(link->watch_event, NULL) != 0)
		return -ENOMEM;
	return finder_join(link->config.url, &link->watch);
}

static void free_parts(struct link *link)
{
	finder_leave(link->config.url, &link->watch);
	if (link->watch_event)
		event_free(link->watch_event);
	if (link->watch.fd >= 0)
		close(link->watch.fd);
	if (link->timer)
		event_free(link->timer);
	buf_deinit(&link->out);
	free(link);
}

struct link *link_new(const struct link_config *config)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->config = *config;
	link->refusal = "";
	link->timer = evtimer_new(config->base, on_timer, link);
	if (init_watch(link) != 0 || !link->timer) {
		free_parts(link);
		return NULL;
	}
	backoff_init(&link->backoff, LINK_RECONNECT_BASE_MS, LINK_RECONNECT_CAP_MS, 0);
	link_arm(link, 0);
	return link;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	link->state = LINK_CLOSING;
	if (link->context)
		link_drop(link, "closing");
}

void link_free(struct link *link)
{
	if (!link)
		return;
	link_close(link);
	free_parts(link);
}

bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

bool link_is_idle(const struct link *link)
{
	return link->state == LINK_UP && link->n_pending == 0;
}

const char *link_error(const struct link *link)
{
	return link->error;
}

const char *link_refusal(const struct link *link)
{
	return link->refusal;
}

const struct link_stats *link_stats(const struct link *link)
{
	return &link->stats;
}

static bool means_away(const char *error)
{
	static const char *const away[] = { "LOADING", "READONLY", "MASTERDOWN" };

	for (size_t i = 0; i < ARRAY_LEN(away); i++)
		if (script_error_is(error, away[i]))
			return true;
	return false;
}

/* It greets, but does not serve. */
static void leave(struct link *link, const char *error)
{
	link->is_turned_away = true;
	link_break_off(link, error);
}

/* A cluster says that the call did not run, as its slot is elsewhere or on its way: the next connection goes where
 * it says. */
static void turn_away(struct link *link, const char *error)
{
	struct redis_url *url = link->config.url;

	if (!cluster_take_moved(url, &link->place, error))
		link->has_ask = !link->is_asking &&
				cluster_take_ask(url, &link->place, error, &link->ask_place);
	leave(link, error);
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
	call->link->refusal = "";
	if (reply && reply->type == REDIS_REPLY_ERROR) {
		call->link->refusal = reply->str;
		log_error("redis", "call failed", "call=%s answer=%s", call->name, reply->str);
		call->link->stats.n_failed++;
		link_set_error(call->link, reply->str);
		/* NOSCRIPT too: the scripts are loaded again with the next greeting */
		if (link && link->state == LINK_UP && cluster_turns_away(reply->str))
			turn_away(link, reply->str);
		else if (link && link->state == LINK_UP && means_away(reply->str))
			leave(link, reply->str);
		else if (link && link->state == LINK_UP && script_error_is(reply->str, "NOSCRIPT"))
			link_break_off(link, reply->str);
		reply = NULL;
	} else if (reply && link && link->is_turned_away) {
		link->is_turned_away = false;
		backoff_reset(&link->backoff);
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
	if (link->is_asking)
		redisAsyncCommand(link->context, NULL, NULL, "ASKING");
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

int link_call(struct link *link, unsigned id, const struct script_args *args, link_reply_fn fn,
	      void *arg)
{
	if (link->state != LINK_UP)
		return LINK_E_DOWN;
	buf_clear(&link->out);
	script_format(&link->out, &link->config.scripts, id, args);
	return send_out(link, link->config.scripts.scripts[id].name, fn, arg);
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
