/*
 * A transfer under way has a deadline, and a request:
 *
 *   in link->waiting    its connection is looked up or made
 *   on a link           it is a stream of it
 *   on none             it failed at once; its result is in it, and its deadline has come
 */
#include "node/send/sender_h2.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/net/net_url.h"
#include "node/send/deadlines.h"
#include "node/send/h2_link.h"
#include "node/send/origin.h"

#define HTTPS_PORT 443          /* which servers do not expect in an authority */
#define IDLE_US (60 * US_PER_S) /* then a connection is closed */

struct sender_h2 {
	struct h2_link_owner owner; /* first, so that it is found from a link */
	struct sender_h2_config config;
	struct origins origins;
	struct deadlines deadlines; /* of all that are under way */
	struct h2_link_list links;
	bool is_ending;
};

static void on_looked_up(struct origin *o);
static void on_begin(struct h2_link *link);
static void on_open(struct h2_link *link);
static void on_refused(struct h2_link *link, const char *error);
static void on_other(struct h2_link *link);
static void on_done(struct h2_link *link, struct h2_request *r);
static void on_lost(struct h2_link *link);
static void on_due(void *arg, struct transfer *t, uint64_t now_us);
static uint64_t on_sweep(void *arg, uint64_t now_us);

static struct sender_h2 *sender_of(const struct h2_link *link)
{
	return CONTAINER_OF(link->owner, struct sender_h2, owner);
}

struct sender_h2 *sender_h2_new(const struct sender_h2_config *config)
{
	struct sender_h2 *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	s->owner = (struct h2_link_owner){ .base = config->base,
					   .tls = config->tls,
					   .protocols = config->protocols,
					   .on_begin = on_begin,
					   .on_open = on_open,
					   .on_refused = on_refused,
					   .on_other = on_other,
					   .on_done = on_done,
					   .on_lost = on_lost };
	origins_init(&s->origins, config->base, config->allow, config->tls != NULL, on_looked_up,
		     s);
	deadlines_init(&s->deadlines, config->base);
	s->deadlines.on_due = on_due;
	s->deadlines.on_sweep = on_sweep;
	s->deadlines.arg = s;
	TAILQ_INIT(&s->links);
	return s;
}

/* ---- ends ---- */

static uint64_t end_of(const struct transfer *t)
{
	return t->started_us + t->timeout_ms * US_PER_MS;
}

static uint64_t connect_by(const struct transfer *t)
{
	uint64_t by_us = t->started_us + t->connect_ms * US_PER_MS;

	return by_us < end_of(t) ? by_us : end_of(t);
}

/* Its request is told what came, and is freed. */
static void finish(struct sender_h2 *s, struct h2_request *r, bool is_whole,
		   enum transfer_result otherwise, const char *error)
{
	struct transfer *t = r->transfer;

	deadlines_remove(&s->deadlines, t);
	t->request = NULL;
	if (otherwise == TRANSFER_CONNECT && t->was_resent) { /* it was sent before */
		otherwise = TRANSFER_BROKEN;
		error = "closed before it answered, and takes no new connection";
	}
	h2_request_tell(r, is_whole, otherwise, error);
	h2_request_free(r);
}

/* The timer ends it, but not a sweep that is at it. `error` is static. */
static void fail_soon(struct sender_h2 *s, struct transfer *t, enum transfer_result result,
		      const char *error)
{
	uint64_t now_us = clock_mono_us();

	t->result = result;
	t->error = error;
	deadlines_move(&s->deadlines, t, now_us + 1, now_us);
}

static void free_link(struct h2_link *link)
{
	struct sender_h2 *s = sender_of(link);

	assert(link->n_waiting == 0 && link->origin->n_conns > 0);
	TAILQ_REMOVE(&s->links, link, link);
	link->origin->n_conns--;
	h2_link_free(link);
}

/* ---- a connection ---- */

/* All that waits for it fails; it is freed. */
static void give_up(struct h2_link *link, const char *error)
{
	struct sender_h2 *s = sender_of(link);
	struct h2_request *r;

	link->streams.is_going =
		true; /* on_done may start another transfer, which needs another one */
	while ((r = TAILQ_FIRST(&link->waiting))) {
		TAILQ_REMOVE(&link->waiting, r, link);
		link->n_waiting--;
		finish(s, r, false, TRANSFER_CONNECT, error);
	}
	free_link(link);
}

static uint64_t time_left(const struct h2_link *link)
{
	const struct h2_request *r = TAILQ_FIRST(&link->waiting);
	uint64_t now_us = clock_mono_us(), by_us = r ? connect_by(r->transfer) : 0;

	return by_us > now_us ? by_us - now_us : 0;
}

/* Each address gets its part of the time. False: none is left. */
static bool connect_next(struct h2_link *link, const char **errorp)
{
	const struct lookup *known = &link->origin->lookup;

	while (link->n_more && known->n_addrs && time_left(link)) {
		uint64_t within_us = time_left(link) / link->n_more;
		int r;

		link->n_more--;
		link->addr_at = (link->addr_at + 1) % known->n_addrs;
		r = h2_link_connect(link, &known->addrs[link->addr_at], within_us + 1);
		if (r == 0)
			return true;
		*errorp = strerror(-r);
	}
	return false;
}

static void connect_to_origin(struct h2_link *link)
{
	const struct lookup *known = &link->origin->lookup;
	const char *error = "no connection in time";

	link->n_more = known->n_addrs;
	link->addr_at = (link->origin->preferred + known->n_addrs - 1) % known->n_addrs;
	if (!connect_next(link, &error))
		give_up(link, error);
}

static void on_refused(struct h2_link *link, const char *error)
{
	if (!connect_next(link, &error))
		give_up(link, error);
}

/* All that waits for it goes on by another protocol. */
static void on_other(struct h2_link *link)
{
	struct sender_h2 *s = sender_of(link);
	struct h2_request *r;

	if (!s->config.on_other) {
		give_up(link, link->error);
		return;
	}
	while ((r = TAILQ_FIRST(&link->waiting))) {
		struct transfer *t = r->transfer;

		TAILQ_REMOVE(&link->waiting, r, link);
		link->n_waiting--;
		deadlines_remove(&s->deadlines, t);
		t->request = NULL;
		h2_request_free(r);
		s->config.on_other(s->config.arg, t);
	}
	free_link(link);
}

static void on_looked_up(struct origin *o)
{
	struct sender_h2 *s = CONTAINER_OF(o->origins, struct sender_h2, origins);
	uint64_t now_us = clock_mono_us();
	struct h2_link *link, *next;

	for (link = TAILQ_FIRST(&s->links); link; link = next) {
		next = TAILQ_NEXT(link, link);
		if (link->origin != o || !link->is_looking_up)
			continue;
		link->is_looking_up = false;
		if (origin_has_address(o, now_us))
			connect_to_origin(link);
		else
			give_up(link, origin_problem(o));
	}
}

/* ---- a request on a connection ---- */

static const char *path_of(const struct transfer *t, struct net_url *url)
{
	if (t->method)
		return t->method;
	return net_url_parse_analyzer(url, t->url) == 0 ? url->path : "/";
}

static void send_on(struct h2_link *link, struct h2_request *r)
{
	struct sender_h2 *s = sender_of(link);
	struct transfer *t = r->transfer;
	char authority[NET_AUTHORITY_SIZE];
	struct net_url url;
	int code;

	snprintf(authority, sizeof(authority), "%.*s", (int)link->origin->len,
		 link->origin->authority);
	deadlines_move(&s->deadlines, t, end_of(t), clock_mono_us());
	code = h2_link_send(link, r, authority, path_of(t, &url));
	if (code != 0)
		fail_soon(s, t, TRANSFER_BROKEN,
			  code == -ENOMEM ? "out of memory" : "its headers cannot be sent");
}

static void on_open(struct h2_link *link)
{
	struct h2_request *r;

	link->origin->preferred = link->addr_at;
	while ((r = TAILQ_FIRST(&link->waiting))) {
		TAILQ_REMOVE(&link->waiting, r, link);
		link->n_waiting--;
		r->owner = NULL;
		send_on(link, r);
	}
	if (link->streams.n_requests == 0 && link->is_alone)
		h2_link_go(link);
}

static void wait_on(struct h2_link *link, struct h2_request *r)
{
	r->owner = link;
	TAILQ_INSERT_TAIL(&link->waiting, r, link);
	link->n_waiting++;
}

static struct h2_link *find_link(struct sender_h2 *s, const struct origin *o)
{
	struct h2_link *link;

	for (link = TAILQ_FIRST(&s->links); link; link = TAILQ_NEXT(link, link)) {
		if (link->origin != o || link->is_alone)
			continue;
		if (h2_link_room(link))
			return link;
		if (link->state == H2_LINK_OPEN && link->streams.n_requests == 0)
			h2_link_go(link); /* the server allows no request at all on it */
	}
	return NULL;
}

static void on_begin(struct h2_link *link)
{
	struct origin *o = link->origin;
	uint64_t now_us = clock_mono_us();

	if (origin_has_address(o, now_us))
		connect_to_origin(link);
	else if (origin_look_up(o, now_us))
		link->is_looking_up = true;
	else
		give_up(link, origin_problem(o));
}

/* NULL: out of memory. */
static struct h2_link *make_link(struct sender_h2 *s, struct origin *o, bool is_alone)
{
	struct h2_link *link = h2_link_new(&s->owner);

	if (!link)
		return NULL;
	link->origin = o;
	link->host = o->host;
	link->is_alone = is_alone;
	o->n_conns++;
	TAILQ_INSERT_TAIL(&s->links, link, link);
	return link;
}

static void place(struct sender_h2 *s, struct h2_request *r, struct origin *o)
{
	struct transfer *t = r->transfer;
	struct h2_link *link = t->is_fresh ? NULL : find_link(s, o);

	if (!link)
		link = make_link(s, o, t->is_fresh);
	if (!link) {
		fail_soon(s, t, TRANSFER_BROKEN, "out of memory");
	} else if (link->state == H2_LINK_OPEN) {
		send_on(link, r);
	} else {
		wait_on(link, r);
		deadlines_move(&s->deadlines, t, connect_by(t), clock_mono_us());
	}
}

static bool may_go_again(const struct h2_request *r)
{
	if (r->transfer->was_resent)
		return false;
	return r->end == H2_END_REFUSED || (r->end == H2_END_LOST && r->met_idle && !r->status);
}

static void on_done(struct h2_link *link, struct h2_request *r)
{
	struct sender_h2 *s = sender_of(link);
	uint64_t now_us = clock_mono_us();
	bool is_whole = r->end == H2_END_WHOLE && r->error_code == NGHTTP2_NO_ERROR;
	bool is_late = r->end == H2_END_LOST && link->is_late;

	if (link->is_alone)
		h2_link_go(link);
	deadlines_arm(&s->deadlines, now_us + IDLE_US, now_us);
	if (!r->transfer) {
		h2_request_free(r);
	} else if (may_go_again(r)) {
		r->transfer->was_resent = true;
		h2_request_rewind(r);
		place(s, r, link->origin);
	} else {
		finish(s, r, is_whole, is_late ? TRANSFER_TIMEOUT : TRANSFER_BROKEN,
		       r->end == H2_END_LOST ? link->error : nghttp2_http2_strerror(r->error_code));
	}
}

static void on_lost(struct h2_link *link)
{
	give_up(link, link->error);
}

/* The host and port of its URL, as origins know them. */
static int find_origin(struct sender_h2 *s, const char *text, struct origin **originp)
{
	char plain[NET_AUTHORITY_SIZE + 16], port[8] = "";
	struct net_url url;
	bool is_v6;

	if (net_url_parse_analyzer(&url, text) != 0)
		return ORIGIN_E_URL;
	is_v6 = strchr(url.host, ':') != NULL;
	if (!url.tls || url.port != HTTPS_PORT)
		snprintf(port, sizeof(port), ":%u", url.port);
	snprintf(plain, sizeof(plain), "%s%s%s%s%s", s->origins.scheme, is_v6 ? "[" : "", url.host,
		 is_v6 ? "]" : "", port);
	return origins_find(&s->origins, plain, originp);
}

int sender_h2_start(struct sender_h2 *s, struct transfer *t)
{
	struct origin *o = NULL;
	int r = s->is_ending ? -ECANCELED : find_origin(s, t->url, &o);
	struct h2_request *request;

	if (r < 0)
		return r;
	request = h2_request_new(t);
	if (!request)
		return -ENOMEM;
	transfer_begin(t);
	t->request = request;
	deadlines_add(&s->deadlines, t, end_of(t), t->started_us);
	if (r == 0)
		place(s, request, o);
	else
		fail_soon(s, t, TRANSFER_CONNECT,
			  r == ORIGIN_E_FULL ? "too many hosts" : "not a URL of HTTP/2");
	return 0;
}

/* ---- time ---- */

/* Nothing else waits for a connection that is not there yet. */
static void give_up_waiting(struct sender_h2 *s, struct h2_request *r)
{
	struct h2_link *link = r->owner;
	const char *error =
		link->is_looking_up ? origin_problem(link->origin) : "no connection in time";

	assert(link->state != H2_LINK_OPEN && link->n_waiting > 0);
	TAILQ_REMOVE(&link->waiting, r, link);
	link->n_waiting--;
	if (link->n_waiting == 0)
		link->streams.is_going = true;
	finish(s, r, false, TRANSFER_CONNECT, error);
	if (link->n_waiting == 0)
		free_link(link);
}

/* A connection that may be dead gets no other request. What is under way on it may end yet. */
static void time_out(struct h2_link *link, const struct h2_request *r)
{
	if (h2_link_is_stuck(link, r)) {
		h2_link_break(link, "it takes no more bytes");
		return;
	}
	if (h2_link_is_silent(link, r))
		h2_link_go(link);
	h2_link_cancel(link, r);
}

static void on_due(void *arg, struct transfer *t, uint64_t now_us UNUSED)
{
	struct sender_h2 *s = arg;
	struct h2_request *r = t->request;
	struct h2_link *link = r->owner;

	if (!link) {
		finish(s, r, false, t->result, t->error);
	} else if (r->id < 0) {
		give_up_waiting(s, r);
	} else {
		time_out(link, r);
		deadlines_remove(&s->deadlines, t);
		t->request = NULL;
		h2_request_tell(r, false, TRANSFER_TIMEOUT, "no answer in time");
	}
}

static uint64_t on_sweep(void *arg, uint64_t now_us)
{
	struct sender_h2 *s = arg;
	uint64_t next_us = DEADLINE_NEVER;
	struct h2_link *link;

	for (link = TAILQ_FIRST(&s->links); link; link = TAILQ_NEXT(link, link)) {
		uint64_t until_us = link->idle_since_us + IDLE_US;

		if (link->state != H2_LINK_OPEN || link->streams.n_requests ||
		    link->streams.is_going)
			continue;
		if (until_us <= now_us)
			h2_link_go(link);
		else if (until_us < next_us)
			next_us = until_us;
	}
	return next_us;
}

/* It leaves its connection, also where that is about to tell of its end. */
static void detach(struct h2_request *r)
{
	struct h2_link *link = r->owner;

	if (link && r->id < 0) {
		TAILQ_REMOVE(&link->waiting, r, link);
		link->n_waiting--;
	} else if (link) {
		TAILQ_REMOVE(&link->streams.requests, r, link);
		link->streams.n_requests--;
	}
}

void sender_h2_free(struct sender_h2 *s)
{
	struct transfer *t;
	struct h2_request *r;
	struct h2_link *link;

	if (!s)
		return;
	s->is_ending = true;
	for (link = TAILQ_FIRST(&s->links); link; link = TAILQ_NEXT(link, link)) {
		while ((r = TAILQ_FIRST(&link->streams.ended))) {
			TAILQ_REMOVE(&link->streams.ended, r, link);
			TAILQ_INSERT_TAIL(&link->streams.requests, r, link);
			link->streams.n_requests++;
		}
	}
	while ((t = TAILQ_FIRST(&s->deadlines.list))) {
		r = t->request;
		detach(r);
		finish(s, r, false, TRANSFER_BROKEN, "the node ends");
	}
	while ((link = TAILQ_FIRST(&s->links))) {
		while ((r = TAILQ_FIRST(&link->streams.requests))) {
			detach(r);
			h2_request_free(r);
		}
		free_link(link);
	}
	origins_deinit(&s->origins);
	deadlines_deinit(&s->deadlines);
	free(s);
}
