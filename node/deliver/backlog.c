#include "node/deliver/backlog.h"

#include "common/clock.h"
#include "common/err.h"

#define MIN_PACKETS 16
#define SILENCE_US 500000.0 /* shorter ones are accidents */
#define WEIGHT 0.125        /* of a new value in an average */
#define OUTLIER 4.0         /* times the average: counts as no more, so that one changes little */
#define ROOM 0.75           /* of the bound: takes again */

void backlog_init(struct backlog *b, unsigned max_batch_packets)
{
	unsigned min = max_batch_packets > MIN_PACKETS / 2 ? max_batch_packets * 2 : MIN_PACKETS;

	*b = (struct backlog){
		.min_packets = min < BACKLOG_MAX_PACKETS ? min : BACKLOG_MAX_PACKETS,
		.n_packets = max_batch_packets,
	};
}

void backlog_hear(struct backlog *b, uint64_t now_us)
{
	b->heard_us = now_us;
}

void backlog_measure(struct backlog *b, unsigned n_packets, uint64_t rtt_us)
{
	double weight = b->rtt_us > 0 ? WEIGHT : 1, rtt = (double)rtt_us;

	if (b->rtt_us > 0 && rtt > OUTLIER * b->rtt_us)
		rtt = OUTLIER * b->rtt_us;
	b->rtt_us += weight * (rtt - b->rtt_us);
	b->n_packets += weight * (n_packets - b->n_packets);
}

unsigned backlog_bound(const struct backlog *b, const struct concurrency *c, bool busy,
		       uint64_t now_us)
{
	double silent_us = busy ? (double)(now_us - b->heard_us) : 0;
	double rtt_us = b->rtt_us, bound;

	assert(!busy || now_us >= b->heard_us);
	if (silent_us > rtt_us && silent_us >= SILENCE_US)
		rtt_us = silent_us;
	if (rtt_us <= 0)
		return BACKLOG_MAX_PACKETS;
	bound = concurrency_in_a_second(c, rtt_us) * b->n_packets * US_PER_S / rtt_us;
	if (bound > BACKLOG_MAX_PACKETS)
		return BACKLOG_MAX_PACKETS;
	return bound > b->min_packets ? (unsigned)bound : b->min_packets;
}

bool backlog_update(struct backlog *b, const struct concurrency *c, unsigned n_packets,
		    size_t n_bytes, bool busy, uint64_t now_us)
{
	double part = b->is_full ? ROOM : 1;
	bool was_full = b->is_full;

	b->is_full = n_bytes >= BACKLOG_MAX_BYTES * part ||
		     (n_packets >= b->min_packets * part &&
		      n_packets >= backlog_bound(b, c, busy, now_us) * part);
	return b->is_full != was_full;
}
