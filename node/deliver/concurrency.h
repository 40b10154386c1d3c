#ifndef WEIR_NODE_CONCURRENCY_H
#define WEIR_NODE_CONCURRENCY_H
/*
 * How many deliveries to one analyzer may be under way at once. It follows from their round-trip
 * times (RTT). Pure: time is a parameter.
 *
 * AIMD as in Vector's adaptive request concurrency (src/sinks/util/adaptive_concurrency/
 * controller.rs): judged once per round trip against an average of past RTTs; one more when the
 * limit was used up and the RTT is as usual, a tenth less when it is above that by more than 2.5
 * deviations, half when deliveries fail. Three things are different:
 * - It begins with a slow start: doubled each round until the RTT grows.
 * - Past RTTs that were long because the limit was too high would make that limit look usual, and
 *   let it creep up. So what is usual never grows by watching: it is measured anew, at half the
 *   limit, after two bad rounds and every 64 rounds (the idea of BBR's PROBE_RTT, Cardwell et al.,
 *   2016). The new limit follows from the rate before and the RTT found (Little's law).
 * - A few milliseconds more are never held against anyone, so noise does not slow a fast analyzer.
 */
#include <stdbool.h>
#include <stdint.h>

enum concurrency_phase {
	CONCURRENCY_STARTING,  /* slow start: no RTT has grown yet */
	CONCURRENCY_STEADY,    /* one more, or a tenth less */
	CONCURRENCY_MEASURING, /* the limit is halved while that makes the RTT shorter */
	CONCURRENCY_PHASES
};

struct concurrency {
	unsigned limit, max;
	enum concurrency_phase phase;
	bool is_pressed;   /* in this round more was to be sent than the limit lets */
	uint64_t since_us; /* the round judges deliveries that began since then */
	unsigned n_samples;
	double sum_us;   /* of their RTTs */
	double usual_us; /* 0: nothing is known yet */
	double last_us;  /* of the round before */
	double deviation_us;
	double rate;       /* deliveries per us when the measuring began */
	unsigned n_rounds; /* since it was measured */
	unsigned n_bad;    /* rounds in a row */
};

void concurrency_init(struct concurrency *c, unsigned max);
/* Something has to wait because `limit` deliveries are under way. */
void concurrency_press(struct concurrency *c);
/* Of deliveries that are alike in size. Those that end while nothing has to wait teach nothing. */
void concurrency_success(struct concurrency *c, uint64_t started_us, uint64_t now_us);
/* No answer, or one that says that it is too much. */
void concurrency_failure(struct concurrency *c, uint64_t started_us, uint64_t now_us);
/* The limit a second from now, if nothing slows the slow start; rtt_us: as it is now. */
unsigned concurrency_in_a_second(const struct concurrency *c, double rtt_us);

#endif
