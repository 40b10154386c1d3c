#ifndef WEIR_NODE_BACKLOG_H
#define WEIR_NODE_BACKLOG_H
/*
 * How many packets may wait for one analyzer: what it takes in about a second, so that a slow one
 * holds up few packets, and the others get the rest. Pure: time is a parameter.
 *
 * What it takes in a second follows from the deliveries that may be under way, the packets of a
 * full one, and how long such a one takes; while no answer comes for half a second and more, from
 * how long it has been silent.
 */
#include <stddef.h>

#include "node/deliver/concurrency.h"

#define BACKLOG_MAX_PACKETS 8192
#define BACKLOG_MAX_BYTES (32u << 20)

struct backlog {
	unsigned min_packets; /* may wait in any case */
	double n_packets;     /* of a full delivery, on average */
	double rtt_us;        /* of one, on average; 0: none has ended yet */
	uint64_t heard_us;    /* its last answer, or the end of its last rest */
	bool is_full; /* from the bound on until a quarter of it is free, so that it does not flap
		       */
};

/* At most max_batch_packets leave in one delivery. */
void backlog_init(struct backlog *b, unsigned max_batch_packets);
/* It answered; or it is given something while nothing is under way. */
void backlog_hear(struct backlog *b, uint64_t now_us);
/* That was the end of a delivery as large as can be. */
void backlog_measure(struct backlog *b, unsigned n_packets, uint64_t rtt_us);
/* Packets; busy: something is under way. */
unsigned backlog_bound(const struct backlog *b, const struct concurrency *c, bool busy,
		       uint64_t now_us);
/* What waits now; busy: something is under way. True: is_full changed. */
bool backlog_update(struct backlog *b, const struct concurrency *c, unsigned n_packets,
		    size_t n_bytes, bool busy, uint64_t now_us);

#endif
