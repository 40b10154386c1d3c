#include "common/http/token_guard.h"

#include <string.h>

void token_guard_init(struct token_guard *g)
{
	memset(g, 0, sizeof(*g));
	pthread_mutex_init(&g->lock, NULL);
}

void token_guard_deinit(struct token_guard *g)
{
	pthread_mutex_destroy(&g->lock);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The place of the address; else one that may become its own: of those possible, the one that is
 * forgiven first. */
static struct token_guard_place *find(struct token_guard *g, const uint8_t key[16])
{
	struct token_guard_place *set, *oldest;
	uint32_t hash = 2166136261u;

	for (unsigned i = 0; i < 16; i++)
		hash = (hash ^ key[i]) * 16777619u;
	set = oldest =
		&g->places[hash / 16 % (TOKEN_GUARD_PLACES / TOKEN_GUARD_WAYS) * TOKEN_GUARD_WAYS];
	for (unsigned i = 0; i < TOKEN_GUARD_WAYS; i++) {
		if (memcmp(set[i].address, key, 16) == 0)
			return &set[i];
		if (set[i].clear_us < oldest->clear_us)
			oldest = &set[i];
	}
	*oldest = (struct token_guard_place){ 0 };
	memcpy(oldest->address, key, 16);
	return oldest;
}

/* Takes one failure of those allowed. Else returns how long to wait until there is one more. */
static uint64_t take(uint64_t *clear_usp, unsigned burst, uint64_t period_us, uint64_t now_us)
{
	uint64_t clear_us = later(*clear_usp, now_us);
	uint64_t most_us = now_us + (burst - 1) * period_us;

	if (clear_us > most_us)
		return clear_us - most_us;
	*clear_usp = clear_us + period_us;
	return 0;
}

uint32_t token_guard_judge(struct token_guard *g, const struct net_addr *from, bool is_right,
			   uint64_t now_us)
{
	uint64_t wait_us;
	uint8_t key[NET_ADDR_KEY_BYTES];

	if (is_right)
		return 0;
	net_addr_key(from, key);
	pthread_mutex_lock(&g->lock);
	wait_us = take(&find(g, key)->clear_us, TOKEN_GUARD_BURST, TOKEN_GUARD_PERIOD_US, now_us);
	if (!wait_us)
		wait_us = take(&g->all_clear_us, TOKEN_GUARD_ALL_BURST, TOKEN_GUARD_ALL_PERIOD_US,
			       now_us);
	pthread_mutex_unlock(&g->lock);
	return (uint32_t)((wait_us + US_PER_S - 1) / US_PER_S);
}
