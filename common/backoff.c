#include "common/backoff.h"

void backoff_init(struct backoff *b, uint32_t base_ms, uint32_t cap_ms, uint64_t seed)
{
	*b = (struct backoff){ .base_ms = base_ms, .cap_ms = cap_ms };
	rng_init(&b->rng, seed);
}

uint32_t backoff_next_ms(struct backoff *b)
{
	uint32_t n_doublings = b->attempt < 32 ? b->attempt : 32;
	uint64_t delay_ms = (uint64_t)b->base_ms << n_doublings;

	if (delay_ms > b->cap_ms)
		delay_ms = b->cap_ms;
	if (b->attempt < UINT32_MAX)
		b->attempt++;
	return (uint32_t)rng_range(&b->rng, delay_ms - delay_ms / 2, delay_ms);
}

void backoff_reset(struct backoff *b)
{
	b->attempt = 0;
}
