#ifndef WEIR_NODE_TOKEN_GUARD_H
#define WEIR_NODE_TOKEN_GUARD_H
/*
 * How often a client may be wrong about a token: by address (IPv6: by its /64), TOKEN_GUARD_BURST
 * times at once, then once in TOKEN_GUARD_PERIOD_US. An address that has used that up is shut out,
 * with the right token too, or guessing would go on at full speed; but not one from which the right
 * token came within TOKEN_GUARD_TRUST_US: many may be behind it, and one that is set up wrongly
 * must not shut out all others.
 *
 * As large as it is from the start: where all places for an address are taken, whoever failed
 * longest ago is forgotten. Time is a parameter. From any thread.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/net/net.h"

#define TOKEN_GUARD_BURST 10
#define TOKEN_GUARD_PERIOD_US (5 * US_PER_S)
#define TOKEN_GUARD_TRUST_US (600 * US_PER_S)
#define TOKEN_GUARD_PLACES 1024
#define TOKEN_GUARD_WAYS 4 /* places that an address may have */

struct token_guard_place {
	uint8_t address[16];
	uint64_t clear_us; /* all its failures are forgiven then */
	uint64_t trusted_until_us;
};

struct token_guard {
	pthread_mutex_t lock;
	struct token_guard_place places[TOKEN_GUARD_PLACES];
};

void token_guard_init(struct token_guard *g);
void token_guard_deinit(struct token_guard *g);
/*
 * A client has sent a token, which is right or not. 0: its answer is what the token deserves; else
 * the seconds until one is looked at again.
 */
uint32_t token_guard_judge(struct token_guard *g, const struct net_addr *from, bool is_right,
			   uint64_t now_us) MUST_CHECK;

#endif
