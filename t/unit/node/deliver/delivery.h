#ifndef WEIR_T_UNIT_NODE_DELIVERY_H
#define WEIR_T_UNIT_NODE_DELIVERY_H
/*
 * Lanes as a worker has them: a dispatch, a sender and two fake analyzers on one loop. Packets have
 * numbers; what became of each is written down.
 */
#include "node/deliver/dispatch.h"
#include "t/unit/node/deliver/fake_analyzer.h"

#define N_ANALYZERS 2
#define MAX_PACKETS 10000

enum outcome { UNDECIDED, DELIVERED, TAKEN_BACK, TAKEN_BACK_TRIED, BAD, OUTCOMES };

struct delivery {
	struct event_base *base;
	struct event *turn; /* so that the loop never sleeps for long */
	struct metrics *metrics;
	struct metrics_shard shard;
	struct memory_pool pool;
	struct memory memory; /* of lanes, for JSON forms */
	struct sender *sender;
	struct dispatch dispatch;
	struct fake_analyzer fakes[N_ANALYZERS];
	struct analyzer analyzers[N_ANALYZERS];
	struct roster roster;
	bool is_over;
	bool again; /* what is taken back goes to the other analyzer, if that can take it */
	unsigned n_fates, n_repeats; /* packets with an outcome; of those, with more than one */
	unsigned n_blamed;           /* packets that came back with a failure held against them */
	bool had_reach;              /* of slot 0, at the last turn */
	unsigned n_flips;            /* turns at which it was another than before */
	uint32_t n_part_messages;    /* delivered, of packets whose rest was not */
	uint32_t last_messages; /* of the packet that was decided last, and the front of its body */
	char last_body[128];
	enum outcome outcomes[MAX_PACKETS];
	unsigned slots[MAX_PACKETS];              /* where its outcome was decided */
	int statuses[MAX_PACKETS];                /* BAD */
	enum reroute_reason reasons[MAX_PACKETS]; /* why it was last taken back */
};

/* For cmocka: *state is a struct delivery with both analyzers in the roster, "a0" and "a1". */
int delivery_setup(void **state);
int delivery_teardown(void **state);
/* The way a worker ends: its lanes are cleared, then its transfers are cut. */
void delivery_end(struct delivery *d);

/* The roster as it is now in `analyzers`; absent: without the analyzer of this slot, -1: with all.
 */
void delivery_set_roster(struct delivery *d, int absent);
/* Packet `number`, of number % 3 + 1 messages, whose body is {"n":number}. */
void delivery_push(struct delivery *d, unsigned slot, unsigned number);
void delivery_push_many(struct delivery *d, unsigned slot, unsigned from, unsigned n);

/* Turns the loop once, as a worker does. */
void delivery_turn(struct delivery *d);
/* Until then; fails the test when n_fates or the posts stay below n. */
void delivery_wait_fates(struct delivery *d, unsigned n);
void delivery_wait_posts(struct delivery *d, unsigned slot, unsigned n);
/* Until slot can take packets, or cannot. */
void delivery_wait_reach(struct delivery *d, unsigned slot, bool reach);
unsigned delivery_count(const struct delivery *d, enum outcome outcome);

#endif
