#include "node/listen/listen.h"

#include <assert.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/address_bound.h"
#include "node/listen/group.h"
#include "node/listen/reader.h"
#include "node/node_metrics.h"

#define SWEEP_US 100000

static_assert(2 * LISTEN_KINDS <= ACCEPTORS_MOST, "each kind accepts over TCP and TLS");

/* ---- connections ---- */

static void turn_away(struct listen_shared *s, int fd, enum refusal refusal)
{
	close(fd);
	metrics_add(s->config.metrics, M_REFUSED, refusal, 1);
	metrics_add(s->config.metrics, M_LISTEN_CLOSED, CLOSE_TOO_MANY, 1);
}

static void admit(void *arg, unsigned port, int fd, const struct net_addr *peer,
		  bool has_descriptor)
{
	struct listen_shared *s = arg;
	const struct listen_config *config = &s->config;
	struct stream *stream;
	bool is_bounded;

	metrics_add(config->metrics, M_LISTEN_ACCEPTED, port, 1);
	if (!has_descriptor || atomic_load_explicit(config->n_connections, memory_order_relaxed) >=
				       config->max_connections) {
		turn_away(s, fd, REFUSAL_TOO_MANY_CONNECTIONS);
		return;
	}
	is_bounded = address_bound_counts(config->proxies, peer);
	if (is_bounded && !address_bound_take(config->bound, peer)) {
		turn_away(s, fd, REFUSAL_TOO_MANY_FROM_ADDRESS);
		return;
	}
	stream = stream_new(s, port, reader_of(port), fd, peer);
	if (stream)
		stream->is_bounded = is_bounded;
	else if (is_bounded)
		address_bound_give(config->bound, peer);
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
	acceptors_look(&l->acceptors);
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

static int add_acceptor(struct listen *l, const struct listen_config *config, enum listen_port port)
{
	int fd = config->fds[port];

	return fd < 0 ? 0 : acceptors_add(&l->acceptors, port, fd);
}

/* All sockets are taken, whatever fails. */
static int take_sockets(struct listen *l, const struct listen_config *config)
{
	const struct acceptors_config accepts = { .name = "listen",
						  .base = config->base,
						  .now_usp = &l->shared.now_us,
						  .n_own_descriptors = config->n_own_descriptors,
						  .admit = admit,
						  .arg = &l->shared };
	int r = 0;

	acceptors_init(&l->acceptors, &accepts);
	for (enum listen_kind kind = 0; kind < LISTEN_KINDS; kind++) {
		l->datagrams[kind].fd = config->fds[listen_port_of(kind, false)];
		if (add_acceptor(l, config, listen_port_of(kind, true)) != 0 ||
		    add_acceptor(l, config, listen_port_of_tls(kind)) != 0)
			r = -ENOMEM;
	}
	l->is_on = l->acceptors.n > 0;
	return r;
}

static int init_datagrams(struct listen *l)
{
	int r = 0;

	for (enum listen_kind kind = 0; kind < LISTEN_KINDS && r == 0; kind++) {
		struct datagrams *d = &l->datagrams[kind];
		int fd = d->fd;

		if (fd >= 0)
			r = datagrams_init(d, &l->shared, listen_port_of(kind, false), fd, l->room);
	}
	return r;
}

int listen_init(struct listen *l, const struct listen_config *config)
{
	struct timeval sweep = clock_timeval(SWEEP_US);
	int r, r_sockets;

	*l = (struct listen){ 0 };
	r = listen_shared_init(&l->shared, config);
	l->shared.now_us = clock_mono_us();
	r_sockets = take_sockets(l, config);
	if (r != 0 || r_sockets != 0)
		return -ENOMEM;
	if (!l->is_on)
		return 0;
	l->room = datagram_room_new();
	l->shared.group_timer = evtimer_new(config->base, group_on_timer, &l->shared);
	l->sweep_event = event_new(config->base, -1, EV_PERSIST, on_sweep, l);
	if (!l->room || !l->sweep_event || !l->shared.group_timer ||
	    event_add(l->sweep_event, &sweep) != 0)
		return -ENOMEM;
	return init_datagrams(l);
}

void listen_start_accepting(struct listen *l)
{
	acceptors_start(&l->acceptors);
}

void listen_stop(struct listen *l)
{
	struct listen_shared *s = &l->shared;

	if (!l->is_on || s->is_ending)
		return;
	s->is_ending = true;
	s->now_us = clock_mono_us();
	acceptors_take_the_last(&l->acceptors);
	acceptors_close(&l->acceptors);
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
	assert(list->n == 0);
}

void listen_deinit(struct listen *l)
{
	if (!l->shared.config.base) /* it was not begun */
		return;
	acceptors_close(&l->acceptors);
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
