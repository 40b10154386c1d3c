#ifndef WEIR_NODE_SPILL_OUT_H
#define WEIR_NODE_SPILL_OUT_H
/*
 * The way out of the spill, of one worker with room: packets are taken from the stream, oldest
 * first, go the way of all packets, and leave the stream when their fate is known.
 *
 *   stream --spill_take--> held [on_packet ... spill_out_done] --spill_done--> out of the stream
 *
 * What is held stays in the stream, under this worker's name, so it is never lost: should the
 * worker die, another one claims it. What this one can bring to nobody it gives up: that goes to
 * the name SPILL_OUT_NOBODY, and is claimed from there as from the dead. An answer that never came
 * may have taken packets that nobody holds; so does a former run under the same name: then what
 * stands under this name is read first, and entries that are known already are passed over.
 *
 * Of a large packet (SPILL_LARGE_BYTES), and without room of any, only the name is taken; its body is
 * fetched by a link of its own (spill_fetch.h), one at a time. One that could not be fetched goes
 * behind the others, and is given up when it was taken SPILL_OUT_GIVE_UP_US ago. All are when none
 * was fetched for so long.
 *
 *   stream --spill_take--> large --its body is fetched--> held
 *                          ^   |
 *                          +---+ behind the others
 *
 * Entries that this worker put there itself (spill_hold.h) are known here too, and end as the others.
 */
#include "common/metrics/metrics.h"
#include "common/rng.h"
#include "node/packet/memory.h"
#include "node/packet/packet.h"
#include "node/spill/spill_fetch.h"

#define SPILL_OUT_MAX SPILL_DONE_MAX  /* packets taken and known at once */
#define SPILL_OUT_MAX_ADOPTED 16384   /* the same for those that this worker put there itself */
#define SPILL_OUT_NOBODY "nobody"     /* no worker's name: those have a '/' */
#define SPILL_OUT_GIVE_UP_US 10000000 /* taken, and nobody here takes it: perhaps others can */

struct spill_out_config {
	struct link *link; /* borrowed, as all of these */
	struct link *bulk; /* for the bodies of large packets */
	struct metrics_shard *metrics;
	struct memory *memory;
	const struct registry_keys *keys;
	const char *worker;          /* node/index */
	bool (*has_room)(void *arg); /* for packets beside those that agents send */
	void (*on_packet)(void *arg, struct packet *p); /* takes it; its `spilled` is set */
	void *arg;
};

enum spilled_state {
	SPILLED_LARGE,    /* its body is still to be fetched; mostly it is large */
	SPILLED_HELD,     /* on its way to an analyzer */
	SPILLED_DONE,     /* its fate is known, Redis is still to be told */
	SPILLED_GIVEN_UP, /* others shall have it, Redis is still to be told */
	SPILLED_STATES
};

/* An entry of the stream that stands under this worker's name. */
struct spilled {
	struct spilled *prev, *next; /* in the list of its state */
	enum spilled_state state;
	bool is_adopted; /* this worker put it there itself */
	uint32_t n_messages;
	uint64_t cost_bytes;
	unsigned n_failures; /* of its packet, when it was taken */
	char *via;           /* owned: pools that its packet has been in before; NULL: none */
	char *form;          /* LARGE: how its packet came; owned */
	uint64_t taken_us;
	uint64_t received_us; /* LARGE: for the packet */
	char name[SPILL_ENTRY_NAME_MAX];
};

struct spill_out {
	struct spill_out_config config;
	struct {
		struct spilled *first, *last; /* the oldest first */
		unsigned n;
	} lists[SPILLED_STATES];
	unsigned n_taken, n_adopted; /* entries known, in whatever state */
	bool is_calling;             /* one call at a time */
	bool took_last;              /* the last one was a spill_take: the two take turns */
	bool reads_own;              /* what stands under this worker's name comes first */
	bool asked_own;              /* the last spill_take was for that */
	bool own_again;              /* and they are to be read from the first one again */
	char own_after[SPILL_ENTRY_NAME_MAX]; /* the entry up to which they have been read */
	bool has_more;                        /* the last look left something */
	bool is_ending;                       /* nothing is taken any more */
	unsigned n_telling;                   /* entries in the call under way, done or given up */
	struct spilled *telling[SPILL_DONE_MAX];
	struct spill_done done;
	struct spill_fetch fetch;
	struct spilled *fetching; /* LARGE; NULL: none */
	uint64_t fetched_us;      /* when there last was one, or Redis was away */
	uint64_t next_look_us, next_tell_us, next_beat_us, next_fetch_us;
	struct rng rng;
};

void spill_out_init(struct spill_out *s, const struct spill_out_config *config);
void spill_out_deinit(struct spill_out *s);
/*
 * This worker has put an entry there itself, under its own name, and holds it. NULL: no memory; it
 * will be read again, as if it came from a former run.
 */
struct spilled *spill_out_adopt(struct spill_out *s, const char *name, uint32_t n_messages,
				uint64_t cost_bytes);
/* An entry that was adopted and belongs to no packet any more leaves the stream. */
void spill_out_drop(struct spill_out *s, struct spilled *entry);
/* Entries that are not known may stand under this worker's name. */
void spill_out_read_own(struct spill_out *s);
/* How often deliveries of a packet that came from here failed: other workers shall know, too. */
void spill_out_note_failures(struct spill_out *s, const struct packet *p);
/* The fate of a packet that came from here is known. Before the packet is freed. */
void spill_out_done(struct spill_out *s, struct packet *p);
/* Nobody in this worker's reach takes it: others shall have it. Before the packet is freed. */
void spill_out_give_up(struct spill_out *s, struct packet *p);
/* The worker ends: it stays under its name. Before the packet is freed. */
void spill_out_leave(struct spill_out *s, struct packet *p);
/* At the end of each turn of the loop. */
void spill_out_turn(struct spill_out *s, uint64_t now_us);
/* Nothing is taken any more. */
void spill_out_end(struct spill_out *s);
/* Nothing is held, and Redis knows of all that is done, or cannot be told. */
bool spill_out_is_quiet(const struct spill_out *s);

#endif
