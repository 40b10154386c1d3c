#include "node/deliver/concurrency.h"

#include <assert.h>

#include "common/clock.h"
#include "common/err.h"

#define CUT 0.9
#define CUT_BY_FAILURE 0.5
#define WEIGHT 0.2 /* of a new value in an average */
/* An RTT is as usual when it is no longer than usual by more than the greatest of these, */
#define AS_USUAL 0.05 /* in parts of what is usual */
#define AS_USUAL_US 1000.0
#define AS_USUAL_DEVIATIONS 0.5
/* and too long when it is longer by more than all of these. */
#define TOO_LONG 0.2
#define TOO_LONG_US 5000.0
#define TOO_LONG_DEVIATIONS 2.5
#define START_TOO_LONG 0.5 /* instead, in slow start, where one step doubles what may wait */
#define BAD_ROUNDS 2       /* in a row: no accident */
#define ROUNDS_TO_MEASURE 64
#define STILL_SHORTER 0.75 /* half the limit made the RTT so much shorter: it is still too high */
#define HEADROOM 1.1       /* over what just keeps the analyzer busy */

static double max_of(double a, double b)
{
	return a > b ? a : b;
}

void concurrency_init(struct concurrency *c, unsigned max)
{
	*c = (struct concurrency){ .limit = 1, .max = max, .phase = CONCURRENCY_STARTING };
}

static void set_limit(struct concurrency *c, double limit)
{
	c->limit = limit < 1 ? 1 : limit > c->max ? c->max : (unsigned)limit;
}

static void become_steady(struct concurrency *c)
{
	c->phase = CONCURRENCY_STEADY;
	c->n_rounds = c->n_bad = 0;
}

static void begin_round(struct concurrency *c, uint64_t now_us)
{
	c->is_pressed = false;
	c->since_us = now_us;
	c->n_samples = 0;
	c->sum_us = 0;
}

static void average_in(double *average, double value)
{
	*average += WEIGHT * (value - *average);
}

static bool is_as_usual(const struct concurrency *c, double rtt_us)
{
	double slack_us = max_of(AS_USUAL_US, AS_USUAL * c->usual_us);

	return rtt_us - c->usual_us <= max_of(slack_us, AS_USUAL_DEVIATIONS * c->deviation_us);
}

/* By that part, and by enough to be held against anyone. */
static bool is_longer(const struct concurrency *c, double rtt_us, double part)
{
	return rtt_us - c->usual_us > max_of(TOO_LONG_US, part * c->usual_us);
}

static void judge_start(struct concurrency *c, double rtt_us)
{
	if (!is_longer(c, rtt_us, START_TOO_LONG)) {
		set_limit(c, c->limit * 2.0);
		c->n_bad = 0;
	} else if (++c->n_bad == BAD_ROUNDS) {
		set_limit(c, c->limit * c->usual_us / rtt_us);
		become_steady(c);
	}
}

static void start_measuring(struct concurrency *c, double rtt_us)
{
	c->phase = CONCURRENCY_MEASURING;
	c->rate = c->limit / rtt_us;
	set_limit(c, c->limit / 2.0);
}

static void judge_measurement(struct concurrency *c, double rtt_us)
{
	if (rtt_us < STILL_SHORTER * c->last_us && c->limit > 1) {
		set_limit(c, c->limit / 2.0);
		return;
	}
	c->usual_us = rtt_us;
	set_limit(c, c->rate * rtt_us * HEADROOM + 0.5);
	become_steady(c);
}

static void judge_steady(struct concurrency *c, double rtt_us)
{
	double change_us = rtt_us - c->last_us;
	bool is_too_long = is_longer(c, rtt_us, TOO_LONG) &&
			   rtt_us - c->usual_us > TOO_LONG_DEVIATIONS * c->deviation_us;

	average_in(&c->deviation_us, change_us < 0 ? -change_us : change_us);
	c->n_bad = is_too_long ? c->n_bad + 1 : 0;
	if (c->n_bad == BAD_ROUNDS || (++c->n_rounds >= ROUNDS_TO_MEASURE && rtt_us > TOO_LONG_US))
		start_measuring(c, rtt_us);
	else if (is_too_long)
		set_limit(c, c->limit * CUT);
	else if (is_as_usual(c, rtt_us))
		set_limit(c, c->limit + 1.0);
}

static void judge(struct concurrency *c, double rtt_us)
{
	static void (*const by_phase[])(struct concurrency *, double) = { judge_start, judge_steady,
									  judge_measurement };

	static_assert(ARRAY_LEN(by_phase) == CONCURRENCY_PHASES, "every phase is judged");
	if (c->usual_us == 0)
		c->usual_us = rtt_us;
	by_phase[c->phase](c, rtt_us);
	if (is_as_usual(c, rtt_us))
		average_in(&c->usual_us, rtt_us);
	c->last_us = rtt_us;
}

void concurrency_press(struct concurrency *c)
{
	c->is_pressed = true;
}

void concurrency_success(struct concurrency *c, uint64_t started_us, uint64_t now_us)
{
	unsigned n_needed = c->limit;

	assert(now_us >= started_us && n_needed >= 1 && n_needed <= c->max);
	if (c->phase ==
	    CONCURRENCY_MEASURING) /* what ends first is what took least: wait for more */
		n_needed *= 2;
	if (!c->is_pressed || started_us < c->since_us)
		return;
	c->sum_us += (double)(now_us - started_us);
	if (++c->n_samples < n_needed)
		return;
	judge(c, c->sum_us / c->n_samples);
	begin_round(c, now_us);
}

/* What fails together counts once: the others began before the cut. */
void concurrency_failure(struct concurrency *c, uint64_t started_us, uint64_t now_us)
{
	if (started_us < c->since_us)
		return;
	set_limit(c, c->limit * CUT_BY_FAILURE);
	become_steady(c);
	begin_round(c, now_us);
}

unsigned concurrency_in_a_second(const struct concurrency *c, double rtt_us)
{
	unsigned limit = c->limit;

	if (c->phase != CONCURRENCY_STARTING)
		return limit;
	for (double t_us = rtt_us; t_us < US_PER_S && limit < c->max; t_us += rtt_us)
		limit *= 2;
	return limit < c->max ? limit : c->max;
}
