#ifndef WEIR_NODE_SUSPICION_H
#define WEIR_NODE_SUSPICION_H
/*
 * Whether a packet is at fault itself: what its failed deliveries say of it. Pure.
 *
 *   clean --broken, timed out, or twice another failure--> alone --3 failures, the last one alone-->
 *   suspect (retried alone after 1, 2, 4 .. 30 s) --10 failures, or 6 broken connections--> over
 *
 * Only deliveries count that their lane counts: those to analyzers that serve other packets. A
 * delivery that broke may have ended the analyzer's process, so fewer of these are enough.
 * A packet that is over becomes a dead letter. A delivery that succeeds ends all of it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "node/packet/packet.h"

#define SUSPICION_SUSPECT 3
#define SUSPICION_MAX_FAILURES 10
#define SUSPICION_MAX_BROKEN 6
#define SUSPICION_REASON_SIZE 64

enum suspicion_kind {
	SUSPICION_BROKEN, /* its delivery broke the connection */
	SUSPICION_TIMEOUT,
	SUSPICION_STATUS, /* neither a success, nor busy, nor bad */
	SUSPICION_KINDS
};

struct suspicion_failure {
	enum suspicion_kind kind;
	int status;           /* SUSPICION_STATUS */
	bool was_alone;       /* no other packet was in its delivery */
	const char *analyzer; /* borrowed for the call */
};

/* A delivery failed, and counts. Without memory for that it is as if it did not count. */
void suspicion_count(struct packet *p, const struct suspicion_failure *failure);
/* What this analyzer said of the packet; its first bytes are kept. */
void suspicion_quote(struct packet *p, const char *analyzer, const char *said, size_t len);
/* The packet has had these failures at another node, or in another run of this one. */
void suspicion_restore(struct packet *p, unsigned n_failures);

unsigned suspicion_n_failures(const struct packet *p);
/* It travels alone, until a delivery of it succeeds. */
bool suspicion_goes_alone(const struct packet *p);
/* It waits between its deliveries, */
bool suspicion_is_suspect(const struct packet *p);
/* of this length. */
uint64_t suspicion_wait_us(const struct packet *p);
/* It is not delivered any more. */
bool suspicion_is_over(const struct packet *p);

/* Where it failed last; "": nowhere. */
const char *suspicion_analyzer(const struct packet *p);
/* What was quoted; *lenp 0: nothing. */
const char *suspicion_said(const struct packet *p, size_t *lenp);
/* "poison: 6 attempts, last the connection broke" */
void suspicion_write_reason(const struct packet *p, char out[SUSPICION_REASON_SIZE]);

#endif
