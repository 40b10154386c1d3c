#include "common/front/front_stream.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/front/front_room.h"
#include "common/grpc/grpc_frame.h"
#include "common/grpc/grpc_text.h"
#include "common/log.h"

#define LINGER_US (2 * US_PER_S)
#define SETTLED_US                                                                                 \
	(200 * US_PER_MS) /* some clients lose an answer that comes before they have sent all */
#define SHORT_ANSWER_BYTES 4096 /* it may say that there is no room */
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define NO_ROOM "There is no room for this request now. Try again."

/* ---- life ---- */

static void link_stream(struct front_stream *s, enum front_stream_state state)
{
	s->state = state;
	s->since_us = s->h2->conn->crowd->now_us;
	TAILQ_INSERT_TAIL(&s->h2->lists[state], s, entry);
}

/* The one setter of the state. */
static void set_state(struct front_stream *s, enum front_stream_state state)
{
	assert(state > s->state);
	TAILQ_REMOVE(&s->h2->lists[s->state], s, entry);
	link_stream(s, state);
}

static void on_served(struct front_job *job);

struct front_stream *front_stream_new(struct front_h2 *h, int32_t id)
{
	struct front_stream *s;
	struct front_work *work;

	if (h->n + h->n_works >= 2 * H2_MAX_STREAMS)
		return NULL; /* it was reset again and again, while threads were at work */
	s = calloc(1, sizeof(*s));
	work = front_work_new(h->conn->crowd, on_served);
	if (!s || !work) {
		free(s);
		free(work);
		return NULL;
	}
	s->h2 = h;
	s->id = id;
	s->deadline_us = UINT64_MAX;
	s->work = work;
	link_stream(s, FRONT_STREAM_READING);
	h->n++;
	return s;
}

/* What a client costs that does not end its requests, or takes no answers. */
static void hold(struct front_stream *s, uint64_t n_bytes)
{
	struct front_conn *c = s->h2->conn;

	front_hold(c, c->n_held_bytes - s->n_held_bytes + n_bytes);
	s->n_held_bytes = n_bytes;
}

/* Its request is not needed any more. */
static void drop_work(struct front_stream *s)
{
	struct front_work *work = s->work;

	s->work = NULL;
	if (!work)
		return;
	if (s->state == FRONT_STREAM_WORKING) {
		work->stream = NULL;
		return;
	}
	front_work_hold(work, s->h2->conn, 0);
	front_work_free(work);
}

void front_stream_free(struct front_stream *s)
{
	struct front_h2 *h = s->h2;

	drop_work(s);
	hold(s, 0);
	TAILQ_REMOVE(&h->lists[s->state], s, entry);
	assert(h->n > 0);
	h->n--;
	buf_deinit(&s->answer.text);
	free(s);
}

void front_stream_give_up(struct front_stream *s, uint32_t code)
{
	if (!s->is_given_up)
		h2_server_reset(&s->h2->server, s->id, code);
	s->is_given_up = true;
}

/* ---- the answer ---- */

static bool has_room(struct front_stream *s)
{
	size_t n = s->answer.text.capacity;

	hold(s, sizeof(*s) + n);
	return n <= SHORT_ANSWER_BYTES || front_make_room_for_body(s->h2->conn);
}

/* s->answer has it. */
static void tell(struct front_stream *s)
{
	drop_work(s);
	set_state(s, FRONT_STREAM_ANSWERING);
	if (s->answer.text.failed || !has_room(s) ||
	    h2_answer_submit(s->h2->server.session, s->id, &s->answer, false) != 0)
		front_stream_give_up(s, NGHTTP2_INTERNAL_ERROR);
}

/* The answer in rq->out is that of the stream. */
static void take_answer(struct front_stream *s, struct front_request *rq)
{
	s->answer.text = rq->out;
	rq->out = (struct buf){ 0 };
}

/* The request is answered before it was whole. */
static void settle(struct front_stream *s)
{
	take_answer(s, &s->work->rq);
	drop_work(s);
	s->is_settled = true;
	s->since_us = s->h2->conn->crowd->now_us;
}

/* A stream that is READING, with its request. */
static void refuse(struct front_stream *s, int status, const char *code, const char *detail)
{
	const struct web_answer answer = { .status = status, .retry_after_s = status == 503 };

	front_send_problem(&s->work->rq, &answer, code, detail);
	settle(s);
}

static void refuse_as(struct front_stream *s, enum http_refusal refusal)
{
	const struct front_config *config = s->h2->conn->crowd->config;
	const struct http_refusal_info *info = &http_refusals[refusal];

	log_warn(config->name, "request refused", "client=%s status=%d reason=%s",
		 s->h2->conn->rq.client, info->status, info->name);
	if (config->ops->on_refused)
		config->ops->on_refused(config->arg, refusal);
	refuse(s, info->status, info->name, info->detail);
}

/* ---- the request ---- */

/* Its header section is read as one of HTTP/1.1, with the same limits. -ENOMEM; HTTP_OK: it is in the
 * request; or a refusal. */
static int read_head(struct front_stream *s, const struct h2_head *head, bool has_body,
		     bool *expectsp)
{
	const struct front_config *config = s->h2->conn->crowd->config;
	struct buf text CLEANUP(buf_deinit) = { 0 };
	struct http_reader reader;
	struct http_head parsed;
	struct http_slice slice;
	size_t n;

	if (head->is_large)
		return HTTP_HEADER_TOO_LARGE;
	h2_head_write(head, has_body, &text);
	if (text.failed)
		return -ENOMEM;
	http_reader_init(&reader, &parsed, FRONT_MAX_HEAD, config->max_body_bytes);
	if (http_reader_feed(&reader, text.data, text.len, &n, &slice) != HTTP_HEAD_DONE)
		return reader.refusal ? reader.refusal : HTTP_BAD_HEADER;
	*expectsp = parsed.expect_continue && has_body;
	hold(s, sizeof(*s) + sizeof(*s->work) + n);
	return front_request_init(&s->work->rq, &parsed, text.data, n);
}

static enum http_refusal read_deadline(struct front_stream *s, const struct h2_head *head)
{
	struct http_slice timeout = h2_head_part(head, head->grpc_timeout);
	uint64_t us;

	if (timeout.len == 0 || !head->is_grpc)
		return HTTP_OK;
	if (!grpc_read_timeout(timeout, &us))
		return HTTP_BAD_HEADER;
	s->deadline_us = s->h2->conn->crowd->now_us + us;
	return HTTP_OK;
}

/* The client waits for it before it sends the body. */
static void say_continue(struct front_stream *s)
{
	struct h2_answer interim = { .is_call = false };

	buf_append_str(&interim.text, CONTINUE);
	if (interim.text.failed ||
	    h2_answer_submit(s->h2->server.session, s->id, &interim, true) != 0)
		front_stream_give_up(s, NGHTTP2_INTERNAL_ERROR);
	buf_deinit(&interim.text);
}

/* Who asks is known of the connection. */
static void introduce(struct front_stream *s, bool is_call)
{
	const struct front_request *of = &s->h2->conn->rq;
	struct front_request *rq = &s->work->rq;

	rq->is_call = s->answer.is_call = is_call;
	rq->from = of->from;
	memcpy(rq->client, of->client, sizeof(rq->client));
}

void front_stream_take_head(struct front_stream *s, const struct h2_head *head, bool has_body)
{
	const struct front_config *config = s->h2->conn->crowd->config;
	bool expects = false;
	int r;

	if (s->state != FRONT_STREAM_READING)
		return; /* it took too long, and is answered */
	introduce(s, head->is_grpc);
	r = read_head(s, head, has_body, &expects);
	if (r == HTTP_OK)
		r = read_deadline(s, head);
	if (r < 0)
		refuse(s, 503, "no_memory", "Out of memory.");
	else if (r > 0)
		refuse_as(s, (enum http_refusal)r);
	else if (!front_make_room_for_body(s->h2->conn))
		refuse(s, 503, "no_memory", NO_ROOM);
	else
		s->way = config->ops->decide(config->arg, &s->work->rq);
	assert(s->way != WAY_STREAM);
	if (!s->is_settled && s->way == WAY_ANSWERED)
		settle(s);
	else if (!s->is_settled && expects)
		say_continue(s);
}

void front_stream_take_body(struct front_stream *s, const char *data, size_t len)
{
	struct front_conn *c = s->h2->conn;
	uint64_t max_bytes;
	struct buf *body;

	if (s->state != FRONT_STREAM_READING || s->is_settled)
		return;
	body = &s->work->rq.body;
	max_bytes = s->work->rq.max_body_bytes;
	if (!max_bytes)
		max_bytes = c->crowd->config->max_body_bytes;
	if (s->answer.is_call)
		max_bytes += GRPC_PREFIX_BYTES;
	if (len > max_bytes - body->len) {
		refuse_as(s, HTTP_BODY_TOO_LARGE);
		return;
	}
	buf_append(body, data, len);
	front_work_hold(s->work, c, body->len);
	if (body->failed || !front_make_room_for_body(c))
		refuse(s, 503, "no_memory", NO_ROOM);
}

/* The request is whole. */
static void dispatch(struct front_stream *s)
{
	struct front_h2 *h = s->h2;
	struct front_work *work = s->work;
	enum front_rank rank = s->way == WAY_FIRST ? RANK_FIRST : RANK_OTHER;

	work->h2 = h;
	work->stream = s;
	if (front_pool_push(h->conn->crowd->pool, &work->job, rank) != 0) {
		refuse(s, 503, "busy", "Too many requests wait here. Try again.");
		tell(s);
		return;
	}
	set_state(s, FRONT_STREAM_WORKING);
	TAILQ_INSERT_TAIL(&h->works, work, entry);
	h->n_works++;
	h->conn->n_working++;
}

void front_stream_take_end(struct front_stream *s)
{
	if (s->state != FRONT_STREAM_READING)
		return;
	if (s->is_settled)
		tell(s);
	else
		dispatch(s);
}

void front_stream_linger(struct front_stream *s)
{
	set_state(s, FRONT_STREAM_LINGERING);
	buf_deinit(&s->answer.text);
	hold(s, sizeof(*s));
}

/* A thread is done with it. */
static void on_served(struct front_job *job)
{
	struct front_work *work = CONTAINER_OF(job, struct front_work, job);
	struct front_stream *s = work->stream;
	struct front_h2 *h = work->h2;

	if (!h) {
		front_work_let_go(work);
		front_work_free(work);
		return;
	}
	TAILQ_REMOVE(&h->works, work, entry);
	h->n_works--;
	h->conn->n_working--;
	h->conn->is_known |= work->rq.is_trusted;
	front_work_hold(work, h->conn, 0);
	if (s) {
		take_answer(s, &work->rq);
		s->work = NULL;
		tell(s);
	}
	front_work_free(work);
	h->on_served(h->conn);
}

/* ---- time ---- */

static void expire(struct front_stream *s)
{
	struct front_request rq = { .is_call = true };
	const struct web_answer answer = { .status = 504 };

	if (s->is_settled) {
		tell(s);
		return;
	}
	front_send_problem(&rq, &answer, "deadline", "The deadline of the call has passed.");
	take_answer(s, &rq);
	tell(s);
}

static void look_at_reading(struct front_stream *s)
{
	struct front_crowd *crowd = s->h2->conn->crowd;
	uint64_t limit_us = s->is_settled ? SETTLED_US : crowd->config->request_us;
	char detail[64];

	if (s->deadline_us <= crowd->now_us) {
		expire(s);
		return;
	}
	if (crowd->now_us - s->since_us < limit_us)
		return;
	if (!s->is_settled) {
		snprintf(detail, sizeof(detail), "The request did not arrive within %llu s.",
			 (unsigned long long)(limit_us / US_PER_S));
		refuse(s, 408, "request_timeout", detail);
	}
	tell(s);
}

void front_stream_look(struct front_h2 *h)
{
	uint64_t now_us = h->conn->crowd->now_us;
	struct front_stream *s, *next;

	for (s = TAILQ_FIRST(&h->lists[FRONT_STREAM_READING]); s; s = next) {
		next = TAILQ_NEXT(s, entry);
		look_at_reading(s);
	}
	for (s = TAILQ_FIRST(&h->lists[FRONT_STREAM_WORKING]); s; s = next) {
		next = TAILQ_NEXT(s, entry);
		if (s->deadline_us <= now_us)
			expire(s);
	}
	TAILQ_FOREACH(s, &h->lists[FRONT_STREAM_LINGERING], entry)
	if (now_us - s->since_us > LINGER_US)
		front_stream_give_up(s, NGHTTP2_NO_ERROR);
}
