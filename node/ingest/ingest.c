#include "node/ingest/ingest.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"

#define SWEEP_US 100000
#define ACCEPTS_PER_TURN 64
#define ACCEPT_PAUSE_US 100000
#define LINGER_US 2000000
#define RETRY_AFTER_MIN_S 1
#define RETRY_AFTER_MAX_S 3
#define START_US 1000000 /* without a roster, connections wait so long */
#define FRESH_US 1000000 /* not accepting any more: for a new connection's first request */

static void turn_away(struct ingest *in, int fd, enum refusal refusal, enum conn_close reason)
{
	struct answer answer = { .kind = ANSWER_REFUSED,
				 .refusal = refusal,
				 .retry_after_s = ingest_retry_after_s(in) };

	buf_clear(&in->render);
	answer_write(&in->render, &answer, &in->date, true);
	/* what it has sent already is read: unread bytes would make the kernel reset the connection
	 */
	if (send(fd, in->render.data, in->render.len, MSG_NOSIGNAL) < 0 ||
	    shutdown(fd, SHUT_WR) != 0 ||
	    recv(fd, in->scratch, INGEST_SCRATCH_BYTES, MSG_DONTWAIT) < 0)
		log_debug("ingest", "turned away", "error=%s", strerror(errno));
	close(fd);
	metrics_add(in->config.metrics, M_REFUSED, refusal, 1);
	metrics_add(in->config.metrics, M_CONNECTIONS_CLOSED, reason, 1);
}

static void admit(struct ingest *in, int fd)
{
	unsigned n = atomic_fetch_add_explicit(in->config.n_connections, 1, memory_order_relaxed);

	metrics_add(in->config.metrics, M_CONNECTIONS_ACCEPTED, 0, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (n < in->config.limits.max_connections && conn_new(in, fd))
		return;
	atomic_fetch_sub_explicit(in->config.n_connections, 1, memory_order_relaxed);
	if (n < in->config.limits.max_connections)
		turn_away(in, fd, REFUSAL_NO_MEMORY, CLOSE_NO_MEMORY);
	else
		turn_away(in, fd, REFUSAL_TOO_MANY_CONNECTIONS, CLOSE_TOO_MANY);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct ingest *in = arg;

	(void)what;
	in->now_us = clock_mono_us();
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			admit(in, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			log_error("ingest", "cannot accept", "error=%s remedy=%s runbook=%s",
				  strerror(errno), "raise the limit of open files",
				  LOG_RUNBOOK "a-node-is-out-of-connections");
			event_del(in->accept_event);
			in->accept_again_us = in->now_us + ACCEPT_PAUSE_US;
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static uint64_t limit_of(const struct ingest *in, enum conn_state state)
{
	const struct ingest_limits *l = &in->config.limits;
	const uint64_t limits[CONN_STATES] = {
		[CONN_IDLE] = in->listen_fd < 0 ? FRESH_US : l->idle_us,
		[CONN_HEAD] = l->head_us,
		[CONN_BODY] = l->body_us,
		[CONN_WAITING] = UINT64_MAX,
		[CONN_WRITING] = l->write_us,
		[CONN_LINGER] = LINGER_US,
	};

	return limits[state];
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *in = arg;

	(void)fd;
	(void)what;
	in->now_us = clock_mono_us();
	for (enum conn_state s = 0; s < CONN_STATES; s++) {
		struct conn *c;

		while ((c = in->lists[s].first) && in->now_us - c->since_us > limit_of(in, s))
			conn_on_timeout(c);
	}
	if (in->now_us >= in->accept_again_us)
		ingest_start_accepting(in);
	metrics_set(in->config.metrics, M_HELD_BYTES, 0, (int64_t)in->config.memory->used_bytes);
	metrics_set(in->config.metrics, M_CONNECTIONS, 0, ingest_n_connections(in));
}

int ingest_init(struct ingest *in, const struct ingest_config *config, int listen_fd)
{
	struct timeval sweep = clock_timeval(SWEEP_US);

	*in = (struct ingest){ .config = *config, .listen_fd = listen_fd };
	rng_init(&in->rng, 0);
	in->now_us = clock_mono_us();
	answer_date_update(&in->date, clock_wall_us());
	in->scratch = malloc(INGEST_SCRATCH_BYTES);
	in->json = json_counter_new();
	in->accept_event = event_new(config->base, listen_fd, EV_READ | EV_PERSIST, on_accept, in);
	in->sweep_event = event_new(config->base, -1, EV_PERSIST, on_sweep, in);
	if (!in->scratch || !in->json || !in->accept_event || !in->sweep_event)
		return -ENOMEM;
	in->accept_again_us = in->now_us + START_US;
	return event_add(in->sweep_event, &sweep) == 0 ? 0 : -EIO;
}

void ingest_start_accepting(struct ingest *in)
{
	if (!in->accept_again_us)
		return;
	in->accept_again_us = 0;
	event_add(in->accept_event, NULL);
}

void ingest_deinit(struct ingest *in)
{
	ingest_stop_accepting(in);
	for (enum conn_state s = 0; s < CONN_STATES; s++)
		while (in->lists[s].first)
			conn_close(in->lists[s].first, CLOSE_STOPPED);
	if (in->sweep_event)
		event_free(in->sweep_event);
	json_counter_free(in->json);
	buf_deinit(&in->render);
	free(in->scratch);
}

uint32_t ingest_retry_after_s(struct ingest *in)
{
	return (uint32_t)rng_range(&in->rng, RETRY_AFTER_MIN_S, RETRY_AFTER_MAX_S);
}

void ingest_mark_dirty(struct ingest *in, struct conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = in->dirty;
	in->dirty = c;
}

static void answer(struct ingest *in, struct exchange *x)
{
	if (!x->conn) {
		free(x);
		return;
	}
	x->is_done = true;
	ingest_mark_dirty(in, x->conn);
}

void ingest_accept_packet(struct ingest *in, const struct packet *p, const char *analyzer)
{
	struct exchange *x = p->exchange;

	metrics_add(in->config.metrics, M_ACCEPTED_PACKETS, 0, 1);
	metrics_add(in->config.metrics, M_ACCEPTED_MESSAGES, 0, p->n_messages);
	metrics_observe(in->config.metrics, M_ACK_TIME, 0, clock_mono_us() - p->received_us);
	x->answer.kind = ANSWER_ACCEPTED;
	x->answer.n_messages = p->n_messages;
	strncpy(x->answer.analyzer, analyzer, ANALYZER_ID_MAX);
	answer(in, x);
}

void ingest_refuse_packet(struct ingest *in, struct exchange *x, enum refusal refusal)
{
	metrics_add(in->config.metrics, M_REFUSED, refusal, 1);
	x->answer.kind = ANSWER_REFUSED;
	x->answer.refusal = refusal;
	x->answer.retry_after_s = ingest_retry_after_s(in);
	answer(in, x);
}

void ingest_flush(struct ingest *in)
{
	struct conn *c;

	if (!in->dirty)
		return;
	in->now_us = clock_mono_us();
	answer_date_update(&in->date, clock_wall_us());
	while ((c = in->dirty)) {
		in->dirty = c->next_dirty;
		c->dirty = false;
		conn_flush(c);
	}
}

void ingest_drain(struct ingest *in)
{
	in->draining = true;
}

/* Closing the listener resets what the kernel has accepted for it and nobody has taken. */
static void accept_the_last(struct ingest *in)
{
	int fd;

	in->now_us = clock_mono_us();
	while ((fd = accept4(in->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0 ||
	       errno == ECONNABORTED || errno == EINTR)
		if (fd >= 0)
			admit(in, fd);
}

/* Whoever has just connected, or is sending a request right now, gets an answer. */
static bool is_about_to_ask(const struct conn *c)
{
	char byte;

	return !c->is_used || recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void ingest_stop_accepting(struct ingest *in)
{
	struct conn *c, *next;

	if (in->listen_fd < 0)
		return;
	accept_the_last(in);
	event_free(in->accept_event);
	in->accept_again_us = 0;
	close(in->listen_fd);
	in->listen_fd = -1;
	for (c = in->lists[CONN_IDLE].first; c; c = next) {
		next = c->next;
		if (!is_about_to_ask(c))
			conn_close(c, CLOSE_STOPPED);
	}
}

unsigned ingest_n_connections(const struct ingest *in)
{
	unsigned n = 0;

	for (enum conn_state s = 0; s < CONN_STATES; s++)
		n += in->lists[s].n;
	return n;
}
