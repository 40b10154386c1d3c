#include "node/deliver/breaker.h"

#include <assert.h>

#include "common/clock.h"
#include "common/err.h"

#define FAILURES_TO_OPEN 5
#define SUCCESSES_TO_CLOSE 2
#define OPEN_BASE_MS 1000
#define OPEN_CAP_MS 30000

const char *const breaker_state_names[] = { "closed", "open", "half_open", "hanging" };
static_assert(ARRAY_LEN(breaker_state_names) == BREAKER_STATES, "every state has a name");

void breaker_init(struct breaker *b, uint64_t seed)
{
	*b = (struct breaker){ .state = BREAKER_CLOSED };
	backoff_init(&b->backoff, OPEN_BASE_MS, OPEN_CAP_MS, seed);
}

void breaker_reset(struct breaker *b)
{
	b->state = BREAKER_CLOSED;
	b->n_failures = b->n_successes = 0;
	b->on_trial = false;
	backoff_reset(&b->backoff);
}

bool breaker_allows(const struct breaker *b)
{
	return b->state == BREAKER_CLOSED || (b->state == BREAKER_HALF_OPEN && !b->on_trial);
}

void breaker_try(struct breaker *b)
{
	assert(breaker_allows(b));
	if (b->state == BREAKER_HALF_OPEN)
		b->on_trial = true;
}

static void begin_trial(struct breaker *b)
{
	assert(!b->on_trial);
	b->state = BREAKER_HALF_OPEN;
	b->n_successes = 0;
}

bool breaker_hang(struct breaker *b)
{
	if (b->state != BREAKER_CLOSED)
		return false;
	b->state = BREAKER_HANGING;
	return true;
}

bool breaker_hear(struct breaker *b)
{
	if (b->state != BREAKER_HANGING)
		return false;
	begin_trial(b);
	return true;
}

bool breaker_success(struct breaker *b)
{
	static_assert(SUCCESSES_TO_CLOSE > 1, "that of one that hung does not close it");
	b->n_failures = 0;
	if (breaker_hear(b)) {
		b->n_successes = 1;
		return true;
	}
	if (b->state != BREAKER_HALF_OPEN)
		return false;
	b->on_trial = false;
	if (++b->n_successes < SUCCESSES_TO_CLOSE)
		return false;
	breaker_reset(b);
	return true;
}

static void open_up(struct breaker *b, uint64_t now_us)
{
	assert(b->state != BREAKER_OPEN);
	b->state = BREAKER_OPEN;
	b->is_tripped = b->on_trial = false;
	b->open_until_us = now_us + backoff_next_ms(&b->backoff) * US_PER_MS;
}

bool breaker_failure(struct breaker *b, uint64_t now_us)
{
	if (b->state == BREAKER_OPEN) /* of a batch that was out when it opened */
		return false;
	b->n_failures++;
	if (b->state == BREAKER_CLOSED && b->n_failures < FAILURES_TO_OPEN)
		return false;
	open_up(b, now_us);
	return true;
}

bool breaker_timeout(struct breaker *b, uint64_t now_us)
{
	if (b->state == BREAKER_OPEN)
		return false;
	b->n_failures++;
	open_up(b, now_us);
	return true;
}

bool breaker_trip(struct breaker *b, uint64_t now_us)
{
	bool is_tripped = b->state == BREAKER_CLOSED;

	if (b->state == BREAKER_OPEN)
		return false;
	open_up(b, now_us);
	b->is_tripped = is_tripped;
	return true;
}

bool breaker_retry(struct breaker *b)
{
	if (b->state != BREAKER_OPEN)
		return false;
	if (b->is_tripped)
		breaker_reset(b);
	else
		begin_trial(b);
	return true;
}

bool breaker_tick(struct breaker *b, uint64_t now_us)
{
	if (b->state != BREAKER_OPEN || now_us < b->open_until_us)
		return false;
	begin_trial(b);
	return true;
}
