#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/node/route/swarm_private.h"

#define CHECK_EVERY 16 /* steps */

void swarm_slots_text(const bool *slots, char out[POT_SLOTS * 3])
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < POT_SLOTS; i++)
		if (slots[i])
			len += (size_t)snprintf(out + len, POT_SLOTS * 3 - len, len ? ",%u" : "%u",
						i);
}

/* ---- bookkeeping: what all holders must have together ---- */

void swarm_expect_accrual(struct swarm *s, const double *share, double n_messages)
{
	for (unsigned i = 0; i < POT_SLOTS; i++)
		s->expected[i] += share[i] * n_messages;
}

void swarm_expect_routed(struct swarm *s, unsigned slot, double n_messages)
{
	s->expected[slot] -= n_messages;
}

/* The change of a ledger's credit across a call that only hands credit around, and adds `sum` to
 * it. */
void swarm_expect_change(struct swarm *s, const struct swarm_worker *w, const double *before,
			 double sum)
{
	double change = 0;

	for (unsigned i = 0; i < POT_SLOTS; i++) {
		s->expected[i] += w->ledger.credit[i] - before[i];
		change += w->ledger.credit[i] - before[i];
	}
	SWARM_ASSERT(s, fabs(change - sum) < 1e-6 * (1 + s->n_messages),
		     "sum changed by %g, not %g\n", change, sum);
}

void swarm_expect_moved(struct swarm *s)
{
	for (unsigned i = 0; i < POT_SLOTS; i++) {
		s->expected[i] += s->pot.moved[i];
		s->pot.moved[i] = 0;
	}
}

static double sent_credit(const struct swarm_worker *w, unsigned i)
{
	return w->call == SWARM_SETTLING && !w->is_applied ? w->ledger.sent[i].credit : 0;
}

static double unsettled(const struct swarm_worker *w, unsigned i)
{
	return w->ledger.credit[i] - w->ledger.base[i] + sent_credit(w, i);
}

/* ---- changes of the cluster ---- */

static void elect(struct swarm *s)
{
	bool eligible[POT_SLOTS];

	for (unsigned i = 0; i < POT_SLOTS; i++)
		eligible[i] = s->member[i] && s->active[i];
	pot_elect(&s->pot, s->n_slots, eligible, s->weight);
	swarm_expect_moved(s);
}

static void change(struct swarm *s, unsigned slot)
{
	elect(s);
	if (s->config.backend)
		s->config.backend->change(s->config.arg, s, slot);
}

static void join(struct swarm *s, unsigned slot)
{
	s->n_slots = slot < s->n_slots ? s->n_slots : slot + 1;
	s->member[slot] = s->active[slot] = true;
	s->weight[slot] = swarm_chance(s, 0.1) ? 0 : 0.1 * swarm_draw(s, 1, 20);
	change(s, slot);
}

static void step_roster(struct swarm *s)
{
	unsigned slot = swarm_draw(s, 0, s->n_slots < POT_SLOTS ? s->n_slots : POT_SLOTS - 1);

	if (slot == s->n_slots || !s->member[slot]) {
		join(s, slot);
		return;
	}
	if (swarm_chance(s, 0.5))
		s->weight[slot] = 0.1 * swarm_draw(s, 0, 20);
	else if (swarm_chance(s, 0.6))
		s->active[slot] = !s->active[slot];
	else
		s->member[slot] = false;
	change(s, slot);
}

static void learn_roster(struct swarm *s, struct swarm_worker *w)
{
	double before[ROSTER_MAX_SLOTS];

	memcpy(before, w->ledger.credit, sizeof(before));
	ledger_set_shares(&w->ledger, s->pot.n_slots, s->pot.share, NULL);
	swarm_expect_change(s, w, before, 0);
}

/* Worker 0 reaches everybody, so nobody is out of reach of all. Not while a call is under way: it
 * is repeated as it was. */
static void step_reach(struct swarm *s, struct swarm_worker *w)
{
	if (w != s->workers && !s->workers->holder.absent && w->call == SWARM_IDLE)
		w->unreachable[swarm_draw(s, 0, s->n_slots - 1)] = swarm_chance(s, 0.4);
}

static void start_worker(struct swarm *s, struct swarm_worker *w)
{
	struct holder holder = w->holder;

	memset(w, 0, sizeof(*w));
	w->swarm = s;
	w->holder = holder;
	ledger_init(&w->ledger, s->config.catchup_max_messages);
	snprintf(w->caller.worker, sizeof(w->caller.worker), "n%u/0", (unsigned)(w - s->workers));
	snprintf(w->caller.token, sizeof(w->caller.token), "t%u", s->n_tokens++);
	w->caller.lease_ms = 600000;
	w->caller.catchup_max_messages = s->config.catchup_max_messages;
	ledger_set_shares(&w->ledger, s->pot.n_slots, s->pot.share, NULL);
	w->holder.absent = w->is_new = true;
}

/* Its lease ran out: what it holds goes back, and its report is void. */
static void bury(struct swarm *s, struct swarm_worker *w)
{
	if (s->config.backend)
		s->config.backend->bury(s->config.arg, w);
	pot_return(&s->pot, &w->holder);
	memset(w->holder.unreachable, 0, sizeof(w->holder.unreachable));
	w->holder.absent = true;
	pot_tidy(&s->pot, INFINITY);
	swarm_expect_moved(s);
}

static bool has_member(const struct swarm *s)
{
	for (unsigned i = 0; i < s->n_slots; i++)
		if (s->member[i])
			return true;
	return false;
}

static void step_death(struct swarm *s, struct swarm_worker *w)
{
	if (w == s->workers || !has_member(s))
		return;
	if (swarm_chance(s, 0.3)) { /* it lives, and will settle as if nothing had happened */
		if (!w->holder.absent)
			bury(s, w);
		return;
	}
	for (unsigned i = 0; i < POT_SLOTS; i++)
		s->expected[i] -= unsettled(w, i);
	if (swarm_chance(s, 0.5)) /* else its successor is there before anybody noticed */
		bury(s, w);
	start_worker(s, w);
}

/* ---- the invariant ---- */

static void check_worker(struct swarm *s, const struct swarm_worker *w, double tolerance)
{
	double sum = 0, held = 0;

	for (unsigned i = 0; i < POT_SLOTS; i++) {
		sum += w->ledger.credit[i];
		held += w->holder.taken[i];
	}
	SWARM_ASSERT(s, fabs(sum + w->ledger.owed) < tolerance, "worker's sum %g, owed %g\n", sum,
		     w->ledger.owed);
	SWARM_ASSERT(s, fabs(held) < tolerance, "held sum %g\n", held);
}

/* With fixed shares: from the counters alone, without this file's own bookkeeping. */
static void check_strictly(struct swarm *s, const double *total, double tolerance)
{
	double routed[POT_SLOTS], n = 0;

	for (unsigned i = 0; i < POT_SLOTS; i++) {
		routed[i] = s->pot.routed[i];
		for (unsigned k = 0; k < s->config.n_workers; k++) {
			const struct swarm_worker *w = &s->workers[k];

			routed[i] += w->ledger.changes[i].routed;
			if (w->call == SWARM_SETTLING && !w->is_applied)
				routed[i] += w->ledger.sent[i].routed;
		}
		n += routed[i];
	}
	for (unsigned k = 0; k < s->config.n_workers; k++)
		n -= s->workers[k].ledger.owed;
	for (unsigned i = 0; i < POT_SLOTS; i++)
		SWARM_ASSERT(s, fabs(total[i] - (s->pot.share[i] * n - routed[i])) < tolerance,
			     "slot %u: %g, not %g\n", i, total[i], s->pot.share[i] * n - routed[i]);
}

static void check(struct swarm *s)
{
	double total[POT_SLOTS], sum = 0, tolerance = 1e-6 * (1 + s->n_messages);

	for (unsigned i = 0; i < POT_SLOTS; i++) {
		total[i] = s->pot.credit[i];
		sum += s->pot.credit[i];
		for (unsigned k = 0; k < s->config.n_workers; k++)
			total[i] += s->workers[k].holder.taken[i] + unsettled(&s->workers[k], i);
		SWARM_ASSERT(s, fabs(total[i] - s->expected[i]) < tolerance,
			     "slot %u: %g, not %g\n", i, total[i], s->expected[i]);
	}
	SWARM_ASSERT(s, fabs(sum) < tolerance, "the pot's sum is %g\n", sum);
	for (unsigned k = 0; k < s->config.n_workers; k++)
		check_worker(s, &s->workers[k], tolerance);
	if (s->config.fixed_shares)
		check_strictly(s, total, tolerance);
	if (s->config.backend)
		s->config.backend->check(s->config.arg, s, tolerance);
}

static void step(struct swarm *s)
{
	struct swarm_worker *w = &s->workers[swarm_draw(s, 0, s->config.n_workers - 1)];
	double luck = rng_unit(&s->rng);

	if (luck < 0.60)
		swarm_step_packet(s, w);
	else if (luck < 0.72)
		swarm_step_outcome(s, w);
	else if (luck < 0.88)
		swarm_step_settle(s, w);
	else if (luck < 0.93)
		learn_roster(s, w);
	else if (luck < 0.96)
		step_reach(s, w);
	else if (luck < 0.97)
		step_death(s, w);
	else if (!s->config.fixed_shares)
		step_roster(s);
}

void swarm_run(const struct swarm_config *config)
{
	struct swarm *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->config = *config;
	rng_init(&s->rng, config->seed);
	for (unsigned i = 0; i < config->n_analyzers; i++)
		join(s, i);
	for (unsigned k = 0; k < config->n_workers; k++)
		start_worker(s, &s->workers[k]);
	do
		swarm_step_settle(s, &s->workers[0]); /* it is there first, and reaches all */
	while (s->workers[0].call != SWARM_IDLE);
	for (unsigned i = 0; i < config->n_steps; i++) {
		step(s);
		if (i % CHECK_EVERY == 0)
			check(s);
	}
	check(s);
	free(s);
}
