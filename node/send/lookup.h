#ifndef WEIR_NODE_LOOKUP_H
#define WEIR_NODE_LOOKUP_H
/*
 * The addresses of a host, found without holding up the loop: by a getaddrinfo on a thread of its
 * own, so names mean here what they mean to every other program of the machine. It serves all that
 * look up the same host meanwhile. Beyond LOOKUP_THREADS, names wait for their turn. (Not
 * libevent's evdns: it reads neither nsswitch.conf nor a changed resolv.conf, and cannot be freed
 * safely with a request under way.)
 */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "common/net/net.h"

#define LOOKUP_MAX_ADDRS 8
#define LOOKUP_THREADS 64 /* of the process, at most */

struct lookup_job;

struct lookup {
	void (*on_done)(struct lookup *l);       /* once per lookup_start, never from inside it */
	const char *error;                       /* static; NULL: there are addresses */
	struct net_addr addrs[LOOKUP_MAX_ADDRS]; /* IPv4 first */
	unsigned n_addrs;
	struct lookup_job *job; /* NULL: none is under way */
	TAILQ_ENTRY(lookup) in_job;
	struct event event;
	int fd; /* an eventfd that tells of the job's end */
	uint16_t port;
};

/* A negative errno: on_done will not run. */
int lookup_start(struct lookup *l, struct event_base *base, const char *host,
		 uint16_t port) MUST_CHECK;
/* on_done will not run. */
void lookup_cancel(struct lookup *l);

#endif
