#ifndef WEIR_NODE_ADMIN_CONN_H
#define WEIR_NODE_ADMIN_CONN_H
/*
 * One connection to the admin port: one request, one answer, or a stream of events. All on the
 * thread of the front, but for the job, which a thread of the pool runs while the state is WORKING.
 *
 *   READING --head, body--> WORKING --answer--> WRITING --> LINGERING --> closed
 *      |                                          ^
 *      +--refused, or answered from memory--------+          READING --> STREAMING --> closed
 *
 * In READING, WRITING and LINGERING the other side is waited for. Those connections have a
 * deadline, and are closed early where there is no room.
 */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <sys/queue.h>

#include "common/metrics/metrics.h"
#include "node/admin/admin_pool.h"
#include "node/admin/admin_request.h"
#include "node/admin/admin_stream.h"

#define ADMIN_MAX_HEAD (16 << 10)
#define ADMIN_MAX_BODY (64 << 10)
#define ADMIN_MAX_CONNECTIONS 256
#define ADMIN_MAX_PER_ADDRESS 64 /* of those that the other side is waited for */
#define ADMIN_STREAMS 48

/* Some connection can always be closed to make room. */
static_assert(ADMIN_STREAMS + ADMIN_RANKS * ADMIN_POOL_QUEUE + ADMIN_POOL_THREADS +
			      ADMIN_MAX_PER_ADDRESS <=
		      ADMIN_MAX_CONNECTIONS,
	      "there is room for whoever asks");

enum admin_conn_state {
	ADMIN_READING,
	ADMIN_WORKING,
	ADMIN_WRITING,
	ADMIN_STREAMING,
	ADMIN_LINGERING, /* the answer is out; what still comes is thrown away */
	ADMIN_CONN_STATES
};

enum admin_close {
	ADMIN_CLOSE_ANSWERED,
	ADMIN_CLOSE_BY_CLIENT,
	ADMIN_CLOSE_RESET,
	ADMIN_CLOSE_TIMEOUT,
	ADMIN_CLOSE_NO_ROOM, /* another one needed its place */
	ADMIN_CLOSE_NO_MEMORY,
	ADMIN_CLOSE_STOPPED,
	ADMIN_CLOSES
};
extern const char *const admin_close_names[ADMIN_CLOSES];

/* What becomes of a request, decided by its header section alone. */
enum admin_way {
	WAY_ANSWERED, /* the answer is in rq->out */
	WAY_FIRST,    /* to the pool, by its rank */
	WAY_OTHER,
	WAY_STREAM
};

struct admin_conn {
	TAILQ_ENTRY(admin_conn) entry; /* of the list of its state */
	struct admin_conns *all;
	struct event event;
	short armed;
	int fd;
	enum admin_conn_state state;
	uint64_t since_us; /* it is in this state, or last made progress in it */
	uint64_t began_us; /* its answer began */
	struct http_reader reader;
	struct buf in; /* read, and not understood yet */
	struct admin_request rq;
	enum admin_way way;
	struct admin_job job;
	size_t n_sent;      /* of rq.out */
	size_t n_discarded; /* in LINGERING and STREAMING */
	struct admin_stream stream;
};

TAILQ_HEAD(admin_conn_list, admin_conn);

/* All of them, and what they share. */
struct admin_conns {
	struct event_base *base;
	struct admin_pool *pool;
	struct watch *watch;
	struct metrics_shard *metrics;
	enum admin_way (*decide)(void *arg, struct admin_request *rq);
	void (*serve)(void *arg, struct admin_request *rq); /* on a thread of the pool */
	void *arg;
	struct admin_conn_list lists[ADMIN_CONN_STATES];
	unsigned n;
	unsigned n_streams;
	uint64_t now_us;
	char scratch[16 << 10];
	int done_fd; /* eventfd: a job is done */
	pthread_mutex_t done_lock;
	struct admin_job *done;
};

/* Takes fd; reads what is there, and may close the connection. */
void admin_conn_open(struct admin_conns *all, int fd, const struct net_addr *from);
void admin_conn_close(struct admin_conn *c, enum admin_close reason);
/* Its job is done, and its answer in rq.out. */
void admin_conn_answer(struct admin_conn *c);
/* Now and then: deadlines, and what streams have to say. */
void admin_conns_tick(struct admin_conns *all);
/* Room for one more connection from that address. False: there is none. */
bool admin_conns_make_room(struct admin_conns *all, const struct net_addr *from);
/* Closes the connection that has been waited for the longest. False: there is none. */
bool admin_conns_evict(struct admin_conns *all, const struct net_addr *from);

#endif
