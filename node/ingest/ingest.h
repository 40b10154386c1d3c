#ifndef WEIR_NODE_INGEST_H
#define WEIR_NODE_INGEST_H
/*
 * The front of one worker: its listener and its connections. Packets go up through on_packet; their
 * fate comes back through ingest_answer.
 *
 * Each state of a connection is a list, oldest first, so a sweep looks at the heads only and no
 * connection needs a timer of its own. Answers that are ready are written once per turn of the
 * loop (ingest_flush), all of a connection in one write.
 */
#include <event2/event.h>

#include "common/metrics/metrics.h"
#include "common/rng.h"
#include "node/ingest/conn.h"
#include "node/ingest/ingest_api.h"
#include "node/packet/json_count.h"
#include "node/packet/packet.h"

struct ingest_limits {
	uint32_t max_head_bytes;
	uint64_t max_body_bytes;
	unsigned max_connections; /* of the whole node */
	uint64_t idle_us, head_us, body_us, write_us, max_age_us;
};

struct ingest_config {
	struct event_base *base; /* borrowed */
	struct ingest_limits limits;
	struct ingest_api api;
	struct metrics_shard *metrics;   /* borrowed */
	_Atomic unsigned *n_connections; /* of the whole node; borrowed */
	struct memory *memory;           /* of this worker; borrowed */
	/* Takes a valid packet; its exchange, if it is not answered here, waits for ingest_answer.
	 */
	void (*on_packet)(void *arg, struct packet *packet);
	void *arg;
};

struct ingest {
	struct ingest_config config;
	struct event *accept_event, *sweep_event;
	int listen_fd; /* owned; -1: not accepting */
	struct conn_list lists[CONN_STATES];
	struct conn *dirty; /* connections with answers to write */
	struct json_counter *json;
	struct answer_date date;
	struct rng rng;
	char *scratch;            /* where sockets are read into */
	struct buf render;        /* where answers are written */
	uint64_t now_us;          /* of this turn of the loop */
	uint64_t accept_again_us; /* accept nothing before then: out of descriptors, or not started
				     yet; 0: accepting */
	bool draining;            /* every answer closes its connection */
};

#define INGEST_SCRATCH_BYTES (256u << 10)

/* Takes listen_fd. */
int ingest_init(struct ingest *in, const struct ingest_config *config, int listen_fd) MUST_CHECK;
void ingest_deinit(struct ingest *in);

/* The fate of a packet whose exchange waits; the packet stays the caller's. */
void ingest_accept_packet(struct ingest *in, const struct packet *p, const char *analyzer);
void ingest_refuse_packet(struct ingest *in, struct exchange *x, enum refusal refusal);

/* At the end of each turn of the loop. */
void ingest_flush(struct ingest *in);
/* There is somewhere to put a packet. Without that it starts by itself after a while. */
void ingest_start_accepting(struct ingest *in);
/* From now on answers close their connections. */
void ingest_drain(struct ingest *in);
/* No new connections but those that the kernel has accepted already; idle ones are closed. */
void ingest_stop_accepting(struct ingest *in);
unsigned ingest_n_connections(const struct ingest *in);

/* For conn.c. */
void ingest_mark_dirty(struct ingest *in, struct conn *c);
uint32_t ingest_retry_after_s(struct ingest *in);

#endif
