/* Bytes in, requests and their packets out; and the answers in their order. */
#include "node/ingest/exchange.h"

#include <assert.h>

#include "common/clock.h"
#include "common/http/token_guard.h"
#include "common/net/forwarded.h"
#include "common/net/net_allow.h"
#include "common/net/proxy_header.h"
#include "node/ingest/answer_grpc.h"
#include "node/ingest/intake.h"
#include "node/ingest/loops.h"
#include "node/ingest/refusal_tell.h"
#include "node/node_metrics.h"

#define BULKY_BYTES (32u << 10) /* of a body: not copying it is worth one more read */

void exchange_init(struct requests *rs, struct conn_shared *shared, const struct net_addr *peer)
{
	const struct net_allow *proxies = shared->config.proxies;

	*rs = (struct requests){ .shared = shared, .peer = *peer, .tailp = &rs->first };
	rs->is_proxied = proxies && !net_allow_refuses(proxies, "", peer);
	rs->awaits_proxy_header = rs->is_proxied;
	rs->proxy = *peer;
	http_reader_init(&rs->reader, &shared->head, shared->config.limits.max_head_bytes,
			 shared->config.limits.max_body_bytes);
}

static void drop_packet(struct requests *rs)
{
	if (!rs->packet)
		return;
	packet_free_within(rs->shared->config.memory, rs->packet);
	rs->packet = NULL;
}

static void free_exchange(struct conn_shared *shared, struct exchange *x)
{
	if (x->answer.items)
		memory_give(shared->config.memory, x->answer.n_items_charged);
	free(x->answer.items);
	free(x);
}

void exchange_abandon_all(struct requests *rs)
{
	struct exchange *x;

	conn_shared_unmark_dirty(rs->shared, &rs->dirty);
	drop_packet(rs);
	while ((x = rs->first)) {
		rs->first = x->next;
		if (x->is_done || x == rs->reading || x == rs->delayed)
			free_exchange(rs->shared, x);
		else
			x->requests = NULL;
	}
}

/* An answer for the request being read, or for none (408). It waits for its turn in the queue. */
static struct exchange *add_exchange(struct requests *rs)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->requests = rs;
	x->answer.grpc = rs->grpc;
	*rs->tailp = x;
	rs->tailp = &x->next;
	rs->n_exchanges++;
	return x;
}

static void finish_exchange(struct requests *rs, struct exchange *x)
{
	assert(!x->is_done && x != rs->reading);
	x->is_done = true;
	conn_shared_mark_dirty(rs->shared, &rs->dirty);
}

/* ---- refusals ---- */

/* path: as it was sent. Where the bytes may be gone, it is the one that the exchange knows. */
static void set_refusal(struct requests *rs, struct exchange *x, enum refusal refusal,
			struct http_slice path)
{
	x->answer.kind = ANSWER_REFUSED;
	x->answer.refusal = refusal;
	x->answer.retry_after_s =
		x->token_wait_s ? x->token_wait_s : conn_shared_retry_after_s(rs->shared);
	if (!path.len && x->answer.path)
		path = (struct http_slice){ x->answer.path, strlen(x->answer.path) };
	refusal_tell(rs->shared, &rs->peer, rs->client_name, &x->answer, refusal, path);
}

/* The exchange for a request whose header section was not whole, or not understood. NULL: out of memory. */
static struct exchange *add_refused(struct requests *rs, const struct http_head *head)
{
	struct exchange *x = add_exchange(rs);

	if (x) {
		x->answer.method = (uint8_t)head->method;
		x->answer.head_only = head->method == HTTP_HEAD;
	}
	return x;
}

/* Nothing more is read; this answer, which is complete, is the last one. */
static void end_with(struct requests *rs, struct exchange *x, enum conn_close reason)
{
	drop_packet(rs);
	rs->reading = NULL;
	rs->owes_continue = false;
	x->ends = rs->no_more = true;
	rs->close_reason = reason;
	if (x->token_wait_s > 0)
		rs->delayed = x;
	else
		finish_exchange(rs, x);
}

/* `head`: what was understood of the header section. */
static int refuse_and_end(struct requests *rs, enum refusal refusal, enum conn_close reason,
			  const struct http_head *head)
{
	struct exchange *x = rs->reading ? rs->reading : add_refused(rs, head);

	if (!x)
		return -ENOMEM;
	if (x->answer.kind != ANSWER_REFUSED)
		set_refusal(rs, x, refusal, head->path);
	end_with(rs, x, reason);
	return 0;
}

int exchange_refuse_and_end(struct requests *rs, enum refusal refusal, enum conn_close reason)
{
	return refuse_and_end(rs, refusal, reason, &(struct http_head){ 0 });
}

int exchange_let_go(struct requests *rs, enum refusal refusal)
{
	struct exchange *x = rs->first, *instead;

	if (!x || x->is_done || x == rs->delayed)
		return 0;
	assert(!x->next);
	assert(rs->n_exchanges == 1); /* of its stream */
	rs->tailp = &rs->first;
	rs->first = NULL;
	instead = add_exchange(rs);
	if (!instead) {
		rs->first = x;
		rs->tailp = &x->next;
		return -ENOMEM;
	}
	rs->n_exchanges--;
	x->requests = NULL;
	instead->answer = x->answer;
	instead->answer.items = NULL;
	set_refusal(rs, instead, refusal, (struct http_slice){ 0 });
	finish_exchange(rs, instead);
	return 0;
}

/*
 * The bytes of a header section are still there where it is the section that is refused. The first
 * line of HTTP/2 is one, and whoever owns the connection goes on with it.
 */
static int on_refused(struct requests *rs)
{
	const struct http_head none = { 0 };

	if (rs->reader.refusal == HTTP_SPOKE_HTTP2 && rs->n_begun == 0 && !rs->is_stream) {
		rs->is_http2 = rs->no_more = true;
		return 0;
	}
	return refuse_and_end(rs, (enum refusal)rs->reader.refusal, CLOSE_REFUSED,
			      rs->reading ? &none : rs->reader.head);
}

/* ---- a header section ---- */

/* Where the packet has been before. */
static enum refusal check_hops(struct requests *rs, const struct http_head *head)
{
	const struct loops *loops = rs->shared->config.loops;
	enum refusal refusal;

	if (!loops || !(head->weir_node.len || head->weir_pool.len || head->weir_hops.len))
		return REFUSAL_NONE;
	refusal = loops_judge(loops, head, &rs->n_hops);
	if (refusal != REFUSAL_NONE)
		refusal_tell_circle(head, refusal);
	return refusal;
}

/* What its header section says and is needed later. */
static bool keep_head(struct requests *rs, const struct http_head *head)
{
	struct packet_request kept;

	static_assert(LOOPS_MAX_HOPS < UINT8_MAX, "a packet has room for that many");
	if (!rs->form.is_bare) {
		kept = request_form_kept(head, rs->form.family);
		if (packet_set_form(rs->shared->config.memory, rs->packet, &kept) != 0)
			return false;
	}
	rs->packet->n_hops = (uint8_t)rs->n_hops;
	return !rs->n_hops ||
	       packet_set_via(rs->packet, head->weir_pool.data, head->weir_pool.len) == 0;
}

/* Room for the body of the packet announced by the header section. */
static enum refusal start_packet(struct requests *rs, const struct http_head *head)
{
	struct memory *memory = rs->shared->config.memory;

	assert(!rs->packet);
	/* one that would be refused later on is refused before its body is sent */
	if (packet_cost(head->content_length) > memory_left(memory))
		return REFUSAL_NO_MEMORY;
	rs->packet = packet_new_within(memory, head->content_length);
	if (!rs->packet)
		return REFUSAL_NO_MEMORY;
	if (keep_head(rs, head))
		return REFUSAL_NONE;
	drop_packet(rs);
	return REFUSAL_NO_MEMORY;
}

/* Its token was looked at. */
static enum refusal judge_token(struct requests *rs, const struct http_head *head,
				struct exchange *x, enum refusal refusal)
{
	struct token_guard *guard = rs->shared->config.api.guard;
	bool is_right = refusal != REFUSAL_UNAUTHORIZED;

	if (x->answer.token)
		metrics_add(rs->shared->config.metrics, M_TOKEN_REQUESTS, x->answer.token - 1u, 1);
	if (!head->authorization.len || is_right)
		return refusal;
	x->token_wait_s = token_guard_judge(guard, &rs->peer, false, rs->shared->now_us);
	return x->token_wait_s ? REFUSAL_WRONG_TOKENS : refusal;
}

/* A packet may follow if none is refused. */
static enum refusal decide(struct requests *rs, const struct http_head *head, struct exchange *x)
{
	const struct ingest_api *api = &rs->shared->config.api;
	bool is_packet;
	enum refusal refusal;

	x->answer.token = rs->token;
	is_packet = ingest_api_decide(api, head, rs->shared->now_us, &x->answer, &rs->form);
	refusal = x->answer.kind == ANSWER_REFUSED ? x->answer.refusal : REFUSAL_NONE;

	if (x->answer.token || refusal == REFUSAL_UNAUTHORIZED)
		refusal = judge_token(rs, head, x, refusal);
	rs->n_hops = 0;
	if (is_packet && refusal == REFUSAL_NONE)
		refusal = check_hops(rs, head);
	return is_packet && refusal == REFUSAL_NONE ? start_packet(rs, head) : refusal;
}

/* The header section is whole. */
static int on_head(struct requests *rs)
{
	const struct http_head *head = rs->reader.head;
	struct exchange *x = add_exchange(rs);
	enum refusal refusal;

	if (!x)
		return -ENOMEM;
	rs->reading = x;
	rs->n_begun++;
	if (rs->is_proxied && !rs->has_proxy_header) {
		rs->peer = rs->proxy;
		forwarded_read(rs->shared->config.proxies, head->forwarded_for.data,
			       head->forwarded_for.len, &rs->peer);
	}
	refusal = decide(rs, head, x);
	if (refusal != REFUSAL_NONE)
		set_refusal(rs, x, refusal, head->path);
	if (!head->keep_alive) {
		x->ends = true;
		rs->close_reason = CLOSE_ANSWERED;
	}
	if (x->token_wait_s > 0) { /* guesses on this connection shall not follow at full speed */
		end_with(rs, x, CLOSE_REFUSED);
		return 0;
	}
	if (!head->expect_continue || rs->reader.state == HTTP_DONE)
		return 0;
	if (rs->packet) {
		rs->owes_continue = true;
		conn_shared_mark_dirty(rs->shared, &rs->dirty);
	} else { /* it waits for a word before it sends the body: the answer is that word */
		end_with(rs, x, refusal == REFUSAL_NONE ? CLOSE_ANSWERED : CLOSE_REFUSED);
	}
	return 0;
}

/* ---- a body ---- */

/*
 * Room for these bytes, and for as many more as are to come, but at most three times as many as are here. So a large
 * body is seldom copied while it grows, and a claimed length alone costs nothing.
 */
static size_t room_for(const struct requests *rs, size_t n_more)
{
	uint64_t believed = 3 * ((uint64_t)rs->packet->len + n_more), left = rs->reader.n_left;

	return n_more + (size_t)(left < believed ? left : believed);
}

static int on_body(struct requests *rs, struct http_slice slice)
{
	struct packet *p = rs->packet;

	rs->owes_continue = false;
	if (!p)
		return 0;                     /* of a refused request */
	if (slice.data == p->body + p->len) { /* read right into its place */
		p->len += slice.len;
		return 0;
	}
	if (slice.len > p->capacity - p->len &&
	    packet_reserve_within(rs->shared->config.memory, &rs->packet, room_for(rs, slice.len),
				  rs->reader.max_body_bytes) != 0)
		return exchange_refuse_and_end(rs, REFUSAL_NO_MEMORY, CLOSE_REFUSED);
	p = rs->packet;
	assert(slice.len <= p->capacity - p->len);
	memcpy(p->body + p->len, slice.data, slice.len);
	p->len += slice.len;
	return 0;
}

/* True: the packet goes on. False: its exchange has its answer. */
static bool read_packet(struct requests *rs, struct exchange *x, struct packet **pp)
{
	bool is_empty;
	enum refusal refusal = intake_read(rs->shared, &rs->form, &x->answer, pp, &is_empty);

	if (refusal == REFUSAL_NONE)
		return true;
	if (is_empty)
		x->answer.kind = ANSWER_ACCEPTED;
	else
		set_refusal(rs, x, refusal, (struct http_slice){ 0 });
	finish_exchange(rs, x);
	packet_free_within(rs->shared->config.memory, *pp);
	return false;
}

/* The request is whole: hand the packet on, or let the answer go. */
static void on_message(struct requests *rs)
{
	struct conn_shared *shared = rs->shared;
	struct packet *p = rs->packet;
	struct exchange *x = rs->reading;

	rs->reading = NULL;
	rs->packet = NULL;
	rs->owes_continue = false;
	if (x->ends)
		rs->no_more = true;
	http_reader_next(&rs->reader);
	if (!p) {
		finish_exchange(rs, x);
		return;
	}
	rs->is_bulky = p->len >= BULKY_BYTES;
	metrics_add(shared->config.metrics, M_RECEIVED_BYTES, 0, (int64_t)p->len);
	if (!read_packet(rs, x, &p))
		return;
	p->exchange = x;
	p->received_us = shared->now_us;
	shared->config.on_packet(shared->config.arg, p);
}

static int on_http_event(struct requests *rs, enum http_event event, struct http_slice slice)
{
	switch (event) {
	case HTTP_HEAD_DONE:
		return on_head(rs);
	case HTTP_BODY_DATA:
		return on_body(rs, slice);
	case HTTP_MESSAGE_DONE:
		on_message(rs);
		return 0;
	case HTTP_REFUSED:
		return on_refused(rs);
	default:
		return 0;
	}
}

/* *donep bytes were the header that a trusted proxy sends. 1: more bytes are needed. */
static int take_proxy_header(struct requests *rs, const char *data, size_t len, size_t *donep)
{
	enum proxy_header result = proxy_header_read(data, len, donep, &rs->peer);

	if (result == PROXY_HEADER_PARTIAL)
		return 1;
	rs->awaits_proxy_header = false;
	rs->has_proxy_header = result == PROXY_HEADER_WHOLE;
	if (result != PROXY_HEADER_WHOLE)
		*donep = 0;
	if (result == PROXY_HEADER_BAD)
		return exchange_refuse_and_end(rs, (enum refusal)HTTP_BAD_REQUEST_LINE,
					       CLOSE_REFUSED);
	return 0;
}

ssize_t exchange_feed(struct requests *rs, const char *data, size_t len)
{
	size_t done = 0;

	if (rs->awaits_proxy_header && len > 0) {
		int r = take_proxy_header(rs, data, len, &done);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	while (exchange_may_read(rs)) {
		struct http_slice slice = { 0 };
		size_t n = 0;
		enum http_event event =
			http_reader_feed(&rs->reader, data + done, len - done, &n, &slice);
		int r = on_http_event(rs, event, slice);

		if (r != 0)
			return r;
		done += n;
		if (event == HTTP_NEED_MORE)
			break;
	}
	assert(done <= len);
	return (ssize_t)done;
}

/* ---- answers ---- */

void exchange_release(struct requests *rs)
{
	struct exchange *x = rs->delayed;

	assert(x);
	rs->delayed = NULL;
	finish_exchange(rs, x);
}

bool exchange_render(struct requests *rs, struct buf *out)
{
	struct exchange *x;
	bool ends = false;

	while (!ends && (x = rs->first) && x->is_done) {
		ends = x->ends || (rs->no_more && !x->next);
		if (x->answer.grpc)
			answer_grpc_write(out, &x->answer, &rs->shared->date);
		else
			answer_write(out, &x->answer, &rs->shared->date, ends);
		rs->first = x->next;
		if (!rs->first)
			rs->tailp = &rs->first;
		assert(rs->n_exchanges > 0);
		rs->n_exchanges--;
		free_exchange(rs->shared, x);
	}
	if (rs->owes_continue && rs->first == rs->reading) {
		buf_append(out, ANSWER_CONTINUE, sizeof(ANSWER_CONTINUE) - 1);
		rs->owes_continue = false;
	}
	return ends;
}

static void answer(struct conn_shared *shared, struct exchange *x)
{
	if (x->requests)
		finish_exchange(x->requests, x);
	else if (x->on_fate)
		x->on_fate(x, NULL, REFUSAL_NONE);
	else
		free_exchange(shared, x);
}

void exchange_accept(struct conn_shared *shared, const struct packet *p, const char *analyzer)
{
	struct metrics_shard *metrics = shared->config.metrics;
	struct exchange *x = p->exchange;
	uint32_t n_messages = p->n_messages + p->n_done;

	metrics_add(metrics, M_ACCEPTED_PACKETS, 0, 1);
	metrics_add(metrics, M_ACCEPTED_MESSAGES, 0, n_messages);
	metrics_observe(metrics, M_ACK_TIME, 0, clock_mono_us() - p->received_us);
	x->answer.kind = ANSWER_ACCEPTED;
	x->answer.n_messages = n_messages;
	memcpy(x->answer.analyzer, analyzer, strnlen(analyzer, ANALYZER_ID_MAX));
	answer(shared, x);
}

void exchange_refuse(struct conn_shared *shared, struct exchange *x, enum refusal refusal)
{
	refusal_count(shared, &x->answer, refusal);
	x->answer.kind = ANSWER_REFUSED;
	x->answer.refusal = refusal;
	x->answer.retry_after_s = conn_shared_retry_after_s(shared);
	answer(shared, x);
}

void exchange_give_back(struct conn_shared *shared, struct packet *p, enum refusal refusal)
{
	struct exchange *x = p->exchange;

	assert(x->on_fate);
	refusal_count(shared, &x->answer, refusal);
	packet_renew(p);
	x->on_fate(x, p, refusal);
}
