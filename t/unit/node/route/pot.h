#ifndef WEIR_T_POT_H
#define WEIR_T_POT_H
/*
 * The shared holder of credit, as lua/route.lua, lua/settle.lua and lua/lib/elect.lua keep it: a
 * model in C to hold ledgers and scripts against.
 */
#include <stdbool.h>

#include "registry/settlement.h"

#define POT_SLOTS 16

struct pot {
	unsigned n_slots;
	double share[POT_SLOTS], credit[POT_SLOTS];
	double routed[POT_SLOTS], delivered[POT_SLOTS], forgiven[POT_SLOTS];
	double moved[POT_SLOTS]; /* credit handed around, because someone left or was owed too much
				  */
};

/* What is on record of a worker. */
struct holder {
	double taken[POT_SLOTS];
	bool unreachable[POT_SLOTS];
	bool absent; /* has not settled since it came, or was thought dead */
};

/* Elects: shares by weight of the eligible; equal ones where all weights are 0. */
void pot_elect(struct pot *pot, unsigned n_slots, const bool *eligible, const double *weight);
/* Hands on what the ineligible have; forgives what is beyond catchup_max. */
void pot_tidy(struct pot *pot, double catchup_max);

/* How much better than the slot `choice` the best one is for the next packet: 0, if that is the
 * best; -1: best. */
double pot_regret(const struct pot *pot, unsigned n_messages, const bool *not_now, int choice,
		  int *bestp);
void pot_route(struct pot *pot, unsigned n_messages, unsigned choice);

struct pot_settle {
	const struct settlement_delta *deltas;
	unsigned n_slots;
	const bool *unreachable;
	double expected_messages, catchup_max;
};
/* holder->taken is the answer. */
void pot_settle(struct pot *pot, struct holder *holder, const struct pot_settle *settle);
/* What a worker holds goes back: it died, or another came under its name. */
void pot_return(struct pot *pot, struct holder *holder);

#endif
