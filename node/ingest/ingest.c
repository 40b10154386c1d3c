#include "node/ingest/ingest.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/address_bound.h"
#include "node/ingest/conn.h"
#include "node/node_metrics.h"

#define SWEEP_US 100000
#define DELAY_US 1000000
#define LINGER_US 2000000 /* without a byte */
#define FRESH_US 1000000  /* not accepting any more: for a new connection's first request */

enum port { PORT_PLAIN, PORT_TLS };

static void turn_away(struct conn_shared *shared, int fd, enum refusal refusal,
		      enum conn_close reason)
{
	struct answer answer = { .kind = ANSWER_REFUSED,
				 .refusal = refusal,
				 .retry_after_s = conn_shared_retry_after_s(shared) };

	buf_clear(&shared->render);
	answer_write(&shared->render, &answer, &shared->date, true);
	/* what it has sent already is read: unread bytes would make the kernel reset the connection
	 */
	if (send(fd, shared->render.data, shared->render.len, MSG_NOSIGNAL) < 0 ||
	    shutdown(fd, SHUT_WR) != 0 ||
	    recv(fd, shared->scratch, CONN_SCRATCH_BYTES, MSG_DONTWAIT) < 0)
		log_debug("ingest", "turned away", "error=%s", strerror(errno));
	close(fd);
	metrics_add(shared->config.metrics, M_REFUSED, refusal, 1);
	metrics_add(shared->config.metrics, M_CONNECTIONS_CLOSED, reason, 1);
}

/* False: the address has as many connections as it may. *is_boundedp: it counts, and is given back. */
static bool take_address(const struct conn_config *config, const struct net_addr *peer,
			 bool *is_boundedp)
{
	*is_boundedp = config->bound && address_bound_counts(config->proxies, peer);
	return !*is_boundedp || address_bound_take(config->bound, peer);
}

static void admit(void *arg, unsigned port, int fd, const struct net_addr *peer,
		  bool has_descriptor)
{
	struct ingest *in = arg;
	struct conn_shared *shared = &in->shared;
	const struct conn_config *config = &shared->config;
	unsigned n = atomic_fetch_add_explicit(config->n_connections, 1, memory_order_relaxed);
	bool is_tls = port == PORT_TLS;
	bool has_room, has_address = false, is_bounded = false;
	struct conn *c = NULL;

	metrics_add(config->metrics, M_CONNECTIONS_ACCEPTED, 0, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	has_room = n < config->limits.max_connections && has_descriptor;
	if (has_room)
		has_address = take_address(config, peer, &is_bounded);
	if (has_address)
		c = is_tls ? conn_new_tls(shared, fd, peer) : conn_new(shared, fd, peer);
	if (c) {
		c->is_bounded = is_bounded;
		return;
	}
	if (has_address && is_bounded)
		address_bound_give(config->bound, peer);
	atomic_fetch_sub_explicit(config->n_connections, 1, memory_order_relaxed);
	if (is_tls) { /* an answer that is not encrypted says nothing to it */
		close(fd);
		metrics_add(config->metrics, M_CONNECTIONS_CLOSED,
			    has_room && has_address ? CLOSE_NO_MEMORY : CLOSE_TOO_MANY, 1);
	} else if (has_room && !has_address)
		turn_away(shared, fd, REFUSAL_TOO_MANY_FROM_ADDRESS, CLOSE_TOO_MANY);
	else if (has_room)
		turn_away(shared, fd, REFUSAL_NO_MEMORY, CLOSE_NO_MEMORY);
	else
		turn_away(shared, fd, REFUSAL_TOO_MANY_CONNECTIONS, CLOSE_TOO_MANY);
}

static uint64_t limit_of(const struct ingest *in, enum conn_state state)
{
	const struct conn_limits *l = &in->shared.config.limits;
	const uint64_t limits[CONN_STATES] = {
		[CONN_IDLE] = !in->acceptors.n ? FRESH_US : l->idle_us,
		[CONN_HEAD] = l->head_us,
		[CONN_BODY] = l->body_us,
		[CONN_WAITING] = UINT64_MAX,
		[CONN_DELAYED] = DELAY_US,
		[CONN_WRITING] = l->write_us,
		[CONN_LINGER] = LINGER_US,
		[CONN_GREETING] = !in->acceptors.n && l->head_us > FRESH_US ? FRESH_US : l->head_us,
	};

	return limits[state];
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *in = arg;

	(void)fd;
	(void)what;
	in->shared.now_us = clock_mono_us();
	for (enum conn_state s = 0; s < CONN_STATES; s++) {
		struct conn *c;

		while ((c = in->shared.lists[s].first) &&
		       in->shared.now_us - c->since_us > limit_of(in, s))
			conn_on_timeout(c);
	}
	conn_look_at_http2(&in->shared);
	acceptors_look(&in->acceptors);
	metrics_set(in->shared.config.metrics, M_HELD_BYTES, 0,
		    (int64_t)in->shared.config.memory->used_bytes);
	metrics_set(in->shared.config.metrics, M_CONNECTIONS, 0,
		    conn_shared_n_connections(&in->shared));
}

static struct acceptors_config acceptors_config(struct ingest *in)
{
	const struct conn_config *config = &in->shared.config;

	return (struct acceptors_config){ .name = "ingest",
					  .base = config->base,
					  .now_usp = &in->shared.now_us,
					  .n_own_descriptors = config->limits.n_own_descriptors,
					  .admit = admit,
					  .arg = in };
}

int ingest_init(struct ingest *in, const struct conn_config *config, int listen_fd, int tls_fd)
{
	struct timeval sweep = clock_timeval(SWEEP_US);
	struct acceptors_config accepts;
	int r, r_plain, r_tls = 0;

	*in = (struct ingest){ 0 };
	r = conn_shared_init(&in->shared, config);
	accepts = acceptors_config(in);
	acceptors_init(&in->acceptors, &accepts);
	r_plain = acceptors_add(&in->acceptors, PORT_PLAIN, listen_fd);
	if (tls_fd >= 0)
		r_tls = acceptors_add(&in->acceptors, PORT_TLS, tls_fd);
	in->sweep_event = event_new(config->base, -1, EV_PERSIST, on_sweep, in);
	if (r != 0 || r_plain != 0 || r_tls != 0 || !in->sweep_event)
		return -ENOMEM;
	return event_add(in->sweep_event, &sweep) == 0 ? 0 : -EIO;
}

void ingest_start_accepting(struct ingest *in)
{
	acceptors_start(&in->acceptors);
}

void ingest_deinit(struct ingest *in)
{
	ingest_stop_accepting(in);
	for (enum conn_state s = 0; s < CONN_STATES; s++)
		while (in->shared.lists[s].first)
			conn_close(in->shared.lists[s].first, CLOSE_STOPPED);
	if (in->sweep_event)
		event_free(in->sweep_event);
	conn_shared_deinit(&in->shared);
}

void ingest_flush(struct ingest *in)
{
	in->shared.greeting_us = 0;
	if (!in->shared.dirty && !in->shared.due)
		return;
	conn_shared_update_time(&in->shared);
	conn_flush_all(&in->shared);
}

void ingest_drain(struct ingest *in)
{
	in->shared.is_draining = true;
}

/* Whoever has just connected, or is sending a request right now, gets an answer. */
static bool is_about_to_ask(const struct conn *c)
{
	char byte;

	return c->requests.n_begun == 0 || recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void ingest_stop_accepting(struct ingest *in)
{
	struct conn *c, *next;

	if (!in->acceptors.n)
		return;
	in->shared.now_us = clock_mono_us();
	acceptors_take_the_last(&in->acceptors);
	acceptors_close(&in->acceptors);
	for (c = in->shared.lists[CONN_IDLE].first; c; c = next) {
		next = c->next;
		if (!is_about_to_ask(c))
			conn_stop(c);
	}
}
