#ifndef WEIR_NODE_SPILL_HOLD_H
#define WEIR_NODE_SPILL_HOLD_H
/*
 * Bounds how long agents wait. A packet whose fate is not known after_us after it came is stored in
 * the spill, as held by this worker; then its agent may be answered. Its delivery goes on meanwhile.
 *
 *   watch --> [deadline queue] --after_us--> [storing] --Redis has it--> on_held
 *      forget: its fate is known      |          |--forget-------------> the entry is removed again
 *                                     ^----------+--Redis has it not
 *
 * Where an analyzer has been too slow for that, waiting does not help: what is routed to it after that
 * is due at once, until it answers within after_us again. So a slow analyzer holds up no agent whose
 * connections are few.
 *
 * The queue is ordered by when packets came, so the first one is due first. All that are due are
 * stored by one call; the next call begins when the last one is answered. Where Redis cannot store
 * them, packets wait on in the queue, and their agents wait as without it. A call whose answer never came is
 * taken back (spill_undo.h) before there is another. Packets stay their
 * owner's all the time: here they are only looked at.
 */
#include <event2/event.h>

#include "node/packet/packet.h"
#include "node/spill/spill_out.h"
#include "node/spill/spill_undo.h"

enum hold_state {
	HOLD_NONE,    /* not here */
	HOLD_WAITING, /* in the deadline queue */
	HOLD_STORING, /* in the call under way */
};

/* Why a packet that is due is not stored. */
enum hold_obstacle {
	HOLD_POSSIBLE,
	HOLD_REDIS_AWAY,    /* or too few replicas of it have what is stored */
	HOLD_REDIS_REFUSED, /* it answered with an error */
	HOLD_SPILL_FULL,    /* spill-max-bytes */
	HOLD_TOO_MANY_HELD, /* by this worker: SPILL_OUT_MAX_ADOPTED */
	HOLD_OBSTACLES
};
extern const char *const hold_obstacle_names[HOLD_OBSTACLES];

struct spill_hold_config {
	struct event_base *base; /* borrowed, as all of these */
	struct link *link;
	bool is_alone; /* a call begins only when no other is under way there: packets are large */
	struct metrics_shard *metrics;
	struct spill_out *out; /* it knows the entries, and removes them at the end */
	const char *node_id;
	const char *worker; /* node/index */
	uint64_t after_us;  /* 0: nothing is ever held */
	uint64_t max_bytes; /* in the spill, of all nodes; 0: there is no spill */
	unsigned min_replicas;
	uint64_t copy_us; /* replicas are waited for so long */
	/* It is in the spill: `spilled` is set. Its agent may forget it. */
	void (*on_held)(void *arg, struct packet *p);
	void *arg;
};

struct spill_hold {
	struct spill_hold_config config;
	struct packet *first, *last; /* the deadline queue */
	bool is_calling;             /* `batch` is with Redis, or its replicas are waited for */
	unsigned n_batch;
	struct packet *batch[SPILL_PUSH_MAX];   /* NULL: its fate is known meanwhile */
	struct spilled *stored[SPILL_PUSH_MAX]; /* NULL: not stored, or not known */
	/* Of the entries, as their packets may be gone when the call is answered. */
	uint32_t n_messages[SPILL_PUSH_MAX];
	uint64_t cost_bytes[SPILL_PUSH_MAX];
	struct spill_push push;
	uint64_t full_until_us;    /* there was no room; do not ask again before that */
	uint64_t away_until_us;    /* too few replicas had it; the same */
	uint64_t refused_until_us; /* Redis refused; the same */
	struct spill_undo undo;
	enum hold_obstacle obstacle;    /* as last counted */
	uint64_t next_log_us;           /* it is not logged again before that */
	bool is_late[ROSTER_MAX_SLOTS]; /* analyzers that were too slow, by slot */
	unsigned n_late;
	struct event *timer; /* the first packet is due */
	bool is_armed;
};

int spill_hold_init(struct spill_hold *s, const struct spill_hold_config *config) MUST_CHECK;
/* After the link has been closed and all packets are forgotten. */
void spill_hold_deinit(struct spill_hold *s);

/* An agent waits for p, which came just now. */
void spill_hold_watch(struct spill_hold *s, struct packet *p);
/* The same for one that came before all others and is watched again. */
void spill_hold_watch_again(struct spill_hold *s, struct packet *p);
/* Its agent is answered, or something else takes care of it. A packet that is not here is fine. */
void spill_hold_forget(struct spill_hold *s, struct packet *p);

/* An analyzer has acknowledged p. Before spill_hold_forget. */
void spill_hold_note_delivery(struct spill_hold *s, const struct packet *p);
/* At the end of each turn of the loop. */
void spill_hold_turn(struct spill_hold *s, uint64_t now_us);

#endif
