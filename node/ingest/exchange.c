/*
 * Bytes in, requests and their packets out; and the answers in their order. Here a connection is
 * only closed when memory is out; whoever calls looks at what comes back.
 */
#include "node/ingest/exchange.h"

#include <sys/socket.h>

#include "common/log.h"
#include "common/net/net.h"
#include "node/ingest/ingest.h"
#include "node/node_metrics.h"
#include "node/token_guard.h"

#define BULKY_BYTES (32u << 10) /* of a body: not copying it is worth one more read */

static void drop_packet(struct conn *c)
{
	if (!c->packet)
		return;
	packet_free_within(c->ingest->config.memory, c->packet);
	c->packet = NULL;
}

void exchange_abandon_all(struct conn *c)
{
	struct exchange *x;

	drop_packet(c);
	while ((x = c->first)) {
		c->first = x->next;
		if (x->is_done || x == c->reading)
			free(x);
		else
			x->conn = NULL;
	}
}

/* An answer for the request being read, or for none (408). It waits for its turn in the queue. */
static struct exchange *add_exchange(struct conn *c)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->conn = c;
	*c->tailp = x;
	c->tailp = &x->next;
	c->n_exchanges++;
	return x;
}

static void finish_exchange(struct conn *c, struct exchange *x)
{
	x->is_done = true;
	ingest_mark_dirty(c->ingest, c);
}

static struct net_addr peer_of(const struct conn *c)
{
	struct net_addr addr = { .len = sizeof(addr.sa) };

	if (getpeername(c->fd, (struct sockaddr *)&addr.sa, &addr.len) != 0)
		addr = (struct net_addr){ 0 };
	return addr;
}

/* 4xx make agents drop what they sent: each one is logged with its sender. */
static void log_refusal(struct conn *c, enum refusal refusal)
{
	const struct http_refusal_info *info = refusal_info(refusal);
	struct net_addr addr = peer_of(c);
	char peer[NET_ADDR_STRLEN];

	metrics_add(c->ingest->config.metrics, M_REFUSED, refusal, 1);
	if (info->status == 503)
		return;
	net_addr_format(&addr, peer);
	log_warn("ingest", "request refused", "client=%s status=%d reason=%s", peer, info->status,
		 info->name);
}

static void set_refusal(struct conn *c, struct exchange *x, enum refusal refusal)
{
	x->answer.kind = ANSWER_REFUSED;
	x->answer.refusal = refusal;
	x->answer.retry_after_s =
		x->token_wait_s ? x->token_wait_s : ingest_retry_after_s(c->ingest);
	log_refusal(c, refusal);
}

/* The exchange for a request of which no header section was understood. NULL: out of memory. */
static struct exchange *add_refused(struct conn *c)
{
	struct exchange *x = add_exchange(c);

	if (x)
		x->answer.head_only = c->reader.head.method == HTTP_HEAD;
	return x;
}

/* Nothing more is read; this answer, which is complete, is the last one. */
static void end_with(struct conn *c, struct exchange *x, enum conn_close reason)
{
	drop_packet(c);
	buf_deinit(&c->in);
	c->reading = NULL;
	c->owes_continue = false;
	x->ends = c->no_more = true;
	c->close_reason = reason;
	finish_exchange(c, x);
}

bool exchange_refuse_and_end(struct conn *c, enum refusal refusal, enum conn_close reason)
{
	struct exchange *x = c->reading ? c->reading : add_refused(c);

	if (!x) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	if (x->answer.kind != ANSWER_REFUSED)
		set_refusal(c, x, refusal);
	end_with(c, x, reason);
	return true;
}

/* Room for the body of the packet announced by the header section. */
static enum refusal start_packet(struct conn *c, const struct http_head *head)
{
	struct ingest *in = c->ingest;

	/* one that would be refused later on is refused before its body is sent */
	if (packet_cost(head->content_length) > memory_left(in->config.memory))
		return REFUSAL_NO_MEMORY;
	c->packet = packet_new_within(in->config.memory, head->content_length);
	return c->packet ? REFUSAL_NONE : REFUSAL_NO_MEMORY;
}

/* Its token was looked at: it was wrong, or right, perhaps for the first time on this connection.
 */
static enum refusal judge_token(struct conn *c, struct exchange *x, enum refusal refusal)
{
	struct token_guard *guard = c->ingest->config.api.guard;
	bool is_right = refusal != REFUSAL_UNAUTHORIZED;
	struct net_addr peer;
	uint32_t wait_s;

	if (!c->reader.head.authorization.len || (is_right && c->is_trusted))
		return refusal;
	peer = peer_of(c);
	wait_s = token_guard_judge(guard, &peer, is_right, c->ingest->now_us);
	c->is_trusted |= is_right && !wait_s;
	x->token_wait_s = wait_s;
	return wait_s ? REFUSAL_WRONG_TOKENS : refusal;
}

/* A packet may follow if none is refused. */
static enum refusal decide(struct conn *c, const struct http_head *head, struct exchange *x)
{
	const struct ingest_api *api = &c->ingest->config.api;
	bool is_packet = ingest_api_decide(api, head, c->ingest->now_us, &x->answer);
	enum refusal refusal = x->answer.kind == ANSWER_REFUSED ? x->answer.refusal : REFUSAL_NONE;

	if (api->token && (is_packet || refusal == REFUSAL_UNAUTHORIZED ||
			   refusal == REFUSAL_MEDIA_TYPE || refusal == REFUSAL_CONTENT_ENCODING))
		refusal = judge_token(c, x, refusal);
	return is_packet && refusal == REFUSAL_NONE ? start_packet(c, head) : refusal;
}

/* The header section is whole. False: the connection is closed. */
static bool on_head(struct conn *c)
{
	const struct http_head *head = &c->reader.head;
	struct ingest *in = c->ingest;
	struct exchange *x = add_exchange(c);
	enum refusal refusal = REFUSAL_NONE;

	if (!x) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	c->reading = x;
	c->is_used = true;
	refusal = decide(c, head, x);
	if (refusal != REFUSAL_NONE)
		set_refusal(c, x, refusal);
	if (!head->keep_alive) {
		x->ends = true;
		c->close_reason = CLOSE_ANSWERED;
	}
	conn_set_state(c, CONN_BODY);
	if (!head->expect_continue || c->reader.state == HTTP_DONE)
		return true;
	if (c->packet) {
		c->owes_continue = true;
		ingest_mark_dirty(in, c);
	} else { /* it waits for a word before it sends the body: the answer is that word */
		end_with(c, x, refusal == REFUSAL_NONE ? CLOSE_ANSWERED : CLOSE_REFUSED);
	}
	return true;
}

/* False: the connection is closed. */
static bool on_body(struct conn *c, struct http_slice slice)
{
	struct packet *p = c->packet;

	c->owes_continue = false;
	if (!p)
		return true;                  /* of a refused request */
	if (slice.data == p->body + p->len) { /* read right into its place */
		p->len += slice.len;
		return true;
	}
	if (packet_reserve_within(c->ingest->config.memory, &c->packet, slice.len,
				  c->reader.max_body_bytes) != 0)
		return exchange_refuse_and_end(c, REFUSAL_NO_MEMORY, CLOSE_REFUSED);
	p = c->packet;
	memcpy(p->body + p->len, slice.data, slice.len);
	p->len += slice.len;
	return true;
}

static enum refusal count_messages(struct ingest *in, struct packet *p)
{
	static const enum refusal refusals[JSON_VERDICTS] = {
		[JSON_OK] = REFUSAL_NONE,
		[JSON_BAD_SYNTAX] = REFUSAL_BAD_JSON,
		[JSON_NO_OBJECT] = REFUSAL_NOT_A_PACKET,
		[JSON_NO_MESSAGES] = REFUSAL_NO_MESSAGES,
		[JSON_NO_MEMORY] = REFUSAL_NO_MEMORY,
	};

	return refusals[json_count(in->json, p->body, p->len, &p->n_messages)];
}

/* The request is whole: hand the packet on, or let the answer go. */
static void on_message(struct conn *c)
{
	struct ingest *in = c->ingest;
	struct packet *p = c->packet;
	struct exchange *x = c->reading;
	enum refusal refusal;

	c->reading = NULL;
	c->packet = NULL;
	c->owes_continue = false;
	if (x->ends)
		c->no_more = true;
	http_reader_next(&c->reader);
	conn_set_state(c, CONN_WAITING);
	if (!p) {
		finish_exchange(c, x);
		return;
	}
	c->is_bulky = p->len >= BULKY_BYTES;
	metrics_add(in->config.metrics, M_RECEIVED_BYTES, 0, (int64_t)p->len);
	refusal = count_messages(in, p);
	if (refusal != REFUSAL_NONE) {
		set_refusal(c, x, refusal);
		finish_exchange(c, x);
		packet_free_within(in->config.memory, p);
		return;
	}
	p->exchange = x;
	p->received_us = in->now_us;
	in->config.on_packet(in->config.arg, p);
}

ssize_t exchange_feed(struct conn *c, const char *data, size_t len)
{
	size_t done = 0;

	while (conn_may_read(c)) {
		size_t n = 0;
		struct http_slice slice = { 0 };

		switch (http_reader_feed(&c->reader, data + done, len - done, &n, &slice)) {
		case HTTP_NEED_MORE:
			return (ssize_t)(done + n);
		case HTTP_HEAD_DONE:
			if (!on_head(c))
				return -1;
			break;
		case HTTP_BODY_DATA:
			if (!on_body(c, slice))
				return -1;
			break;
		case HTTP_MESSAGE_DONE:
			on_message(c);
			break;
		case HTTP_REFUSED:
			if (!exchange_refuse_and_end(c, (enum refusal)c->reader.refusal,
						     CLOSE_REFUSED))
				return -1;
			break;
		}
		done += n;
	}
	return (ssize_t)done;
}

bool exchange_render(struct conn *c, struct buf *out)
{
	struct ingest *in = c->ingest;
	struct exchange *x;
	bool ends = false;

	while (!ends && (x = c->first) && x->is_done) {
		c->no_more |= in->draining || in->now_us >= c->expires_us;
		ends = x->ends || (c->no_more && !x->next);
		answer_write(out, &x->answer, &in->date, ends);
		c->first = x->next;
		if (!c->first)
			c->tailp = &c->first;
		c->n_exchanges--;
		free(x);
	}
	return ends;
}
