#ifndef WEIR_NODE_SPILL_IN_H
#define WEIR_NODE_SPILL_IN_H
/*
 * The way into the spill, of one worker: packets that no analyzer can take now.
 *
 *   add --> waiting --somebody can take packets---------------------> on_again
 *              |
 *              +--after_us have passed--> [push] --Redis has it-----> on_stored
 *   store --> due ---------------------------+  |--no room, no answer-> on_refused
 *
 * Where nobody has taken anything for after_us already, a packet does not wait that long once more.
 * With Redis away or the spill full nothing waits for it at all: refused at once. Packets that are
 * acknowledged already (nobody waits for their fate) cannot be refused: they stay here.
 *
 * Group commit: all that is due while a push is under way goes with the next one.
 */
#include <event2/event.h>

#include "common/metrics/metrics.h"
#include "node/http/refusal.h"
#include "node/packet/packet.h"
#include "node/spill/spill_undo.h"
#include "registry/redis/link.h"
#include "registry/spill.h"

struct spill_in_config {
	struct event_base *base; /* borrowed, as all of these */
	struct link *link;
	bool is_alone; /* a call begins only when no other is under way there: packets are large */
	struct metrics_shard *metrics;
	const char *node_id;
	const char *worker; /* node/index */
	uint64_t after_us;
	uint64_t max_bytes; /* in the spill, of all nodes; 0: there is no spill */
	unsigned min_replicas;
	uint64_t timeout_us; /* no packet waits longer for Redis */
	bool (*can_place)(void *arg);
	void (*on_again)(void *arg, struct packet *p); /* somebody may take it now */
	void (*on_stored)(void *arg, struct packet *p);
	void (*on_refused)(void *arg, struct packet *p, enum refusal refusal);
	void *arg;
};

enum spill_in_state {
	SPILL_IN_IDLE,    /* no call is under way */
	SPILL_IN_PUSHING, /* `batch` is with Redis */
	SPILL_IN_COPYING, /* the first n_stored of it are stored; its replicas are waited for */
	SPILL_IN_OVERDUE, /* an answer is still to come, too late; `batch` is empty */
	SPILL_IN_UNDOING, /* what was stored and refused is taken back; `batch` is empty */
	SPILL_IN_STATES
};

struct spill_in {
	struct spill_in_config config;
	struct packet_queue waiting; /* for somebody to take them, or to be due */
	struct packet_queue due;     /* to be stored */
	bool has_refusable;          /* since they were last refused one came that has an agent */
	enum spill_in_state state;
	struct packet *batch[SPILL_PUSH_MAX];
	unsigned n_batch, n_stored;
	struct spill_push push;
	uint32_t n_messages[SPILL_PUSH_MAX];              /* of each packet in the push, */
	uint64_t cost_bytes[SPILL_PUSH_MAX];              /* what it weighs in the spill, */
	char names[SPILL_PUSH_MAX][SPILL_ENTRY_NAME_MAX]; /* COPYING: and its entry */
	struct spill_undo undo;
	uint64_t started_us;       /* of the push */
	uint64_t starving_us;      /* since when nobody has taken a packet; 0: somebody did */
	uint64_t full_until_us;    /* there was no room; do not ask again before that */
	uint64_t lone_until_us;    /* too few replicas had it; the same */
	uint64_t refused_until_us; /* Redis refused; the same */
	bool is_hurried;           /* what waits is due now */
	bool is_ending;            /* nothing waits any more */
	unsigned n_shown;          /* packets, as the metric has them */
	struct event *timer;       /* the next packet is due, or the push is overdue */
};

int spill_in_init(struct spill_in *s, const struct spill_in_config *config) MUST_CHECK;
/* Packets that are left are refused. After the link has been closed. */
void spill_in_deinit(struct spill_in *s);

/* Takes the packet; it comes back through one of the callbacks, perhaps before this returns. */
void spill_in_add(struct spill_in *s, struct packet *p);
/* The same for a packet that no analyzer took: it waits for no other. */
void spill_in_store(struct spill_in *s, struct packet *p);
/* It has waited for as long as it should, and could be stored now, as far as is known. */
bool spill_in_would_take(const struct spill_in *s, const struct packet *p);
/* One that was added now would be refused at once. */
bool spill_in_would_refuse(const struct spill_in *s);
/* An analyzer has taken a packet. */
void spill_in_note_delivery(struct spill_in *s);
/* At the end of each turn of the loop. */
void spill_in_turn(struct spill_in *s);
/* The node ends: what waits is due now. */
void spill_in_hurry(struct spill_in *s);

unsigned spill_in_n_packets(const struct spill_in *s);

#endif
