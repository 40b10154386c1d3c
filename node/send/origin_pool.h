#ifndef WEIR_NODE_ORIGIN_POOL_H
#define WEIR_NODE_ORIGIN_POOL_H
/*
 * Connections to origins, each with the transfer that it is for. Idle ones stand in two lists:
 * their origin's, of which the newest is used first, and the pool's, of which the oldest is closed
 * first. They are watched for the server's close.
 */
#include "common/buf.h"
#include "common/http/http_conn.h"
#include "node/send/origin.h"

#define POOL_IDLE_US (60 * US_PER_S) /* then they are closed */
#define POOL_MAX_IDLE 1024

struct origin_pool {
	struct http_conn_owner owner;
	struct tls_context *tls; /* borrowed; NULL: without TLS */
	struct pooled_list idle; /* oldest first */
	unsigned n_idle;
};

struct pooled_conn {
	struct http_conn http;
	struct origin_pool *pool;
	struct origin *origin;
	struct transfer *transfer; /* NULL: idle */
	bool is_waiting;           /* for an address: in origin->waiting */
	TAILQ_ENTRY(pooled_conn) in_origin, in_pool;
	uint64_t idle_since_us;
	struct net_addr addr; /* that it connects or is connected to */
	unsigned addr_at;     /* which of the origin's */
	unsigned n_more;      /* of these to try if it fails */
	uint64_t connect_by_us;
	struct buf head; /* of its request */
};

/* Borrows tls (NULL: without it). The calls are as struct http_conn_owner has them; what happens to idle connections is seen to here. */
void origin_pool_init(struct origin_pool *p, struct event_base *base, struct tls_context *tls,
		      void (*on_done)(struct http_conn *, enum http_conn_outcome),
		      void (*on_connected)(struct http_conn *));
/* No connection may be at work. */
void origin_pool_deinit(struct origin_pool *p);

/* A closed one. NULL: out of memory. */
struct pooled_conn *origin_pool_conn_new(struct origin_pool *p, struct origin *o);
void origin_pool_conn_free(struct pooled_conn *c);
/* The newest idle one, which is idle no more. NULL: none. */
struct pooled_conn *origin_pool_take(struct origin *o);
/* Idle from now on, or freed if it is closed. */
void origin_pool_give(struct pooled_conn *c, uint64_t now_us);
/* Closes what has been idle for long; when there will be more to close, UINT64_MAX: never. */
uint64_t origin_pool_sweep(struct origin_pool *p, uint64_t now_us);

#endif
