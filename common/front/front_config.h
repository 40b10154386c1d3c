#ifndef WEIR_COMMON_FRONT_CONFIG_H
#define WEIR_COMMON_FRONT_CONFIG_H
/*
 * What a front is told: its limits, and what becomes of requests.
 */
#include "common/front/front_request.h"
#include "common/net/net_allow.h"

struct tls_context;

#define FRONT_MAX_HEAD (16 << 10)

/* Why a connection ended. */
enum front_close {
	FRONT_CLOSE_ANSWERED,
	FRONT_CLOSE_BY_CLIENT,
	FRONT_CLOSE_RESET,
	FRONT_CLOSE_TIMEOUT,
	FRONT_CLOSE_NO_ROOM, /* another one needed its place */
	FRONT_CLOSE_NO_MEMORY,
	FRONT_CLOSE_STOPPED,
	FRONT_CLOSES
};
extern const char *const front_close_names[FRONT_CLOSES];

/* What becomes of a request, decided by its header section alone. */
enum front_way {
	WAY_ANSWERED, /* the answer is in rq->out */
	WAY_FIRST,    /* to the pool, by its rank */
	WAY_OTHER,
	WAY_STREAM
};

/* All get the `arg` of the config. On the front's thread, which they must not block, but for serve. */
struct front_ops {
	enum front_way (*decide)(void *arg, struct front_request *rq);
	/* On a thread of the pool: answers the request. `thread` counts from 0. */
	void (*serve)(void *arg, struct front_request *rq, unsigned thread);
	void (*on_closed)(void *arg, enum front_close reason);
	void (*on_count)(void *arg, unsigned n_connections);
	/* The reader refused a request. NULL: nothing. */
	void (*on_refused)(void *arg, enum http_refusal refusal);

	/* Where WAY_STREAM is decided. The first writes the header section into rq->out; NULL: out of
	 * memory. */
	void *(*begin_stream)(void *arg, struct front_request *rq, uint64_t now_us);
	/* Appends what is new, which may be nothing. */
	void (*continue_stream)(void *stream, uint64_t now_us, struct buf *out);
	void (*end_stream)(void *stream);
};

struct front_config {
	const char *name;                /* of its threads and in the log */
	const struct net_allow *proxies; /* trusted; NULL: none */
	struct tls_context *tls;         /* of TLS ports; borrowed; NULL: there are none */
	const struct front_ops *ops;
	void *arg;
	unsigned n_threads;       /* of the pool */
	unsigned n_first_threads; /* of them, for WAY_FIRST alone */
	unsigned n_queue;         /* requests that may wait for a thread, of each rank */
	unsigned max_connections;
	unsigned max_per_address; /* of strangers' connections that the other side is waited for */
	unsigned max_streams, max_streams_per_address;
	uint64_t max_body_bytes;
	bool may_lack_length;    /* a POST without a length has no body */
	bool speaks_h2;          /* HTTP/2 as well; then there are no proxies and no WAY_STREAM */
	uint64_t max_held_bytes; /* of all bodies that are here */
	uint64_t request_us;     /* for a whole request */
	uint64_t idle_us;        /* between two requests; 0: one for each connection */
};

#endif
