#ifndef WEIR_COMMON_FRONT_STATE_H
#define WEIR_COMMON_FRONT_STATE_H
/*
 * One connection: requests, one after the other, each with its answer, or a stream of events. All on
 * the thread of the front, but for the job, which a thread of the pool runs while the state is
 * WORKING.
 *
 *   READING --head, body--> WORKING --answer--> WRITING --> LINGERING --> closed
 *    ^ |                                         ^   |
 *    | +--refused, or answered from memory-------+   |     READING --> STREAMING --> closed
 *    +-------first byte------------------ IDLE <-----+
 *
 * In all states but WORKING and STREAMING the other side is waited for. Those connections have a
 * deadline, and are closed early where there is no room. A connection that begins to speak HTTP/2 leaves
 * READING for H2, where its requests have states of their own (front_stream.h), and ends by LINGERING.
 */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "common/front/front_config.h"
#include "common/front/front_pool.h"

enum front_state {
	FRONT_READING,
	FRONT_WORKING,
	FRONT_WRITING,
	FRONT_STREAMING,
	FRONT_IDLE,      /* answered; the next request may follow */
	FRONT_LINGERING, /* the last answer is out; what still comes is thrown away */
	FRONT_H2,        /* it speaks HTTP/2 */
	FRONT_STATES
};

struct front_h2;

struct front_conn {
	TAILQ_ENTRY(front_conn) entry; /* of the list of its state */
	struct front_crowd *crowd;
	struct event event;
	short armed;
	int fd;
	enum front_state state;
	struct tls_stream *tls;          /* NULL: plain, or the handshake has not begun */
	bool is_greeting;                /* the handshake is not over */
	struct net_addr peer;            /* of the socket */
	struct net_addr client;          /* as a PROXY header said it */
	uint8_t key[NET_ADDR_KEY_BYTES]; /* of rq.from */
	bool is_proxied;                 /* the peer is a trusted proxy */
	bool awaits_proxy_header;        /* one may be the first that it sends */
	bool has_proxy_header;           /* it was, so X-Forwarded-For is nobody's business */
	bool has_client;                 /* rq.from is not a trusted proxy */
	bool is_known;                   /* a request before was trusted */
	bool has_spoken;                 /* something came, besides TLS */
	uint64_t since_us;               /* it is in this state, or last made progress in it */
	uint64_t began_us;               /* its answer began; H2: its end */
	struct http_reader reader;
	struct http_head head; /* of the request */
	struct buf in;         /* read, and not understood yet, */
	size_t n_taken;        /* but for its first bytes, which are in the body already */
	struct front_request rq;
	enum front_way way;
	struct front_job job;
	size_t n_sent;         /* of rq.out */
	uint64_t n_discarded;  /* in LINGERING and STREAMING */
	uint64_t n_held_bytes; /* of its body, as counted in the crowd */
	void *stream;          /* as begin_stream has made it; NULL: none */
	struct front_h2 *h2;   /* H2: owned */
	unsigned n_working;    /* H2: requests that threads have */
};

TAILQ_HEAD(front_conn_list, front_conn);

/* All of them, and what they share. */
struct front_crowd {
	const struct front_config *config; /* borrowed */
	struct event_base *base;
	struct front_pool *pool; /* NULL: it is gone, and nothing is in work */
	struct front_conn_list lists[FRONT_STATES];
	struct front_conn *next;    /* where front_for_each goes on; NULL: nowhere */
	event_callback_fn on_event; /* of each connection */
	void (*free_h2)(struct front_conn *c);
	unsigned n;
	unsigned n_streams;
	_Atomic unsigned n_h2; /* of them that are in H2 */
	uint64_t n_held_bytes;
	uint64_t now_us;
	uint64_t greeting_since_us, greeting_us; /* of a while, what handshakes took in it */
	_Atomic bool is_draining;
	char scratch[64 << 10];
	int done_fd; /* eventfd: a job is done */
	pthread_mutex_t done_lock;
	struct front_job *done;
};

void front_set_state(struct front_conn *c, enum front_state state);
/* fn may close c and any others. One walk at a time. */
void front_for_each(struct front_crowd *crowd, enum front_state state,
		    void (*fn)(struct front_conn *c));
/* It made progress: its list is by time. */
void front_touch(struct front_conn *c);
/* The one place that says what the socket is waited for. */
void front_arm(struct front_conn *c);
/* Bytes are here that the socket does not tell of: the connection gets its turn to read. */
void front_recall(struct front_conn *c);
/* The on_job of what the pool has done: its on_done is called on the thread of the front. Any thread. */
void front_job_done(struct front_crowd *crowd, struct front_job *job);
/* Takes fd. NULL: out of memory, and fd is closed. */
struct front_conn *front_open(struct front_crowd *crowd, int fd, const struct net_addr *peer);
void front_close(struct front_conn *c, enum front_close reason);
/* Who is behind the connection. */
void front_set_client(struct front_conn *c, const struct net_addr *client);
/* The size of its body, as far as it came. */
void front_hold(struct front_conn *c, uint64_t n_bytes);

#endif
