#include <math.h>
#include <string.h>

#include "t/unit/node/route/swarm_private.h"

#define LEASED_PACKETS_MAX 64 /* messages of a packet that is routed without Redis */
#define EXPECTED_MESSAGES 200 /* in a window; more or less */
#define REGRET_MAX 1e-6       /* choices between equals are free */

static unsigned draw_size(struct swarm *s)
{
	double heavy = pow(1 - rng_unit(&s->rng), -1 / 1.1);

	return swarm_chance(s, 0.8) ? swarm_draw(s, 1, 9) : heavy > 1000 ? 1000 : (unsigned)heavy;
}

/* ---- packets ---- */

static void reach_of(const struct swarm_worker *w, bool reach[ROSTER_MAX_SLOTS])
{
	memset(reach, 0, ROSTER_MAX_SLOTS * sizeof(*reach));
	for (unsigned i = 0; i < POT_SLOTS; i++)
		reach[i] = !w->unreachable[i];
}

static void put(struct swarm *s, struct swarm_worker *w, unsigned slot, unsigned n_messages)
{
	unsigned at =
		w->n_placed < SWARM_PLACED ? w->n_placed++ : swarm_draw(s, 0, SWARM_PLACED - 1);

	w->placed[at].slot = slot;
	w->placed[at].n_messages = n_messages;
}

static void route_here(struct swarm *s, struct swarm_worker *w, unsigned n_messages)
{
	bool reach[ROSTER_MAX_SLOTS];
	int slot;

	reach_of(w, reach);
	slot = ledger_route(&w->ledger, n_messages, reach);
	if (slot < 0)
		return;
	SWARM_ASSERT(s, reach[slot] && w->ledger.share[slot] > 0, "chose %d\n", slot);
	swarm_expect_accrual(s, w->ledger.share, n_messages);
	swarm_expect_routed(s, (unsigned)slot, n_messages);
	put(s, w, (unsigned)slot, n_messages);
}

static void fail_one(struct swarm *s, struct swarm_worker *w, unsigned failed, unsigned n_messages)
{
	double before[ROSTER_MAX_SLOTS];
	bool reach[ROSTER_MAX_SLOTS];
	int slot;

	ledger_refund(&w->ledger, failed, n_messages);
	swarm_expect_routed(s, failed, -(double)n_messages);
	reach_of(w, reach);
	reach[failed] = false;
	slot = ledger_reroute(&w->ledger, n_messages, reach);
	if (slot >= 0) {
		swarm_expect_routed(s, (unsigned)slot, n_messages);
		put(s, w, (unsigned)slot, n_messages);
		return;
	}
	memcpy(before, w->ledger.credit, sizeof(before));
	ledger_give_up(&w->ledger, n_messages);
	swarm_expect_change(s, w, before, -(double)n_messages);
}

/* One of the packets placed is delivered, or fails. */
void swarm_step_outcome(struct swarm *s, struct swarm_worker *w)
{
	unsigned at, slot, n_messages;

	if (!w->n_placed)
		return;
	at = swarm_draw(s, 0, w->n_placed - 1);
	slot = w->placed[at].slot;
	n_messages = w->placed[at].n_messages;
	w->placed[at] = w->placed[--w->n_placed];
	if (swarm_chance(s, 0.5))
		fail_one(s, w, slot, n_messages);
	else
		ledger_count_delivered(&w->ledger, slot, 1, n_messages);
}

/* ---- calls ---- */

static enum swarm_luck draw_luck(struct swarm *s)
{
	if (swarm_chance(s, 0.75))
		return LUCK_ANSWERED;
	return (enum swarm_luck)swarm_draw(s, LUCK_LOST_BEFORE, LUCK_BEHIND);
}

static void apply_route(struct swarm *s, struct swarm_worker *w)
{
	const struct swarm_backend *backend = s->config.backend;
	char not_now[POT_SLOTS * 3];
	int best;

	swarm_slots_text(w->unreachable, not_now);
	if (backend)
		backend->route(s->config.arg, w, not_now, w->choices);
	for (unsigned i = 0; i < w->n_flight; i++) {
		int choice = backend && w->choices[i] != ROUTE_NONE ? (int)w->choices[i] : -1;
		double regret = pot_regret(&s->pot, w->sizes[i], w->unreachable, choice, &best);

		SWARM_ASSERT(s, !backend || regret < REGRET_MAX, "chose %d, not %d\n", choice,
			     best);
		if (!backend)
			choice = best;
		w->choices[i] = choice < 0 ? ROUTE_NONE : (unsigned)choice;
		if (choice < 0)
			continue;
		pot_route(&s->pot, w->sizes[i], (unsigned)choice);
		swarm_expect_accrual(s, s->pot.share, w->sizes[i]);
		swarm_expect_routed(s, (unsigned)choice, w->sizes[i]);
	}
	pot_tidy(&s->pot, w->caller.catchup_max_messages);
	swarm_expect_moved(s);
}

static void apply_settle(struct swarm *s, struct swarm_worker *w)
{
	struct pot_settle settle = { .deltas = w->request.deltas,
				     .n_slots = w->request.n_slots,
				     .unreachable = w->unreachable,
				     .expected_messages = w->request.expected_messages,
				     .catchup_max = w->caller.catchup_max_messages };

	pot_settle(&s->pot, &w->holder, &settle);
	swarm_expect_moved(s);
	memcpy(w->taken, w->holder.taken, sizeof(w->taken));
	w->n_taken = w->request.expected_messages > 0 ? s->pot.n_slots : 0;
	if (!s->config.backend)
		return;
	w->n_taken = s->config.backend->settle(s->config.arg, w, w->taken);
	for (unsigned i = 0; i < POT_SLOTS; i++)
		SWARM_ASSERT(s, fabs(w->taken[i] - w->holder.taken[i]) < 1e-6 * (1 + s->n_messages),
			     "took %g, not %g, of %u\n", w->taken[i], w->holder.taken[i], i);
}

static void apply(struct swarm *s, struct swarm_worker *w)
{
	if (w->is_new)
		pot_return(&s->pot, &w->holder);
	w->is_new = false;
	if (w->call == SWARM_ROUTING)
		apply_route(s, w);
	else
		apply_settle(s, w);
	w->is_applied = true;
}

static void take_choice(struct swarm *s, struct swarm_worker *w, unsigned n_messages,
			unsigned choice, bool is_lent)
{
	double before[ROSTER_MAX_SLOTS];

	memcpy(before, w->ledger.credit, sizeof(before));
	if (is_lent && choice == ROUTE_NONE) {
		ledger_resolve(&w->ledger, n_messages, -1);
		swarm_expect_change(s, w, before, n_messages);
	} else if (is_lent) {
		ledger_resolve(&w->ledger, n_messages, (int)choice);
		swarm_expect_routed(s, choice, -(double)n_messages);
	} else if (choice == ROUTE_NONE) {
		route_here(s, w, n_messages);
	} else if (w->unreachable[choice]) {
		fail_one(s, w, choice, n_messages);
	} else {
		put(s, w, choice, n_messages);
	}
}

static void finish(struct swarm *s, struct swarm_worker *w)
{
	struct settlement_answer answer = { .status = SETTLEMENT_OK,
					    .packed = (const char *)w->taken,
					    .n_packed = w->n_taken };

	if (w->call == SWARM_ROUTING) {
		for (unsigned i = 0; i < w->n_flight; i++)
			take_choice(s, w, w->sizes[i], w->choices[i], w->is_lent[i]);
	} else {
		ledger_done(&w->ledger, &answer);
		w->is_leased = w->request.expected_messages > 0;
	}
	w->call = SWARM_IDLE;
}

/* The packets of a call that is not answered do not wait for ever. */
static void lend(struct swarm *s, struct swarm_worker *w)
{
	bool reach[ROSTER_MAX_SLOTS];

	reach_of(w, reach);
	for (unsigned i = 0; i < w->n_flight; i++) {
		int slot;

		if (w->is_lent[i] || swarm_chance(s, 0.2))
			continue;
		slot = ledger_route_owed(&w->ledger, w->sizes[i], reach);
		w->is_lent[i] = slot >= 0;
		if (slot < 0)
			continue;
		swarm_expect_routed(s, (unsigned)slot, w->sizes[i]);
		put(s, w, (unsigned)slot, w->sizes[i]);
	}
}

/* Redis has lost what the caller has seen, and does nothing. */
static void refuse(struct swarm *s, struct swarm_worker *w)
{
	if (s->config.backend)
		s->config.backend->behind(s->config.arg, w);
	for (unsigned i = 0; i < SWARM_FLIGHT; i++)
		w->choices[i] = ROUTE_NONE;
	if (w->call == SWARM_ROUTING) {
		finish(s, w);
	} else {
		ledger_undone(&w->ledger);
		w->call = SWARM_IDLE;
	}
}

/* Runs the script, or has it find that it ran before. */
static void reach_redis(struct swarm *s, struct swarm_worker *w)
{
	unsigned choices[SWARM_FLIGHT];
	double taken[POT_SLOTS];

	if (!w->is_applied) {
		apply(s, w);
	} else if (s->config.backend && w->call == SWARM_ROUTING) {
		s->config.backend->route(s->config.arg, w, "", choices);
		assert_memory_equal(choices, w->choices, w->n_flight * sizeof(*choices));
	} else if (s->config.backend) {
		assert_int_equal(s->config.backend->settle(s->config.arg, w, taken), w->n_taken);
		assert_memory_equal(taken, w->taken, sizeof(taken));
	}
}

static void send_call(struct swarm *s, struct swarm_worker *w, enum swarm_luck luck)
{
	if (luck == LUCK_BEHIND && !w->is_applied) {
		refuse(s, w);
		return;
	}
	if (luck != LUCK_LOST_BEFORE)
		reach_redis(s, w);
	if (luck == LUCK_ANSWERED)
		finish(s, w);
	else if (w->call == SWARM_ROUTING)
		lend(s, w);
}

static void open_call(struct swarm_worker *w, int call)
{
	w->call = call;
	w->is_applied = false;
	w->caller.number++;
}

void swarm_step_settle(struct swarm *s, struct swarm_worker *w)
{
	double before[ROSTER_MAX_SLOTS];

	if (w->call != SWARM_IDLE) {
		send_call(s, w, draw_luck(s));
		return;
	}
	memcpy(before, w->ledger.credit, sizeof(before));
	ledger_forgive(&w->ledger);
	swarm_expect_change(s, w, before, 0);
	ledger_begin(&w->ledger, true);
	w->request = (struct settle_request){
		.deltas = w->ledger.sent,
		.n_slots = w->ledger.n_slots,
		.counts = true,
		.expected_messages =
			swarm_chance(s, 0.7) ? swarm_draw(s, 1, 2 * EXPECTED_MESSAGES) : 0,
		.idle = swarm_chance(s, 0.2)
	};
	open_call(w, SWARM_SETTLING);
	send_call(s, w, draw_luck(s));
}

void swarm_step_packet(struct swarm *s, struct swarm_worker *w)
{
	unsigned n_messages = draw_size(s);

	s->n_messages += n_messages;
	if ((w->is_leased && n_messages <= LEASED_PACKETS_MAX) || w->call != SWARM_IDLE) {
		route_here(s, w, n_messages);
		return;
	}
	w->n_flight = swarm_draw(s, 1, SWARM_FLIGHT);
	for (unsigned i = 0; i < w->n_flight; i++) {
		w->sizes[i] = i ? draw_size(s) : n_messages;
		w->is_lent[i] = false;
		s->n_messages += i ? w->sizes[i] : 0;
	}
	open_call(w, SWARM_ROUTING);
	send_call(s, w, draw_luck(s));
}
