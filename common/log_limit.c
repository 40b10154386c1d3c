#include "common/log_limit.h"

#include "common/clock.h"

#define N_PROBES 8

/*
 * The key's slot among the few it may be in. A newcomer that finds them all taken evicts the one
 * whose window began first: at worst a message passes more often than it should.
 */
static struct log_limit_slot *find_slot(struct log_limit *limit, const void *key)
{
	uint32_t hash = (uint32_t)(((uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15ULL) >> 32);
	struct log_limit_slot *oldest = NULL;

	for (uint32_t i = 0; i < N_PROBES; i++) {
		struct log_limit_slot *slot = &limit->slots[(hash + i) % LOG_LIMIT_SLOTS];

		if (slot->key == key)
			return slot;
		if (!oldest || slot->start_us < oldest->start_us)
			oldest = slot;
	}
	*oldest = (struct log_limit_slot){ .key = key };
	return oldest;
}

bool log_limit_pass(struct log_limit *limit, const void *key, uint64_t now_us, uint32_t *n_heldp)
{
	struct log_limit_slot *slot = find_slot(limit, key);

	if (slot->n_passed == 0 || now_us - slot->start_us >= LOG_PERIOD_S * US_PER_S) {
		slot->start_us = now_us;
		slot->n_passed = 0;
	}
	if (slot->n_passed >= LOG_BURST) {
		slot->n_held++;
		return false;
	}
	slot->n_passed++;
	*n_heldp = slot->n_held;
	slot->n_held = 0;
	return true;
}
