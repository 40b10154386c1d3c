#ifndef WEIR_NODE_BREAKER_H
#define WEIR_NODE_BREAKER_H
/*
 * The circuit breaker between one worker and one analyzer. Pure: time is a parameter.
 *
 *   CLOSED --5 failures in a row, or 1 timeout--> OPEN --1 s, doubling to 30 s--> HALF_OPEN
 *    ^  |                                         ^ ^                               ^ | |
 *    |  +--silence--> HANGING ----failure---------+ +------------failure------------|-+ |
 *    |                   +----------------answer------------------------------------+   |
 *    +------------------------------2 successes-----------------------------------------+
 *
 * The time for which it is open has jitter. A health probe that fails opens it too, until it
 * succeeds again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/backoff.h"

enum breaker_state {
	BREAKER_CLOSED,    /* deliveries flow */
	BREAKER_OPEN,      /* nothing is sent until open_until_us */
	BREAKER_HALF_OPEN, /* one batch at a time is tried; n_successes so far */
	BREAKER_HANGING,   /* nothing is heard of what is under way, and nothing else is sent */
	BREAKER_STATES
};
extern const char *const breaker_state_names[BREAKER_STATES];

struct breaker {
	enum breaker_state state;
	unsigned n_failures; /* in a row, whatever the state */
	unsigned n_successes;
	bool is_tripped; /* OPEN: no delivery had failed */
	bool on_trial;   /* HALF_OPEN: the one batch is out */
	uint64_t open_until_us;
	struct backoff backoff;
};

/* seed 0: seeded by the kernel */
void breaker_init(struct breaker *b, uint64_t seed);
/* Another process answers there now: forget what the former one did. */
void breaker_reset(struct breaker *b);

/* Whether a delivery may start; in HALF_OPEN the caller says so with breaker_try. */
bool breaker_allows(const struct breaker *b);
void breaker_try(struct breaker *b);

/* Each returns true when the state changed. */
/* It is known to be down: OPEN, whatever its deliveries say. */
bool breaker_trip(struct breaker *b, uint64_t now_us);
/* It is known to be up again: OPEN -> CLOSED if nothing but breaker_trip had opened it, else ->
 * HALF_OPEN at once. */
bool breaker_retry(struct breaker *b);
bool breaker_success(struct breaker *b);
bool breaker_failure(struct breaker *b, uint64_t now_us);
/* A delivery was not answered in time: one is enough. */
bool breaker_timeout(struct breaker *b, uint64_t now_us);
/* Deliveries are under way, and nothing has been heard of them for too long. */
bool breaker_hang(struct breaker *b);
/* It answered, though neither with a success nor with a failure. */
bool breaker_hear(struct breaker *b);
bool breaker_tick(struct breaker *b,
		  uint64_t now_us); /* OPEN -> HALF_OPEN when its time has come */

#endif
