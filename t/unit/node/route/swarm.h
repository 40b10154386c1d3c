#ifndef WEIR_T_SWARM_H
#define WEIR_T_SWARM_H
/*
 * Random workers with random luck on one pot: packets of all sizes, deliveries that fail, calls
 * that are lost on the way there or back and repeated, workers that die with credit or are thought
 * dead, analyzers that come, go and change weight. After every few steps the invariant of
 * node/route/ledger.h is checked.
 *
 * The pot is the model; `backend` may run the same on the real scripts, and compare.
 */
#include "common/rng.h"
#include "node/route/ledger.h"
#include "t/unit/node/route/pot.h"

#define SWARM_WORKERS 8
#define SWARM_FLIGHT 6  /* most packets in a route call */
#define SWARM_PLACED 32 /* most packets of a worker that may still fail */

enum swarm_luck { LUCK_ANSWERED, LUCK_LOST_BEFORE, LUCK_LOST_AFTER, LUCK_BEHIND };

struct swarm;

struct swarm_worker {
	struct swarm *swarm;
	struct ledger ledger;
	struct caller caller;
	struct holder holder;
	bool unreachable[POT_SLOTS];
	bool is_leased;
	bool is_new; /* Redis still has its predecessor on record */
	enum { SWARM_IDLE, SWARM_ROUTING, SWARM_SETTLING } call;
	bool is_applied; /* the call under way has been run */
	unsigned n_flight;
	uint32_t sizes[SWARM_FLIGHT];
	bool is_lent[SWARM_FLIGHT]; /* routed here, as the answer did not come */
	struct settle_request request;
	unsigned choices[SWARM_FLIGHT]; /* answer of route, ROUTE_NONE */
	double taken[POT_SLOTS];        /* answer of settle */
	unsigned n_taken;
	unsigned n_placed;
	struct {
		unsigned slot, n_messages;
	} placed[SWARM_PLACED];
};

/* Each may fail the test. NULL: the model alone. */
struct swarm_backend {
	void (*route)(void *arg, const struct swarm_worker *w, const char *not_now,
		      unsigned *choices);
	/* returns the number of slots in taken */
	unsigned (*settle)(void *arg, const struct swarm_worker *w, double *taken);
	void (*change)(void *arg, const struct swarm *swarm,
		       unsigned slot);                           /* of member, active, weight */
	void (*behind)(void *arg, const struct swarm_worker *w); /* the call under way, refused */
	void (*bury)(void *arg, const struct swarm_worker *w);   /* it is found dead */
	void (*check)(void *arg, const struct swarm *swarm, double tolerance);
};

struct swarm_config {
	uint64_t seed;
	unsigned n_steps, n_workers, n_analyzers;
	bool fixed_shares; /* nobody comes, goes or changes: the invariant holds in its strict form
			    */
	double catchup_max_messages;
	const struct swarm_backend *backend;
	void *arg;
};

struct swarm {
	struct swarm_config config;
	struct rng rng;
	struct pot pot;
	unsigned n_slots;
	bool member[POT_SLOTS], active[POT_SLOTS];
	double weight[POT_SLOTS];
	struct swarm_worker workers[SWARM_WORKERS];
	unsigned n_tokens;
	double n_messages;          /* ever */
	double expected[POT_SLOTS]; /* credit that all holders must have together */
};

/* Runs, and fails the test with the seed in its message where something does not add up. */
void swarm_run(const struct swarm_config *config);

/* Slots as the scripts read them: "1,4" */
void swarm_slots_text(const bool *slots, char out[POT_SLOTS * 3]);

#endif
