#ifndef WEIR_COMMON_TOLERANCE_H
#define WEIR_COMMON_TOLERANCE_H
/*
 * When an analyzer has got its share: the one rule of weirctl verify and weir-loadgen --verify.
 *
 *   error = routed - share * total, in messages
 *
 * It is within the tolerance if it is at most the given percentage of the total, or at most a few
 * packets: packets are routed whole, so that few of them cannot come nearer.
 */
#include <stdbool.h>

#define TOLERANCE_PACKETS 4 /* of the largest size, that it may always be off */

struct tolerance {
	double percent;
	double packet_messages; /* in the largest packet; where that is not known, in the average one */
};

struct deviation {
	double messages; /* too many, or too few */
	double percent;  /* the same, of the total */
	bool is_within;
};

/* total 0: nothing is off. */
struct deviation tolerance_judge(const struct tolerance *t, double share, double routed,
				 double total);

#endif
