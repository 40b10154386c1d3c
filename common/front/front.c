#include "common/front/front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/front/front_conn.h"
#include "common/front/front_room.h"
#include "common/log.h"
#include "common/net/net_given.h"

#define BACKLOG 1024
#define ACCEPTS_PER_TURN 32 /* then the other connections' turn */
#define TICK_US 100000

/* A port that it listens on. */
struct port {
	struct front *front;
	int fd;
	bool is_tls;
	struct event *event;
};

struct front {
	struct front_config config;
	struct front_crowd crowd;
	pthread_t thread;
	bool has_thread;
	_Atomic bool must_stop;
	struct port ports[FRONT_MAX_PORTS];
	unsigned n_ports;
	bool is_accepting;
	struct event *done_event, *tick;
};

static void set_accepting(struct front *f, bool is_accepting)
{
	if (f->is_accepting == is_accepting)
		return;
	f->is_accepting = is_accepting;
	for (unsigned i = 0; i < f->n_ports; i++)
		if (!is_accepting)
			event_del(f->ports[i].event);
		else if (event_add(f->ports[i].event, NULL) != 0)
			log_error(f->config.name, "cannot accept");
}

/* Where there is no descriptor left, a connection that is only waited for gives its own. */
static void on_accept_failed(struct front *f)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	if ((errno == EMFILE || errno == ENFILE) && front_evict(&f->crowd))
		return;
	log_warn(f->config.name, "cannot accept a connection", "error=%s", strerror(errno));
	set_accepting(f, false); /* until the next tick */
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	const struct port *port = arg;
	struct front *f = port->front;

	(void)what;
	f->crowd.now_us = clock_mono_us();
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct net_addr from = { .len = sizeof(from.sa) };
		int fd = accept4(listen_fd, (struct sockaddr *)&from.sa, &from.len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			on_accept_failed(f);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		if (front_make_room(&f->crowd, &from))
			front_conn_open(&f->crowd, fd, &from, port->is_tls);
		else
			close(fd);
	}
}

/* What threads have done since it was last looked at. */
static void take_done(struct front_crowd *all)
{
	struct front_job *job, *next;

	pthread_mutex_lock(&all->done_lock);
	job = all->done;
	all->done = NULL;
	pthread_mutex_unlock(&all->done_lock);
	all->now_us = clock_mono_us();
	for (; job; job = next) {
		next = job->next;
		job->on_done(job);
	}
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) != 0)
		return;
	if (atomic_load(&f->must_stop)) {
		event_base_loopbreak(f->crowd.base);
		return;
	}
	take_done(&f->crowd);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;

	(void)fd;
	(void)what;
	front_conn_tick(&f->crowd);
	set_accepting(f, true);
}

static void *run(void *arg)
{
	struct front *f = arg;

	pthread_setname_np(pthread_self(), f->config.name);
	event_base_dispatch(f->crowd.base);
	return NULL;
}

static int init_events(struct front *f)
{
	struct timeval tick = clock_timeval(TICK_US);
	struct event_base *base = f->crowd.base;

	for (unsigned i = 0; i < f->n_ports; i++) {
		struct port *port = &f->ports[i];

		port->event = event_new(base, port->fd, EV_READ | EV_PERSIST, on_accept, port);
		if (!port->event)
			return -ENOMEM;
	}
	f->done_event = event_new(base, f->crowd.done_fd, EV_READ | EV_PERSIST, on_done, f);
	f->tick = event_new(base, -1, EV_PERSIST, on_tick, f);
	if (!f->done_event || !f->tick)
		return -ENOMEM;
	set_accepting(f, true);
	return event_add(f->done_event, NULL) == 0 && event_add(f->tick, &tick) == 0 ? 0 : -ENOMEM;
}

static void init_crowd(struct front *f)
{
	struct front_crowd *all = &f->crowd;

	all->config = &f->config;
	for (unsigned i = 0; i < FRONT_STATES; i++)
		TAILQ_INIT(&all->lists[i]);
	pthread_mutex_init(&all->done_lock, NULL);
	all->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	all->base = event_base_new();
}

static int listen_at(struct front *f, const struct front_port *at)
{
	struct port *port = &f->ports[f->n_ports];
	int r = net_given_listen(at->addr, false, BACKLOG, &port->fd);

	if (r != 0)
		return r;
	port->front = f;
	port->is_tls = at->is_tls;
	f->n_ports++;
	return net_local_addr(port->fd, at->addr);
}

int front_new(const struct front_config *config, const struct front_port *ports, unsigned n_ports,
	      struct front **frontp)
{
	struct front *f = calloc(1, sizeof(*f));
	int r;

	assert(n_ports > 0 && n_ports <= FRONT_MAX_PORTS);
	if (!f)
		return -ENOMEM;
	f->config = *config;
	init_crowd(f);
	r = f->crowd.base && f->crowd.done_fd >= 0 ? 0 : -ENOMEM;
	for (unsigned i = 0; r == 0 && i < n_ports; i++)
		r = listen_at(f, &ports[i]);
	if (r == 0)
		r = front_pool_new(config->name, config->n_threads, config->n_first_threads,
				   config->n_queue, &f->crowd.pool);
	if (r == 0)
		r = init_events(f);
	if (r == 0) {
		r = -pthread_create(&f->thread, NULL, run, f);
		f->has_thread = r == 0;
	}
	if (r != 0)
		front_free(f);
	else
		*frontp = f;
	return r;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void front_drain(struct front *f)
{
	atomic_store(&f->crowd.is_draining, true);
}

bool front_has_h2(const struct front *f)
{
	return atomic_load(&f->crowd.n_h2) > 0;
}

void front_free(struct front *f)
{
	struct front_conn *c;

	if (!f)
		return;
	atomic_store(&f->must_stop, true);
	if (f->has_thread && eventfd_write(f->crowd.done_fd, 1) == 0)
		pthread_join(f->thread, NULL);
	front_pool_free(f->crowd.pool);
	take_done(&f->crowd); /* while works that are done still count as in work */
	f->crowd.pool = NULL;
	for (unsigned i = 0; i < FRONT_STATES; i++)
		while ((c = TAILQ_FIRST(&f->crowd.lists[i])))
			front_close(c, FRONT_CLOSE_STOPPED);
	for (unsigned i = 0; i < f->n_ports; i++) {
		free_event(f->ports[i].event);
		close(f->ports[i].fd);
	}
	free_event(f->done_event);
	free_event(f->tick);
	close(f->crowd.done_fd);
	if (f->crowd.base)
		event_base_free(f->crowd.base);
	pthread_mutex_destroy(&f->crowd.done_lock);
	free(f);
}
