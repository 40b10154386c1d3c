/*
 * How far the messages that analyzers got ever are from their shares, over many workers that route
 * by lease: the figures of the design. Time is counted in packets of the whole cluster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/rng.h"
#include "node/route/ledger.h"
#include "t/unit/near.h"
#include "t/unit/node/route/pot.h"

#define PACKETS 40000
#define PER_ANALYZER 4 /* packets of a worker in a window; with fewer it is exact */
#define EXACT_MESSAGES 64
#define MAX_WORKERS 100

struct flow {
	unsigned n_workers, n_analyzers, window;
	const double *weight;
	unsigned (*size)(struct rng *rng);
	bool cut;            /* worker 0 cannot reach slot 0 */
	bool without_redis;  /* it has no time for large packets: they are chosen by lease, too */
	unsigned per_worker; /* packets; 0: PACKETS of them all */
};

struct worker {
	struct ledger ledger;
	struct holder holder;
	bool unreachable[POT_SLOTS], reach[ROSTER_MAX_SLOTS], is_leased;
	unsigned start, n_packets, n_messages;
};

static struct worker workers[MAX_WORKERS];
static struct pot pot;
static struct rng rng;

static unsigned one_to_nine(struct rng *r)
{
	return (unsigned)rng_range(r, 1, 9);
}

static unsigned heavy_tail(struct rng *r)
{
	double x = pow(1 - rng_unit(r), -1 / 1.1);

	return x > 1000 ? 1000 : (unsigned)x;
}

static void settle(struct worker *w, const struct flow *f, unsigned now, double expected)
{
	struct pot_settle call = { .unreachable = w->unreachable,
				   .expected_messages = expected,
				   .catchup_max = 1e12 };
	struct settlement_answer answer = { .packed = (char *)w->holder.taken };

	ledger_begin(&w->ledger, true);
	call.deltas = w->ledger.sent;
	call.n_slots = w->ledger.n_slots;
	pot_settle(&pot, &w->holder, &call);
	answer.n_packed = expected > 0 ? f->n_analyzers : 0;
	ledger_done(&w->ledger, &answer);
	w->is_leased = expected > 0;
	w->start = now;
	w->n_packets = w->n_messages = 0;
}

static void end_windows(const struct flow *f, unsigned now)
{
	if (now % ((f->window + 7) / 8) != 0)
		return;
	for (unsigned k = 0; k < f->n_workers; k++) {
		struct worker *w = &workers[k];

		if (now - w->start >= f->window)
			settle(w, f, now,
			       w->n_packets >= PER_ANALYZER * f->n_analyzers ? w->n_messages : 0);
	}
}

static unsigned route(struct worker *w, const struct flow *f, unsigned n_messages)
{
	int slot;

	w->n_packets++;
	w->n_messages += n_messages;
	if (w->is_leased && (n_messages <= EXACT_MESSAGES || f->without_redis))
		return (unsigned)ledger_route(&w->ledger, n_messages, w->reach);
	pot_regret(&pot, n_messages, w->unreachable, -1, &slot);
	pot_route(&pot, n_messages, (unsigned)slot);
	return (unsigned)slot;
}

static void prepare(const struct flow *f)
{
	bool eligible[POT_SLOTS] = { false };

	memset(workers, 0, sizeof(workers));
	memset(&pot, 0, sizeof(pot));
	rng_init(&rng, 7);
	memset(eligible, true, f->n_analyzers);
	pot_elect(&pot, f->n_analyzers, eligible, f->weight);
	for (unsigned k = 0; k < f->n_workers; k++) {
		ledger_init(&workers[k].ledger, 1e12);
		ledger_set_shares(&workers[k].ledger, f->n_analyzers, pot.share, NULL);
		workers[k].unreachable[0] = f->cut && k == 0;
		for (unsigned i = 0; i < f->n_analyzers; i++)
			workers[k].reach[i] = !workers[k].unreachable[i];
	}
}

/* The most messages that any analyzer was ever off, after the first tenth, or half where the packets
 * are counted by worker; *percentp: at the end, of all. */
static double deviation(const struct flow *f, double *percentp)
{
	double got[POT_SLOTS] = { 0 }, n = 0, most = 0, last = 0;

	unsigned packets = f->per_worker ? f->per_worker * f->n_workers : PACKETS;
	unsigned warm = packets / (f->per_worker ? 2 : 10);

	prepare(f);
	for (unsigned t = 0; t < packets; t++) {
		struct worker *w = &workers[rng_range(&rng, 0, f->n_workers - 1)];
		unsigned size = f->size(&rng);

		end_windows(f, t);
		got[route(w, f, size)] += size;
		n += size;
		last = 0;
		for (unsigned i = 0; i < f->n_analyzers; i++)
			last = fmax(last, fabs(got[i] - pot.share[i] * n));
		if (t >= 2 * f->window && t >= warm)
			most = fmax(most, last);
	}
	*percentp = 100 * last / n;
	return most;
}

static const double weights[] = { 0.5, 0.3, 0.2 };
static const double uneven[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void assert_deviation(struct flow f, double most, double percent)
{
	double percent_off, off = deviation(&f, &percent_off);

	print_message(
		"# %3u workers, window %6u packets: %4.0f messages off at most, %.4f %% at the end\n",
		f.n_workers, f.window, off, percent_off);
	assert_true(off <= most);
	assert_true(percent_off <= percent);
}

static void small_packets_are_never_a_hundred_messages_off(void **state)
{
	static const unsigned n_workers[] = { 1, 4, 16, 100 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(n_workers); i++) {
		for (unsigned per_worker = 10; per_worker <= 100; per_worker *= 10) {
			struct flow f = { n_workers[i], 3,           per_worker * n_workers[i],
					  weights,      one_to_nine, false };

			assert_deviation(f, n_workers[i] == 100 ? 100 : 50, 0.03);
		}
	}
}

static void without_a_lease_it_is_exact(void **state)
{
	(void)state;
	assert_deviation((struct flow){ 16, 3, 1, weights, one_to_nine, false }, 9, 0.01);
}

static void a_heavy_tail_costs_about_its_largest_packet(void **state)
{
	(void)state;
	assert_deviation((struct flow){ 1, 3, 100, weights, heavy_tail, false }, 1200, 0.5);
	assert_deviation((struct flow){ 4, 3, 400, weights, heavy_tail, false }, 1200, 0.5);
	assert_deviation((struct flow){ 16, 3, 1600, weights, heavy_tail, false }, 1200, 0.5);
	assert_deviation((struct flow){ 100, 3, 10000, weights, heavy_tail, false }, 1200, 0.5);
}

/* Large packets go to the analyzer with the largest share. Its offset gives it that much less of
 * the others. */
static void workers_are_not_ahead_with_the_same_analyzer(void **state)
{
	struct flow f = {
		100, 3, 30000, weights, heavy_tail, .without_redis = true, .per_worker = 12000
	};
	(void)state;

	assert_deviation(f, 4500, 0.5);
	f.n_analyzers = ARRAY_LEN(uneven);
	f.weight = uneven;
	assert_deviation(f, 9000, 0.5);
}

static void what_one_worker_of_four_cannot_reach_the_others_make_good(void **state)
{
	(void)state;
	assert_deviation((struct flow){ 4, 3, 400, weights, one_to_nine, true }, 500, 0.2);
}

static void many_analyzers_are_no_harder(void **state)
{
	(void)state;

	assert_deviation((struct flow){ 16, 16, 1600, uneven, one_to_nine, false }, 60, 0.03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_packets_are_never_a_hundred_messages_off),
		cmocka_unit_test(without_a_lease_it_is_exact),
		cmocka_unit_test(a_heavy_tail_costs_about_its_largest_packet),
		cmocka_unit_test(workers_are_not_ahead_with_the_same_analyzer),
		cmocka_unit_test(what_one_worker_of_four_cannot_reach_the_others_make_good),
		cmocka_unit_test(many_analyzers_are_no_harder),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
