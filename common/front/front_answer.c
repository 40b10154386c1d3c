#include "common/front/front_answer.h"

#include <sys/socket.h>

#include "common/clock.h"
#include "common/front/front_room.h"
#include "common/front/front_tls.h"

bool front_flush(struct front_conn *c)
{
	struct buf *out = &c->rq.out;
	ssize_t n = 0;

	if (out->failed) {
		front_close(c, FRONT_CLOSE_NO_MEMORY);
		return false;
	}
	if (c->n_sent < out->len)
		n = front_tls_write(c, out->data + c->n_sent, out->len - c->n_sent);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		front_close(c, FRONT_CLOSE_RESET);
		return false;
	}
	if (n > 0) {
		c->n_sent += (size_t)n;
		front_touch(c);
	}
	return true;
}

/* The bytes of a large read are given back, but for those of the next request. */
static void trim(struct buf *in)
{
	struct buf rest = { 0 };

	if (in->len > in->capacity / 4)
		return;
	buf_append(&rest, in->data, in->len);
	if (rest.failed)
		return;
	buf_deinit(in);
	*in = rest;
}

/* Ready for the next request, which may be here already. It is read later, so that many that came
 * together do not nest. */
static void begin_anew(struct front_conn *c)
{
	c->is_known |= c->rq.is_trusted;
	front_request_deinit(&c->rq);
	c->rq = (struct front_request){ 0 };
	trim(&c->in);
	front_set_client(c, c->has_proxy_header ? &c->client : &c->peer);
	http_reader_next(&c->reader);
	front_set_state(c, FRONT_IDLE);
	front_arm(c);
	if (c->in.len > 0) /* at the next turn, as if it had just come */
		event_active(&c->event, EV_READ, 0);
}

/* The answer is out. So that no reset swallows it, the other side closes first. */
static void on_sent(struct front_conn *c)
{
	bool must_close = c->rq.must_close || c->reader.state != HTTP_DONE;

	buf_deinit(&c->rq.out);
	c->n_sent = 0;
	front_hold(c, 0);
	if (!must_close) {
		begin_anew(c);
		return;
	}
	buf_deinit(&c->in);
	front_tls_end(c);
	shutdown(c->fd, SHUT_WR);
	front_set_state(c, FRONT_LINGERING);
	front_arm(c);
}

void front_write(struct front_conn *c)
{
	if (!front_flush(c))
		return;
	if (c->n_sent == c->rq.out.len)
		on_sent(c);
	else
		front_arm(c);
}

void front_answer(struct front_conn *c)
{
	front_set_state(c, FRONT_WRITING);
	c->began_us = c->crowd->now_us;
	buf_deinit(&c->rq.body);
	front_write(c);
}

void front_refuse(struct front_conn *c, int status, const char *code, const char *detail)
{
	struct web_answer answer = { .status = status,
				     .retry_after_s = status == 503,
				     .close = true };

	front_send_problem(&c->rq, &answer, code, detail);
	front_answer(c);
}

/* ---- streams ---- */

void front_stream_begin(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;
	const struct front_config *config = crowd->config;

	if (!front_make_room_for_stream(c)) {
		front_refuse(
			c, 503, "too_many_streams",
			"No more streams are served to you: read /v1/overview now and then instead.");
		return;
	}
	c->stream = config->ops->begin_stream(config->arg, &c->rq, crowd->now_us);
	if (!c->stream) {
		front_close(c, FRONT_CLOSE_NO_MEMORY);
		return;
	}
	front_set_state(c, FRONT_STREAMING);
	crowd->n_streams++;
	c->began_us = crowd->now_us;
	if (front_flush(c))
		front_arm(c);
}

void front_stream_continue(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;
	struct buf *out = &c->rq.out;

	if (c->n_sent < out->len) {
		if (crowd->now_us - c->since_us > FRONT_PROGRESS_US)
			front_close(c, FRONT_CLOSE_TIMEOUT);
		return;
	}
	buf_clear(out);
	c->n_sent = 0;
	crowd->config->ops->continue_stream(c->stream, crowd->now_us, out);
	if (front_flush(c))
		front_arm(c);
}
