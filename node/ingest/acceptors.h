#ifndef WEIR_NODE_ACCEPTORS_H
#define WEIR_NODE_ACCEPTORS_H
/*
 * Sockets at which one worker listens for agents. They accept nothing before there is somewhere to
 * put a packet, or a while has passed. Agents never get the last descriptors of the process: those
 * are for deliveries and Redis. Where the system has none at all, nothing is accepted for a moment:
 * a connection that waits would wake the worker again and again.
 */
#include <event2/event.h>

#include "common/net/net.h"

#define ACCEPTORS_MOST 6

struct acceptors;

struct acceptor {
	struct acceptors *all;
	unsigned port; /* its name among those of its owner */
	int fd;        /* owned */
	struct event *event;
};

struct acceptors_config {
	const char *name;           /* in the log */
	struct event_base *base;    /* borrowed */
	uint64_t *now_usp;          /* of this turn of the loop; borrowed */
	unsigned n_own_descriptors; /* of the process, that agents do not get */
	/* Takes fd. has_descriptor: agents may have that one. */
	void (*admit)(void *arg, unsigned port, int fd, const struct net_addr *peer,
		      bool has_descriptor);
	void *arg;
};

struct acceptors {
	struct acceptors_config config;
	struct acceptor each[ACCEPTORS_MOST];
	unsigned n;             /* 0: they accept no more, or there are none */
	unsigned n_descriptors; /* of the process, that agents may take */
	uint64_t again_us; /* accept nothing before then: out of descriptors, or not started yet;
				   0: accepting */
};

void acceptors_init(struct acceptors *as, const struct acceptors_config *config);
/* Takes fd, also when it fails. */
int acceptors_add(struct acceptors *as, unsigned port, int fd) MUST_CHECK;
/* There is somewhere to put a packet. */
void acceptors_start(struct acceptors *as);
/* Now and then: they begin, or go on, if it is time. */
void acceptors_look(struct acceptors *as);
/* Closing a socket resets what the kernel has accepted and nobody has taken: this takes it. */
void acceptors_take_the_last(struct acceptors *as);
void acceptors_close(struct acceptors *as);

#endif
