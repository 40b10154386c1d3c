#include "node/listen/listen.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/address_bound.h"
#include "node/listen/group.h"
#include "node/listen/reader.h"
#include "node/node_metrics.h"

#define SWEEP_US 100000
#define START_US 1000000 /* without a roster, agents wait so long */
#define ACCEPTS_PER_TURN 64

/* ---- connections ---- */

static void turn_away(struct listen_shared *s, int fd, enum refusal refusal)
{
	close(fd);
	metrics_add(s->config.metrics, M_REFUSED, refusal, 1);
	metrics_add(s->config.metrics, M_LISTEN_CLOSED, CLOSE_TOO_MANY, 1);
}

static void admit(struct listen_acceptor *a, int fd, const struct net_addr *peer)
{
	struct listen_shared *s = &a->listen->shared;
	const struct listen_config *config = &s->config;
	struct stream *stream;

	metrics_add(config->metrics, M_LISTEN_ACCEPTED, a->port, 1);
	if (atomic_load_explicit(config->n_connections, memory_order_relaxed) >=
	    config->max_connections) {
		turn_away(s, fd, REFUSAL_TOO_MANY_CONNECTIONS);
		return;
	}
	if (!address_bound_take(config->bound, peer)) {
		turn_away(s, fd, REFUSAL_TOO_MANY_FROM_ADDRESS);
		return;
	}
	stream = stream_new(s, a->port, reader_of(a->port), fd, peer);
	if (stream)
		stream->is_bounded = true;
	else
		address_bound_give(config->bound, peer);
}

static bool accept_one(struct listen_acceptor *a)
{
	struct net_addr peer = { .len = sizeof(peer.sa) };
	int fd = accept4(a->fd, (struct sockaddr *)&peer.sa, &peer.len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		admit(a, fd, &peer);
	return fd >= 0;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listen_acceptor *a = arg;

	(void)fd;
	(void)what;
	a->listen->shared.now_us = clock_mono_us();
	for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(a); i++)
		;
}

/* ---- from time to time ---- */

static void for_each(struct stream_list *list, void (*fn)(struct stream *))
{
	struct stream *s, *next;

	for (s = list->first; s; s = next) {
		next = s->next;
		fn(s);
	}
}

static void set_gauges(struct listen *l)
{
	const struct listen_shared *s = &l->shared;

	for (enum listen_port port = 0; port < LISTEN_PORTS; port++)
		metrics_set(s->config.metrics, M_LISTEN_CONNECTIONS, port, s->n_streams[port]);
	metrics_set(s->config.metrics, M_LISTEN_HELD, 0, s->held.n);
	metrics_set(s->config.metrics, M_LISTEN_HELD_BYTES, 0, (int64_t)s->held_bytes);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;
	struct listen_shared *s = &l->shared;

	(void)fd;
	(void)what;
	s->now_us = clock_mono_us();
	if (!l->is_accepting && s->now_us >= l->accept_by_us && !s->is_ending)
		listen_start_accepting(l);
	parcel_try_again(s);
	for_each(&s->held, stream_sweep);
	for_each(&s->reading, stream_sweep);
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		datagrams_sweep(&l->datagrams[i]);
	set_gauges(l);
}

void listen_turn(struct listen *l)
{
	struct listen_shared *s = &l->shared;
	struct stream *dirty;

	s->greeting_us = 0;
	if (s->may_resume) {
		s->may_resume = false;
		s->now_us = clock_mono_us();
		for_each(&s->held, stream_advance);
		for (unsigned i = 0; i < LISTEN_KINDS; i++)
			datagrams_resume(&l->datagrams[i]);
	}
	while ((dirty = s->dirty)) {
		s->dirty = dirty->next_dirty;
		dirty->is_dirty = false;
		stream_flush(dirty);
	}
}

/* ---- life ---- */

static int init_acceptor(struct listen *l, struct listen_acceptor *a, enum listen_port port)
{
	if (a->fd < 0)
		return 0;
	a->listen = l;
	a->port = port;
	a->event = event_new(l->shared.config.base, a->fd, EV_READ | EV_PERSIST, on_accept, a);
	return a->event ? 0 : -ENOMEM;
}

static int init_sockets(struct listen *l)
{
	int r = 0;

	for (enum listen_kind kind = 0; kind < LISTEN_KINDS && r == 0; kind++) {
		struct datagrams *d = &l->datagrams[kind];
		int fd = d->fd;

		r = init_acceptor(l, &l->acceptors[kind], listen_port_of(kind, true));
		if (r == 0)
			r = init_acceptor(l, &l->acceptors[LISTEN_KINDS + kind],
					  listen_port_of_tls(kind));
		if (r == 0 && fd >= 0)
			r = datagrams_init(d, &l->shared, listen_port_of(kind, false), fd, l->room);
	}
	return r;
}

int listen_init(struct listen *l, const struct listen_config *config)
{
	struct timeval sweep = clock_timeval(SWEEP_US);
	int r;

	*l = (struct listen){ 0 };
	for (enum listen_kind kind = 0; kind < LISTEN_KINDS; kind++) {
		l->acceptors[kind].fd = config->fds[listen_port_of(kind, true)];
		l->datagrams[kind].fd = config->fds[listen_port_of(kind, false)];
		l->acceptors[LISTEN_KINDS + kind].fd = config->fds[listen_port_of_tls(kind)];
		l->is_on |= l->acceptors[kind].fd >= 0 || l->acceptors[LISTEN_KINDS + kind].fd >= 0;
	}
	r = listen_shared_init(&l->shared, config);
	if (r != 0 || !l->is_on)
		return r;
	l->shared.now_us = clock_mono_us();
	l->accept_by_us = l->shared.now_us + START_US;
	l->room = datagram_room_new();
	l->shared.group_timer = evtimer_new(config->base, group_on_timer, &l->shared);
	l->sweep_event = event_new(config->base, -1, EV_PERSIST, on_sweep, l);
	if (!l->room || !l->sweep_event || !l->shared.group_timer ||
	    event_add(l->sweep_event, &sweep) != 0)
		return -ENOMEM;
	return init_sockets(l);
}

void listen_start_accepting(struct listen *l)
{
	if (l->is_accepting || !l->is_on)
		return;
	l->is_accepting = true;
	for (unsigned i = 0; i < LISTEN_ACCEPTORS; i++)
		if (l->acceptors[i].fd >= 0)
			event_add(l->acceptors[i].event, NULL);
}

static void close_acceptor(struct listen_acceptor *a)
{
	if (a->event)
		event_free(a->event);
	a->event = NULL;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

void listen_stop(struct listen *l)
{
	struct listen_shared *s = &l->shared;

	if (!l->is_on || s->is_ending)
		return;
	s->is_ending = true;
	s->now_us = clock_mono_us();
	for (unsigned i = 0; i < LISTEN_ACCEPTORS; i++) {
		if (l->acceptors[i].fd >= 0)
			while (accept_one(&l->acceptors[i]))
				;
		close_acceptor(&l->acceptors[i]);
	}
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		datagrams_end(&l->datagrams[i]);
	for_each(&s->held, stream_end);
	for_each(&s->reading, stream_end);
	group_flush_all(s);
}

bool listen_is_quiet(const struct listen *l)
{
	return !l->is_on || (l->shared.reading.n == 0 && l->shared.held.n == 0 &&
			     !l->shared.first_open && l->shared.n_again == 0);
}

static void close_all(struct stream_list *list)
{
	while (list->first)
		stream_close(list->first, CLOSE_STOPPED);
}

void listen_deinit(struct listen *l)
{
	if (!l->shared.config.base) /* it was not begun */
		return;
	for (unsigned i = 0; i < LISTEN_ACCEPTORS; i++)
		close_acceptor(&l->acceptors[i]);
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		datagrams_deinit(&l->datagrams[i]);
	close_all(&l->shared.held);
	close_all(&l->shared.reading);
	group_lose_all(&l->shared);
	parcel_lose_all(&l->shared);
	source_free_all(&l->shared);
	listen_shared_deinit(&l->shared);
	if (l->sweep_event)
		event_free(l->sweep_event);
	datagram_room_free(l->room);
}
