#include "common/h2/h2_budget.h"

#include "common/clock.h"

static void add(struct h2_budget *b, uint64_t n)
{
	uint64_t room = H2_BUDGET_FULL - b->n_left;

	b->n_left += (uint32_t)(n < room ? n : room);
}

void h2_budget_init(struct h2_budget *b, uint64_t now_us)
{
	*b = (struct h2_budget){ .n_left = H2_BUDGET_FULL, .filled_us = now_us };
}

bool h2_budget_take(struct h2_budget *b, uint64_t now_us)
{
	uint64_t n =
		now_us > b->filled_us ? (now_us - b->filled_us) / (US_PER_S / H2_BUDGET_PER_S) : 0;

	b->filled_us += n * (US_PER_S / H2_BUDGET_PER_S);
	add(b, n);
	if (b->n_left == 0)
		return false;
	b->n_left--;
	return true;
}

void h2_budget_earn(struct h2_budget *b)
{
	add(b, H2_BUDGET_PER_REQUEST);
}
