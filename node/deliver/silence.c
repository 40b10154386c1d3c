#include "node/deliver/silence.h"

#include "common/clock.h"
#include "common/err.h"

#define LEAST_US US_PER_S
#define FIRST_US (2 * US_PER_S) /* while nothing is known of it */
#define TIMES_USUAL 20.0
#define WEIGHT 0.125 /* of a new value in the average */
#define OUTLIER 4.0  /* times the average: a longer time counts as no more */

void silence_init(struct silence *s)
{
	*s = (struct silence){ 0 };
}

void silence_begin(struct silence *s, uint64_t now_us)
{
	s->since_us = now_us;
}

void silence_answer(struct silence *s, uint64_t started_us, uint64_t now_us)
{
	double took_us = (double)(now_us - started_us);

	assert(now_us >= started_us);
	s->since_us = s->answered_us = now_us;
	if (s->usual_us <= 0) {
		s->usual_us = took_us;
		return;
	}
	if (took_us >= (double)silence_limit_us(s)) { /* it did not hang: it has become slow */
		s->usual_us = 2 * took_us / TIMES_USUAL;
		return;
	}
	if (took_us > OUTLIER * s->usual_us)
		took_us = OUTLIER * s->usual_us;
	s->usual_us += WEIGHT * (took_us - s->usual_us);
}

uint64_t silence_limit_us(const struct silence *s)
{
	double limit_us = TIMES_USUAL * s->usual_us;

	if (s->usual_us <= 0)
		return FIRST_US;
	return limit_us > LEAST_US ? (uint64_t)limit_us : LEAST_US;
}

bool silence_is_too_long(const struct silence *s, uint64_t others_us, uint64_t now_us)
{
	return others_us > s->since_us && now_us >= s->since_us + silence_limit_us(s);
}
