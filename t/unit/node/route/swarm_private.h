#ifndef WEIR_T_SWARM_PRIVATE_H
#define WEIR_T_SWARM_PRIVATE_H
/*
 * What the swarm*.c files share:
 *   swarm.c        workers, analyzers, bookkeeping, the invariant
 *   swarm_calls.c  packets, and the numbered calls
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "t/unit/node/route/swarm.h"

/* Ends the run, and says how to repeat it. */
#define SWARM_ASSERT(swarm, condition, ...)                                                        \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# " __VA_ARGS__);                                         \
			fail_msg("seed %llu: not so: %s",                                          \
				 (unsigned long long)(swarm)->config.seed, #condition);            \
		}                                                                                  \
	} while (0)

static inline unsigned swarm_draw(struct swarm *s, unsigned lo, unsigned hi)
{
	return (unsigned)rng_range(&s->rng, lo, hi);
}

static inline bool swarm_chance(struct swarm *s, double p)
{
	return rng_unit(&s->rng) < p;
}

/* The bookkeeping of what all holders must have together: a packet accrued, was routed, ... */
void swarm_expect_accrual(struct swarm *s, const double *share, double n_messages);
void swarm_expect_routed(struct swarm *s, unsigned slot, double n_messages);
/* ... or a call of the ledger handed credit around, and added `sum` to it; `before`: its credit
 * before. */
void swarm_expect_change(struct swarm *s, const struct swarm_worker *w, const double *before,
			 double sum);
void swarm_expect_moved(struct swarm *s); /* the pot handed credit around */

void swarm_step_packet(struct swarm *s, struct swarm_worker *w);
void swarm_step_outcome(struct swarm *s, struct swarm_worker *w); /* of a delivery */
void swarm_step_settle(struct swarm *s,
		       struct swarm_worker *w); /* or the call under way, once more */

#endif
