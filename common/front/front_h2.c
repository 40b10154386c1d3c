#include "common/front/front_h2.h"

#include <sys/socket.h>

#include "common/clock.h"
#include "common/front/front_answer.h"
#include "common/front/front_room.h"
#include "common/front/front_tls.h"
#include "common/log.h"

#define MAX_RENDER_BYTES (64u << 10)
#define WINDOW (1u << 20)         /* of a connection */
#define ANSWER_US (60 * US_PER_S) /* for a whole answer to be taken */

static struct front_h2 *of_server(struct h2_server *server)
{
	return CONTAINER_OF(server, struct front_h2, server);
}

/* ---- what common/h2 tells ---- */

static void *on_begin(struct h2_server *server, int32_t id)
{
	return front_stream_new(of_server(server), id);
}

static void on_head(struct h2_server *server, void *stream, bool has_body)
{
	front_stream_take_head(stream, &server->head, has_body);
}

static void on_body(struct h2_server *server, void *stream, const char *data, size_t len)
{
	(void)server;
	front_stream_take_body(stream, data, len);
}

static void on_end(struct h2_server *server, void *stream)
{
	(void)server;
	front_stream_take_end(stream);
}

static void on_answered_early(struct h2_server *server, void *stream)
{
	(void)server;
	front_stream_linger(stream);
}

static void on_close(struct h2_server *server, void *stream)
{
	(void)server;
	front_stream_free(stream);
}

/* Like a body. */
static bool on_charge(struct h2_server *server, size_t n_bytes)
{
	struct front_conn *c = of_server(server)->conn;

	front_hold(c, c->n_held_bytes + n_bytes);
	if (server->n_head_bytes + n_bytes <= H2_SHORT_HEAD_BYTES || front_make_room_for_body(c))
		return true;
	front_hold(c, c->n_held_bytes - n_bytes);
	return false;
}

static void on_discharge(struct h2_server *server, size_t n_bytes)
{
	struct front_conn *c = of_server(server)->conn;

	front_hold(c, c->n_held_bytes - n_bytes);
}

/* Each turn ends with front_h2_flush. */
static void on_due(struct h2_server *server)
{
	(void)server;
}

static void on_failure(struct h2_server *server, enum h2_failure failure, const char *frame)
{
	const struct front_conn *c = of_server(server)->conn;
	const char *name = c->crowd->config->name;

	if (failure == H2_FLOOD)
		log_warn(name, "HTTP/2 client floods", "client=%s frame=%s", c->rq.client, frame);
	else
		log_debug(name, "HTTP/2 fails", "client=%s failure=%d", c->rq.client, (int)failure);
}

/* ---- life ---- */

/* What threads serve is left to them. */
static void free_h2(struct front_conn *c)
{
	struct front_h2 *h = c->h2;
	struct front_stream *s;

	if (!h)
		return;
	for (enum front_stream_state state = 0; state < FRONT_STREAM_STATES; state++)
		while ((s = TAILQ_FIRST(&h->lists[state])))
			front_stream_free(s);
	front_work_leave_all(&h->works, c);
	h2_server_deinit(&h->server);
	c->h2 = NULL;
	c->n_working = 0;
	free(h);
}

static void on_served(struct front_conn *c)
{
	front_touch(c);
	front_h2_flush(c);
}

static bool start(struct front_conn *c)
{
	static const struct h2_server_ops ops = { .on_begin = on_begin,
						  .on_head = on_head,
						  .on_body = on_body,
						  .on_end = on_end,
						  .on_answered_early = on_answered_early,
						  .on_close = on_close,
						  .on_charge = on_charge,
						  .on_discharge = on_discharge,
						  .on_due = on_due,
						  .on_failure = on_failure };
	struct front_h2 *h = calloc(1, sizeof(*h));

	if (!h)
		return false;
	h->conn = c;
	h->on_served = on_served;
	h->server = (struct h2_server){ .ops = &ops,
					.now_us = &c->crowd->now_us,
					.max_head_bytes = FRONT_MAX_HEAD };
	for (enum front_stream_state state = 0; state < FRONT_STREAM_STATES; state++)
		TAILQ_INIT(&h->lists[state]);
	TAILQ_INIT(&h->works);
	c->h2 = h;
	c->crowd->free_h2 = free_h2;
	return h2_server_start(&h->server, NULL) == 0 &&
	       nghttp2_session_set_local_window_size(h->server.session, NGHTTP2_FLAG_NONE, 0,
						     WINDOW) == 0;
}

bool front_h2_begin(struct front_conn *c)
{
	struct buf in CLEANUP(buf_deinit) = c->in;

	c->in = (struct buf){ 0 };
	front_set_state(c, FRONT_H2);
	if (start(c))
		return front_h2_take(c, in.data, in.len);
	front_close(c, FRONT_CLOSE_NO_MEMORY);
	return false;
}

/* ---- bytes ---- */

bool front_h2_take(struct front_conn *c, const char *data, size_t len)
{
	if (!h2_server_feed(&c->h2->server, data, len)) {
		front_close(c, FRONT_CLOSE_RESET);
		return false;
	}
	front_touch(c);
	return front_h2_flush(c);
}

/* Its last word is out. So that no reset swallows it, the other side closes first. */
static void end(struct front_conn *c)
{
	free_h2(c);
	buf_deinit(&c->rq.out);
	c->n_sent = 0;
	c->began_us = c->crowd->now_us;
	front_tls_end(c);
	shutdown(c->fd, SHUT_WR);
	front_set_state(c, FRONT_LINGERING);
	front_arm(c);
}

/* Sends what is there. The client takes something, or nothing waited for it: it is not stuck. False:
 * closed. */
static bool send_some(struct front_conn *c)
{
	size_t n_before = c->n_sent;

	if (!front_flush(c))
		return false;
	if (c->n_sent > n_before || c->n_sent == c->rq.out.len)
		c->h2->progress_us = c->crowd->now_us;
	return true;
}

bool front_h2_flush(struct front_conn *c)
{
	struct buf *out = &c->rq.out;

	while (send_some(c)) {
		if (c->n_sent < out->len) {
			front_arm(c);
			return true;
		}
		buf_clear(out);
		c->n_sent = 0;
		if (!h2_server_render(&c->h2->server, out, MAX_RENDER_BYTES)) {
			front_close(c, FRONT_CLOSE_RESET);
			return false;
		}
		if (out->len > 0)
			continue;
		if (h2_server_is_over(&c->h2->server, c->h2->n > 0))
			end(c);
		else
			front_arm(c);
		return true;
	}
	return false;
}

/* ---- time ---- */

/* A connection that has no request may wait for one; a header section may not come forever. */
static void look_at_silence(struct front_conn *c)
{
	struct front_h2 *h = c->h2;
	const struct front_config *config = c->crowd->config;
	uint64_t now_us = c->crowd->now_us;

	if (!h->server.is_in_head && h->server.has_settings)
		h->head_since_us = 0;
	else if (h->head_since_us == 0)
		h->head_since_us = now_us;
	else if (now_us - h->head_since_us > config->request_us)
		h2_server_end(&h->server, NGHTTP2_ENHANCE_YOUR_CALM);
	if (h->n == 0 && now_us - c->since_us > config->idle_us)
		h2_server_stop(&h->server);
}

/* The client does not take what is sent. */
static bool is_stuck(const struct front_conn *c)
{
	const struct front_stream *s = TAILQ_FIRST(&c->h2->lists[FRONT_STREAM_ANSWERING]);
	uint64_t now_us = c->crowd->now_us;

	if (s && now_us - s->since_us > ANSWER_US)
		return true;
	return c->n_sent < c->rq.out.len && now_us - c->h2->progress_us > FRONT_PROGRESS_US;
}

void front_h2_tick(struct front_conn *c)
{
	if (is_stuck(c)) {
		front_close(c, FRONT_CLOSE_TIMEOUT);
		return;
	}
	if (atomic_load(&c->crowd->is_draining))
		h2_server_shut_down(&c->h2->server);
	look_at_silence(c);
	front_stream_look(c->h2);
	front_h2_flush(c);
}
