#ifndef WEIR_NODE_ORIGIN_H
#define WEIR_NODE_ORIGIN_H
/*
 * The hosts and ports that requests go to: their addresses, and what waits or is kept for each.
 *
 * A host that is an address is known at once. A name is looked up when a connection is to be made
 * and what is known of it is older than ORIGIN_FRESH_US; connections that stand are used on. What a
 * lookup that failed said holds for ORIGIN_FAILED_US. Addresses that are not allowed count as none:
 * what a name leads to is judged each time it is looked up, and a host that is an address each time
 * a connection is to be made.
 */
#include <sys/queue.h>

#include "common/clock.h"
#include "common/net/net_allow.h"
#include "node/send/lookup.h"

#define ORIGIN_BUCKETS 256
#define ORIGINS_MAX 2048 /* analyzers that a roster may have, twice */
#define ORIGIN_FRESH_US (5 * US_PER_S)
#define ORIGIN_FAILED_US (1 * US_PER_S)
#define ORIGIN_E_URL 1  /* not http://host[:port][/path], or https:// */
#define ORIGIN_E_FULL 2 /* ORIGINS_MAX are in use */

TAILQ_HEAD(pooled_list, pooled_conn);

struct origin {
	struct origins *origins;
	struct origin *next; /* in its bucket */
	uint32_t hash;
	size_t len;
	char authority[NET_AUTHORITY_SIZE]; /* as the URL has it, for Host */
	char host[NET_HOST_SIZE];
	uint16_t port;
	struct lookup lookup;    /* its addresses */
	unsigned preferred;      /* of them: the one that was connected to last */
	uint64_t known_until_us; /* UINT64_MAX: the host is an address; 0: not looked up yet */
	bool has_failed;         /* its last lookup has */
	char problem[360];       /* see origin_problem */
	uint64_t
		http1_until_us; /* TLS: that it speaks HTTP/1.1 alone is known until then; 0: it is not */
	unsigned n_conns;       /* waiting, connecting, busy, idle; none: it may be forgotten */
	struct pooled_list idle;    /* newest first */
	struct pooled_list waiting; /* for the lookup, oldest first */
};

struct origins {
	struct event_base *base;
	const struct net_allow *allow; /* borrowed; NULL: any address will do */
	const char *scheme;            /* of their URLs: "http://" */
	size_t scheme_len;
	/* A lookup has ended: it has an address, or a problem. */
	void (*on_looked_up)(struct origin *o);
	void *arg;
	struct origin *buckets[ORIGIN_BUCKETS];
	unsigned n;
};

/* Of http:// URLs, or of https:// ones. */
void origins_init(struct origins *o, struct event_base *base, const struct net_allow *allow,
		  bool is_tls, void (*on_looked_up)(struct origin *), void *arg);
/* No connection may be left. */
void origins_deinit(struct origins *o);
/* The origin of a URL, made if need be. -ENOMEM, ORIGIN_E_*. */
int origins_find(struct origins *o, const char *url, struct origin **originp) MUST_CHECK;
/* Of a URL that has this origin: "", "/..." or "?...", without the fragment. */
const char *origin_path(const struct origin *o, const char *url, size_t *lenp);

/* One that holds, and may be connected to. */
bool origin_has_address(struct origin *o, uint64_t now_us);
/* True: on_looked_up follows, never from inside. False: it has failed, now or not long ago. */
bool origin_look_up(struct origin *o, uint64_t now_us);
/* Why there is no address; while it is being looked up: that this takes long. Names the host. */
const char *origin_problem(struct origin *o);

#endif
