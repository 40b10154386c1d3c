#include "node/ingest/acceptors.h"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define ACCEPTS_PER_TURN 64
#define PAUSE_US 100000
#define START_US 1000000 /* without a roster, connections wait so long */

/* The limit may be changed while the process runs. */
static void look_at_limit(struct acceptors *as)
{
	unsigned n_own = as->config.n_own_descriptors;
	struct rlimit limit;

	as->n_descriptors = UINT_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < UINT_MAX)
		as->n_descriptors = limit.rlim_cur / 2 > n_own ? (unsigned)limit.rlim_cur - n_own
							       : (unsigned)limit.rlim_cur / 2;
}

/* Admits one connection. False: errno says why there is none. */
static bool accept_one(struct acceptor *a)
{
	const struct acceptors *as = a->all;
	struct net_addr peer = { .len = sizeof(peer.sa) };
	int fd = accept4(a->fd, (struct sockaddr *)&peer.sa, &peer.len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		as->config.admit(as->config.arg, a->port, fd, &peer,
				 (unsigned)fd < as->n_descriptors);
	return fd >= 0;
}

static void pause_all(struct acceptors *as)
{
	log_error(as->config.name, "cannot accept", "error=%s remedy=%s runbook=%s",
		  strerror(errno), "raise the limit of open files",
		  LOG_RUNBOOK "a-node-is-out-of-connections");
	for (unsigned i = 0; i < as->n; i++)
		event_del(as->each[i].event);
	as->again_us = *as->config.now_usp + PAUSE_US;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;
	struct acceptors *as = a->all;

	(void)fd;
	(void)what;
	*as->config.now_usp = clock_mono_us();
	look_at_limit(as);
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (accept_one(a) || errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_all(as);
		return;
	}
}

void acceptors_init(struct acceptors *as, const struct acceptors_config *config)
{
	*as = (struct acceptors){ .config = *config, .again_us = *config->now_usp + START_US };
	look_at_limit(as);
}

int acceptors_add(struct acceptors *as, unsigned port, int fd)
{
	struct acceptor *a = &as->each[as->n++];

	assert(as->n <= ACCEPTORS_MOST);
	*a = (struct acceptor){ .all = as, .port = port, .fd = fd };
	a->event = event_new(as->config.base, fd, EV_READ | EV_PERSIST, on_accept, a);
	return a->event ? 0 : -ENOMEM;
}

void acceptors_start(struct acceptors *as)
{
	if (!as->again_us)
		return;
	as->again_us = 0;
	for (unsigned i = 0; i < as->n; i++)
		event_add(as->each[i].event, NULL);
}

void acceptors_look(struct acceptors *as)
{
	if (*as->config.now_usp >= as->again_us)
		acceptors_start(as);
}

void acceptors_take_the_last(struct acceptors *as)
{
	for (unsigned i = 0; i < as->n; i++)
		while (accept_one(&as->each[i]) || errno == ECONNABORTED || errno == EINTR)
			;
}

void acceptors_close(struct acceptors *as)
{
	for (unsigned i = 0; i < as->n; i++) {
		if (as->each[i].event)
			event_free(as->each[i].event);
		close(as->each[i].fd);
	}
	as->n = 0;
	as->again_us = 0;
}
