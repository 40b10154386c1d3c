#include "node/ingest/h2_stream.h"

#include <assert.h>
#include <stdio.h>

#include "common/clock.h"

#define SHORT_ANSWER_BYTES 4096
#define REFUSED_US (200 * US_PER_MS) /* for the rest of a call whose header section is refused */

static void link_stream(struct h2_stream *s, enum h2_stream_state state)
{
	struct h2_stream_list *list = &s->all->lists[state];

	s->state = state;
	s->since_us = s->requests.shared->now_us;
	s->next = NULL;
	s->prev = list->last;
	*(list->last ? &list->last->next : &list->first) = s;
	list->last = s;
}

static void unlink_stream(struct h2_stream *s)
{
	struct h2_stream_list *list = &s->all->lists[s->state];

	*(s->prev ? &s->prev->next : &list->first) = s->next;
	*(s->next ? &s->next->prev : &list->last) = s->prev;
}

/* The one setter of the state. */
static void set_state(struct h2_stream *s, enum h2_stream_state state)
{
	assert(state >= s->state);
	if (s->state == state)
		return;
	unlink_stream(s);
	link_stream(s, state);
}

/* Who sends, and what stands for its token, is known of the connection. */
static void inherit(struct requests *rs, const struct requests *connection)
{
	exchange_init(rs, connection->shared, &connection->peer);
	rs->proxy = connection->proxy;
	rs->is_proxied = connection->is_proxied;
	rs->has_proxy_header = connection->has_proxy_header;
	rs->awaits_proxy_header = false;
	rs->client_name = connection->client_name;
	rs->token = connection->token;
	rs->is_stream = true;
}

struct h2_stream *h2_stream_new(struct h2_streams *all, int32_t id)
{
	struct memory *memory = all->connection->shared->config.memory;
	size_t n = sizeof(struct h2_stream) + sizeof(struct exchange);
	struct h2_stream *s = calloc(1, sizeof(*s));

	if (!s || !memory_take(memory, n)) {
		free(s);
		return NULL;
	}
	s->n_charged_bytes = n;
	s->all = all;
	s->id = id;
	inherit(&s->requests, all->connection);
	link_stream(s, H2_STREAM_READING);
	all->n++;
	return s;
}

void h2_stream_free(struct h2_stream *s)
{
	struct conn_shared *shared = s->requests.shared;

	exchange_abandon_all(&s->requests);
	unlink_stream(s);
	assert(s->all->n > 0);
	s->all->n--;
	if (s->is_watch) {
		assert(shared->n_watches > 0);
		shared->n_watches--;
	}
	free(s->call);
	buf_deinit(&s->answer.text);
	memory_give(shared->config.memory, s->n_charged_bytes);
	free(s);
}

/* ---- the request ---- */

/* Its reader takes all that it is given, as long as it reads. */
static int feed(struct h2_stream *s, const char *data, size_t len)
{
	ssize_t n = exchange_feed(&s->requests, data, len);

	if (n < 0)
		return (int)n;
	if (!s->requests.reading)
		set_state(s, H2_STREAM_WAITING);
	return 0;
}

int h2_stream_refuse(struct h2_stream *s, enum refusal refusal, enum conn_close reason)
{
	int r = exchange_refuse_and_end(&s->requests, refusal, reason);

	if (r == 0)
		set_state(s, H2_STREAM_WAITING);
	return r;
}

static int start_call(struct h2_stream *s, const struct h2_head *head)
{
	struct memory *memory = s->requests.shared->config.memory;
	size_t n = sizeof(struct grpc_call);

	if (head->apart.failed)
		return -ENOMEM;
	memory_overdraw(memory, n); /* a refusal for want of memory needs it, too */
	s->n_charged_bytes += n;
	s->call = grpc_call_new(head, s->requests.shared->now_us);
	if (!s->call)
		return -ENOMEM;
	s->requests.grpc = (uint8_t)s->call->method;
	s->answer.is_call = true;
	return 0;
}

static void set_deadline(struct h2_stream *s, uint64_t deadline_us)
{
	if (deadline_us < s->call->deadline_us)
		s->call->deadline_us = deadline_us;
	if (s->call->deadline_us < s->all->next_deadline_us)
		s->all->next_deadline_us = s->call->deadline_us;
}

/* It is told when the call is whole, or after a while: the call may go on without end, and some
 * clients lose a status that comes before they have sent all. */
static void refuse_call(struct h2_stream *s, enum refusal refusal)
{
	s->call->refusal = refusal;
	set_deadline(s, s->requests.shared->now_us + REFUSED_US);
}

/* Its header section was read. */
static void settle_call(struct h2_stream *s)
{
	const struct exchange *x = s->requests.reading;

	set_deadline(s, UINT64_MAX);
	if (s->call->is_malformed)
		refuse_call(s, (enum refusal)HTTP_BAD_HEADER);
	else if (x && x->answer.kind == ANSWER_REFUSED)
		refuse_call(s, x->answer.refusal);
}

int h2_stream_take_head(struct h2_stream *s, const struct h2_head *head, bool has_body)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };
	int r;

	if (s->state != H2_STREAM_READING)
		return 0; /* it took too long, and is answered */
	r = head->is_grpc ? start_call(s, head) : 0;
	if (r < 0)
		return r;
	if (head->is_large && s->call)
		refuse_call(s, (enum refusal)HTTP_HEADER_TOO_LARGE);
	if (head->is_large)
		return s->call ? 0
			       : h2_stream_refuse(s, (enum refusal)HTTP_HEADER_TOO_LARGE,
						  CLOSE_REFUSED);
	has_body |= s->call != NULL; /* a call without a message is no whole one */
	h2_head_write(head, has_body, &text);
	if (text.failed)
		return -ENOMEM;
	s->is_chunked = has_body && (s->call || head->length.len == 0);
	r = feed(s, text.data, text.len);
	if (r == 0 && s->call)
		settle_call(s);
	return r;
}

static int feed_chunk(struct h2_stream *s, const char *data, size_t len)
{
	char line[24];
	int n, r;

	n = snprintf(line, sizeof(line), "%zx\r\n", len);
	r = feed(s, line, (size_t)n);
	if (r == 0 && s->requests.reading)
		r = feed(s, data, len);
	if (r == 0 && s->requests.reading)
		r = feed(s, "\r\n", 2);
	return r;
}

static int take_call(struct h2_stream *s, struct http_slice input)
{
	uint64_t max_bytes = s->requests.shared->config.limits.max_body_bytes;
	enum refusal refusal;
	struct http_slice bytes;
	int r = 0;

	while (r == 0 && input.len > 0 && s->requests.reading && !s->call->refusal) {
		refusal = grpc_call_take(s->call, max_bytes, &input, &bytes);
		if (refusal != REFUSAL_NONE)
			refuse_call(s, refusal);
		else if (bytes.len > 0)
			r = feed_chunk(s, bytes.data, bytes.len);
	}
	return r;
}

int h2_stream_take_body(struct h2_stream *s, const char *data, size_t len)
{
	if (!s->requests.reading || len == 0)
		return 0;
	if (s->call)
		return take_call(s, (struct http_slice){ data, len });
	return s->is_chunked ? feed_chunk(s, data, len) : feed(s, data, len);
}

static int start_watch(struct h2_stream *s)
{
	struct conn_shared *shared = s->requests.shared;

	if (shared->n_watches == CONN_MAX_WATCHES)
		return h2_stream_refuse(s, REFUSAL_TOO_MANY_WATCHES, CLOSE_REFUSED);
	shared->n_watches++;
	s->is_watch = true;
	set_state(s, H2_STREAM_WATCHING);
	return 0;
}

/* What was asked in the header section has its answer there already. */
static int end_call(struct h2_stream *s)
{
	struct conn_shared *shared = s->requests.shared;
	enum refusal refusal = s->call->refusal;

	if (refusal == REFUSAL_NONE)
		refusal = grpc_call_end(s->call, shared->config.memory, shared->now_us);
	if (refusal != REFUSAL_NONE)
		return h2_stream_refuse(s, refusal, CLOSE_REFUSED);
	return s->call->method == GRPC_WATCH ? start_watch(s) : feed(s, "0\r\n\r\n", 5);
}

int h2_stream_take_end(struct h2_stream *s)
{
	if (s->call && s->state == H2_STREAM_READING)
		return end_call(s);
	if (!s->requests.reading)
		return 0;
	if (s->is_chunked)
		return feed(s, "0\r\n\r\n", 5);
	/* a body that is shorter than it was announced to be */
	return h2_stream_refuse(s, REFUSAL_INCOMPLETE, CLOSE_REFUSED);
}

/* ---- the answer ---- */

/* The answer stays until the client takes it. A short one may say that the memory is used up. */
static bool keep_answer(struct h2_stream *s)
{
	struct memory *memory = s->requests.shared->config.memory;
	bool is_short = s->answer.text.capacity <= SHORT_ANSWER_BYTES;

	if (s->answer.text.failed || (!is_short && !memory_take(memory, s->answer.text.capacity))) {
		s->answer.text.failed = true;
		return false;
	}
	if (is_short)
		memory_overdraw(memory, s->answer.text.capacity);
	s->n_charged_bytes += s->answer.text.capacity;
	set_state(s, H2_STREAM_ANSWERING);
	return true;
}

bool h2_stream_answer(struct h2_stream *s)
{
	if (s->state >= H2_STREAM_ANSWERING)
		return false;
	buf_clear(&s->answer.text);
	exchange_render(&s->requests, &s->answer.text);
	if (s->requests.first && s->answer.text.len == 0)
		return false;
	return s->requests.first || keep_answer(s);
}

void h2_stream_end_watch(struct h2_stream *s)
{
	assert(s->state == H2_STREAM_WATCHING);
	set_state(s, H2_STREAM_ANSWERING);
}

int h2_stream_expire(struct h2_stream *s)
{
	switch (s->state) {
	case H2_STREAM_READING:
		return h2_stream_refuse(s, s->call->refusal ? s->call->refusal : REFUSAL_DEADLINE,
					CLOSE_REFUSED);
	case H2_STREAM_WAITING:
		return exchange_let_go(&s->requests, REFUSAL_DEADLINE);
	default:
		return 0;
	}
}

void h2_stream_linger(struct h2_stream *s)
{
	set_state(s, H2_STREAM_LINGERING);
}
