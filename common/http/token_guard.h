#ifndef WEIR_COMMON_TOKEN_GUARD_H
#define WEIR_COMMON_TOKEN_GUARD_H
/*
 * How often clients may be wrong about a token: an address (IPv6: a /64) TOKEN_GUARD_BURST times at
 * once, then once in TOKEN_GUARD_PERIOD_US; and all addresses together TOKEN_GUARD_ALL_BURST times,
 * then once in TOKEN_GUARD_ALL_PERIOD_US, so that guessing from many addresses is slowed as well.
 * The right token is never refused: many agents may be behind one address, and one that is set up
 * wrongly must not shut out the others.
 *
 * As large as it is from the start: where all places for an address are taken, the one that failed
 * longest ago is forgotten. Time is a parameter. From any thread.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/net/net.h"

#define TOKEN_GUARD_BURST 10
#define TOKEN_GUARD_PERIOD_US (5 * US_PER_S)
#define TOKEN_GUARD_ALL_BURST 200
#define TOKEN_GUARD_ALL_PERIOD_US (100 * US_PER_MS)
#define TOKEN_GUARD_PLACES 1024
#define TOKEN_GUARD_WAYS 4 /* places that an address may have */

struct token_guard_place {
	uint8_t address[16];
	uint64_t clear_us; /* all its failures are forgiven then */
};

struct token_guard {
	pthread_mutex_t lock;
	uint64_t all_clear_us; /* the failures of all addresses are forgiven then */
	struct token_guard_place places[TOKEN_GUARD_PLACES];
};

void token_guard_init(struct token_guard *g);
void token_guard_deinit(struct token_guard *g);
/*
 * A client has sent a token. 0: it is right, or it may be told that it is wrong; else the seconds
 * until it may be told again.
 */
uint32_t token_guard_judge(struct token_guard *g, const struct net_addr *from, bool is_right,
			   uint64_t now_us) MUST_CHECK;

#endif
