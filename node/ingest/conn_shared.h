#ifndef WEIR_NODE_CONN_SHARED_H
#define WEIR_NODE_CONN_SHARED_H
/*
 * What all connections of one worker share: limits, buffers, the time of this turn of the loop, and
 * the lists in which they stand. It knows nothing of what a connection or a request is made of.
 *
 * Each state of a connection is a list, oldest first, so a sweep looks at the heads only and no
 * connection needs a timer of its own.
 */
#include <event2/event.h>
#include <stdatomic.h>

#include "common/buf.h"
#include "common/metrics/metrics.h"
#include "common/rng.h"
#include "node/ingest/ingest_api.h"
#include "node/packet/json_count.h"
#include "node/packet/packet.h"

struct conn;
struct exchange_h2;
struct net_allow;
struct address_bound;
struct loops;
struct refused;
struct tls_context;

/* The life of a connection. */
enum conn_state {
	CONN_IDLE,     /* no request; closed silently after idle */
	CONN_HEAD,     /* some bytes of a header section; 408 after head */
	CONN_BODY,     /* a body is coming; 408 after body */
	CONN_WAITING,  /* requests are being handled, none is being read; lanes have their own
			 timeouts */
	CONN_DELAYED,  /* its last answer is held back: too many wrong tokens came */
	CONN_WRITING,  /* the client does not read its answers; reset after write */
	CONN_LINGER,   /* the last answer is out; what still comes is thrown away, so that no reset
			 takes the answer from the client */
	CONN_GREETING, /* to the TLS port: the handshake is not over; closed after head */
	CONN_STATES
};

/* Why a connection was closed: log and counter. */
enum conn_close {
	CLOSE_BY_CLIENT, /* it closed, between requests */
	CLOSE_ABORTED,   /* it closed its side within a request */
	CLOSE_RESET,     /* a socket error */
	CLOSE_IDLE,      /* idle timeout */
	CLOSE_HEAD_TIMEOUT,
	CLOSE_BODY_TIMEOUT,
	CLOSE_WRITE_TIMEOUT,
	CLOSE_REFUSED,  /* after a refusal that ends the connection */
	CLOSE_ANSWERED, /* the client asked for it, or it was told so: age, drain */
	CLOSE_TOO_MANY, /* over max-connections */
	CLOSE_NO_MEMORY,
	CLOSE_STOPPED,   /* the node ends */
	CLOSE_HANDSHAKE, /* TLS: the two sides did not agree */
	CLOSE_HANDSHAKE_TIMEOUT,
	CLOSE_FLOOD, /* HTTP/2: frames without end that bring no packet */
	CLOSE_REASONS
};
extern const char *const conn_close_names[CLOSE_REASONS];

struct conn_limits {
	uint32_t max_head_bytes;
	uint64_t max_body_bytes;
	unsigned max_connections;   /* of the whole node */
	unsigned n_own_descriptors; /* of the process, that agents do not get */
	uint64_t idle_us, head_us, body_us, write_us, max_age_us;
};

/* Clients whose certificates stand for tokens: patterns[i] for the one at slots[i]. Borrowed. */
struct conn_clients {
	const char *const *patterns;
	const uint8_t *slots;
	size_t n;
};

struct conn_config {
	struct event_base *base; /* borrowed */
	struct conn_limits limits;
	struct ingest_api api;
	const struct net_allow *proxies; /* trusted; borrowed; NULL: none */
	struct metrics_shard *metrics;   /* borrowed */
	_Atomic unsigned *n_connections; /* of the whole node; borrowed */
	const struct loops *loops;       /* of this worker; borrowed; NULL: none are looked for */
	struct address_bound *bound;     /* of the whole node; borrowed; NULL: none */
	struct memory *memory;           /* of this worker; borrowed */
	struct refused *refused;         /* of this worker; borrowed; NULL: not kept */
	struct tls_context *tls;         /* of the TLS port; borrowed; NULL: there is none */
	struct conn_clients clients;     /* of the TLS port */
	uint32_t formats;                /* bits by enum format_id: what is taken; 0: all */
	/* Takes a valid packet. Its exchange waits for exchange_accept or exchange_refuse. */
	void (*on_packet)(void *arg, struct packet *packet);
	void *arg;
};

struct conn_list {
	struct conn *first, *last;
	unsigned n;
};

/* A place in the list of the connections that have answers to write. */
struct conn_dirty {
	struct conn_dirty *next;
	bool is_listed;
};

/* Where packets of plain JSON are counted, found once. */
struct conn_json_counts {
	_Atomic uint64_t *packets, *messages, *bytes, *unpacked_bytes;
};

struct conn_shared {
	struct conn_config config;
	struct conn_list lists[CONN_STATES];
	struct conn_dirty *dirty;
	struct http_head head;  /* of the request that is being looked at */
	struct exchange_h2 *h2; /* all connections that speak HTTP/2 */
	struct conn_dirty *due; /* those of them that have frames to write */
	struct json_counter *json;
	struct translator *translator;
	struct conn_json_counts json_counts;
	struct answer_date date;
	struct rng rng;
	char *scratch;        /* where sockets are read into */
	struct buf render;    /* where answers are written */
	uint64_t now_us;      /* of this turn of the loop */
	uint64_t greeting_us; /* that handshakes took in this turn */
	bool is_draining;     /* every answer closes its connection */
	unsigned n_watches;   /* streams that are told of each change of the health */
};

#define CONN_SCRATCH_BYTES (256u << 10)
#define CONN_MAX_WATCHES 256

int conn_shared_init(struct conn_shared *s, const struct conn_config *config) MUST_CHECK;
void conn_shared_deinit(struct conn_shared *s);

void conn_shared_update_time(struct conn_shared *s);
/* The connection gets its turn to write at the end of this turn of the loop. */
void conn_shared_mark_dirty(struct conn_shared *s, struct conn_dirty *dirty);
void conn_shared_unmark_dirty(struct conn_shared *s, struct conn_dirty *dirty);
/* NULL: no connection has answers to write. */
struct conn_dirty *conn_shared_pop_dirty(struct conn_shared *s);
/* For a 503. Agents that were refused at the same time do not come back at the same time. */
uint32_t conn_shared_retry_after_s(struct conn_shared *s);
unsigned conn_shared_n_connections(const struct conn_shared *s);

#endif
