#include "node/listen/listen_sockets.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/net/net_given.h"

#define BACKLOG 1024
#define TRIES 10 /* for a port that is free for both TCP and UDP */

static const char *const names[] = { "syslog",     "gelf",     "forward",
				     "syslog-tls", "gelf-tls", "forward-tls" };
static_assert(ARRAY_LEN(names) == LISTEN_ADDRESSES, "every address has a name");

int listen_sockets_init(struct listen_sockets *s, const char *const addresses[LISTEN_ADDRESSES])
{
	*s = (struct listen_sockets){ 0 };
	for (unsigned kind = 0; kind < LISTEN_ADDRESSES; kind++) {
		if (!addresses[kind])
			continue;
		s->is_wanted[kind] = true;
		if (net_addr_parse(&s->addrs[kind], addresses[kind]) != 0) {
			log_error("listen", "bad address", "listener=%s value=%s", names[kind],
				  addresses[kind]);
			return -EINVAL;
		}
	}
	return 0;
}

/* TCP first, so that the system chooses a port once for both. */
static int open_pair(const struct net_addr *wanted, struct net_addr *gotp, int *tcpp, int *udpp)
{
	struct net_addr addr = *wanted;
	int r = net_given_listen(&addr, true, BACKLOG, tcpp);

	if (r != 0)
		return r;
	r = net_local_addr(*tcpp, &addr);
	if (r == 0)
		r = net_given_bind_udp(&addr, true, udpp);
	if (r == 0) {
		*gotp = addr;
		return 0;
	}
	close(*tcpp);
	*tcpp = -1;
	return r;
}

/* The first worker tells of it. */
static int note(struct listen_sockets *s, unsigned i, const struct net_addr *got, int r)
{
	char text[NET_ADDR_STRLEN];

	net_addr_format(r == 0 ? got : &s->addrs[i], text);
	if (r != 0) {
		log_error("listen", "cannot listen", "listener=%s addr=%s error=%s", names[i], text,
			  strerror(-r));
		return r;
	}
	if (!s->is_open)
		log_info("listen", "listening", "listener=%s addr=%s", names[i], text);
	s->addrs[i] = *got;
	return 0;
}

static int open_kind(struct listen_sockets *s, enum listen_kind kind, int fds[LISTEN_PORTS])
{
	bool may_choose = net_addr_port(&s->addrs[kind]) == 0;
	struct net_addr got;
	int r;

	for (int tries = 0;; tries++) {
		r = open_pair(&s->addrs[kind], &got, &fds[listen_port_of(kind, true)],
			      &fds[listen_port_of(kind, false)]);
		if (r != -EADDRINUSE || !may_choose || tries == TRIES)
			break;
	}
	return note(s, kind, &got, r);
}

static int open_tls(struct listen_sockets *s, enum listen_kind kind, int *fdp)
{
	struct net_addr addr = s->addrs[LISTEN_KINDS + kind];
	int r = net_given_listen(&addr, true, BACKLOG, fdp);

	if (r == 0)
		r = net_local_addr(*fdp, &addr);
	return note(s, LISTEN_KINDS + kind, &addr, r);
}

int listen_sockets_open(struct listen_sockets *s, int fds[LISTEN_PORTS])
{
	int r = 0;

	for (enum listen_port port = 0; port < LISTEN_PORTS; port++)
		fds[port] = -1;
	for (enum listen_kind kind = 0; kind < LISTEN_KINDS && r == 0; kind++) {
		if (s->is_wanted[kind])
			r = open_kind(s, kind, fds);
		if (r == 0 && s->is_wanted[LISTEN_KINDS + kind])
			r = open_tls(s, kind, &fds[listen_port_of_tls(kind)]);
	}
	for (enum listen_port port = 0; r != 0 && port < LISTEN_PORTS; port++)
		if (fds[port] >= 0)
			close(fds[port]);
	s->is_open = true;
	return r;
}
