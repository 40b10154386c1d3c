#ifndef WEIR_T_UNIT_NODE_FATE_FAKES_H
#define WEIR_T_UNIT_NODE_FATE_FAKES_H
/*
 * What fate.c calls, played by the test: the linker puts these functions in the place of the real
 * ones (--wrap). Each place keeps the packets that fate gave it, until the test decides.
 */
#include "node/fate.h"

#define FAKES_MAX 512 /* packets in one place; exchanges */

enum fake_place { FAKE_ROUTER, FAKE_SPILL_IN, FAKE_DEAD, FAKE_PLACES };

struct fakes {
	struct packet *packets[FAKE_PLACES][FAKES_MAX];
	unsigned n[FAKE_PLACES];
	struct spill_in spill_in[SPILL_SIZES]; /* their places: nothing is in them */
	struct spill_hold spill_hold[SPILL_SIZES];
	unsigned n_watched;                      /* packets that spill_hold looks at */
	bool can_place;                          /* router_can_place */
	bool would_take;                         /* spill_in_would_take */
	bool would_refuse;                       /* spill_in_would_refuse */
	unsigned n_stored;                       /* calls of spill_in_store */
	unsigned n_done, n_given_up, n_left;     /* what spill_out was told */
	unsigned n_accepted, n_refused, n_noted; /* answers to agents */
	enum refusal refusal;                    /* the last one */
};

extern struct fakes the_fakes;

void fakes_put(enum fake_place place, struct packet *p);
/* As spill_hold_forget. */
void fakes_forget(struct packet *p);
/* Takes packet i out of a place. */
struct packet *fakes_pick(enum fake_place place, unsigned i);

#endif
