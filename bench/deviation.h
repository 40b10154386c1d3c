#ifndef WEIR_BENCH_DEVIATION_H
#define WEIR_BENCH_DEVIATION_H
/*
 * How many messages analyzers are away from their shares of all that were routed, looked at now and
 * then. Pure.
 */
#include "registry/roster.h"

struct deviation {
	double routed[ROSTER_MAX_SLOTS]; /* messages, by slot */
	double packets, messages;        /* of all */
	double worst;                    /* of any analyzer at any time */
	double sum, n;                   /* of all analyzers at all times, and how many that were */
};

void deviation_count(struct deviation *d, unsigned slot, unsigned n_messages);
void deviation_look(struct deviation *d, const struct roster *roster);
/* What was seen so far; what was counted stays, and so does what it is off by now. */
void deviation_forget(struct deviation *d);
double deviation_mean(const struct deviation *d);

#endif
