#ifndef WEIR_NODE_WORKER_H
#define WEIR_NODE_WORKER_H
/*
 * A whole distributor on one thread: listener, connections, ledger, lanes, link to Redis. Workers
 * share nothing with each other. The control thread hands rosters over through a mailbox; whoever
 * reads metrics reads atomics.
 *
 *   ingest --packet--> router --> lane --> analyzer
 *      ^                ^  |                   |
 *      |                |  v nobody            |
 *      |              spill (Redis)            |
 *      +---------------- fate -----------------+
 */
#include <pthread.h>

#include "node/fate.h"
#include "node/ingest/ingest.h"
#include "node/ingest/loops.h"
#include "node/listen/listen.h"

enum worker_phase {
	WORKER_SERVING,
	WORKER_DRAINING,  /* still serving, every answer closes its connection */
	WORKER_FINISHING, /* no new connections; what is in flight ends */
	WORKER_STORING,   /* what does not end is cut, and goes into the spill */
	WORKER_LEAVING,   /* every packet has its fate; the last settle is out */
	WORKER_DONE
};

struct worker {
	struct node_shared *shared; /* borrowed */
	unsigned index;
	char name[WORKER_NAME_SIZE];
	pthread_t thread;
	struct event_base *base;
	struct metrics_shard metrics;
	struct ingest ingest;
	struct listen listen;
	struct refused refused;
	struct sender *sender; /* NULL from STORING on */
	struct loops loops;
	char pool_mark[POOL_NAME_MAX + 16];
	char origin_lines[BATCH_ORIGIN_BYTES];
	struct router router;
	struct memory memory;
	/* To Redis, for what has a body: spill and dead letters. Large packets have two of their own. */
	struct link *store[SPILL_SIZES], *fetch;
	char store_names[SPILL_SIZES + 1][WORKER_NAME_SIZE + sizeof("/store-large")];
	struct spill_hold spill_hold[SPILL_SIZES];
	struct spill_in spill_in[SPILL_SIZES];
	struct spill_out spill_out;
	struct dead_letters dead_letters;
	struct fate fate;
	struct event *mail_event, *phase_timer, *turn_timer;
	int mail_fd;                   /* eventfd */
	_Atomic(struct roster *) mail; /* the newest roster nobody has taken yet; one reference */
	_Atomic enum worker_phase wanted; /* by the control thread */
	enum worker_phase phase;
	uint64_t phase_ends_us; /* FINISHING, STORING, LEAVING: not later than that */
	bool is_empty;          /* its packets and connections are gone */
	bool is_closed;         /* so is its router */
};

/* Takes listen_fd and tls_fd (-1: there is no TLS port), also when it fails. */
int worker_init(struct worker *w, struct node_shared *shared, unsigned index, int listen_fd,
		int tls_fd) MUST_CHECK;
/* Before it starts: the sockets of the listeners that are not HTTP, which it takes. */
int worker_listen(struct worker *w, const int fds[LISTEN_PORTS]) MUST_CHECK;
int worker_start(struct worker *w) MUST_CHECK;
void worker_join(struct worker *w);
void worker_deinit(struct worker *w);

/* From any thread. */
void worker_send_roster(struct worker *w, struct roster *roster); /* takes a reference of its own */
void worker_wake(struct worker *w); /* look at probe_down and `wanted` */
void worker_set_phase(struct worker *w, enum worker_phase wanted);

#endif
