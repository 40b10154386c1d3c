#include "node/route/ledger.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define LEARN_PACKETS 16u     /* from one look at the mean credit to the next */
#define LEARN_PART (1.0 / 64) /* of the credit at each look: the offsets follow in 1000 packets */
#define LARGEST_KEPT 0.995    /* at each look: half of it is left after about 2200 packets */

void ledger_init(struct ledger *l, double catchup_max_messages)
{
	memset(l, 0, sizeof(*l));
	l->catchup_max_messages = catchup_max_messages;
}

/* Takes x out of slot i and gives it to the other eligible ones by share. False: there are none. */
static bool spread(struct ledger *l, unsigned i, double x)
{
	double others = 0;

	for (unsigned j = 0; j < l->n_slots; j++)
		others += j != i ? l->share[j] : 0;
	if (others <= 0)
		return false;
	for (unsigned j = 0; j < l->n_slots; j++)
		l->credit[j] += j != i ? x * l->share[j] / others : 0;
	l->credit[i] -= x;
	return true;
}

static void add(struct settlement_delta *to, const struct settlement_delta *from)
{
	to->credit += from->credit;
	to->routed += from->routed;
	to->delivered += from->delivered;
	to->delivered_packets += from->delivered_packets;
	to->forgiven += from->forgiven;
}

/* What was at slot i goes to moved[i]. Returns the sum of what has no place any more. */
static double move_doubles(double *v, unsigned n, const int *moved)
{
	double before[ROSTER_MAX_SLOTS], rest = 0;

	memcpy(before, v, sizeof(before));
	memset(v, 0, sizeof(before));
	for (unsigned i = 0; i < n; i++) {
		if (moved[i] >= 0)
			v[moved[i]] += before[i];
		else
			rest += before[i];
	}
	return rest;
}

/* Returns the credit of those that have no place any more; what they got is forgotten. */
static double move_deltas(struct settlement_delta *v, unsigned n, const int *moved)
{
	static _Thread_local struct settlement_delta before[ROSTER_MAX_SLOTS];
	double rest = 0;

	memcpy(before, v, sizeof(before));
	memset(v, 0, sizeof(before));
	for (unsigned i = 0; i < n; i++) {
		if (moved[i] >= 0)
			add(&v[moved[i]], &before[i]);
		else
			rest += before[i].credit;
	}
	return rest;
}

/* Shares are the new ones. The sums of credit, base and sent credit stay. */
static void move_slots(struct ledger *l, const int *moved)
{
	double credit = move_doubles(l->credit, l->n_slots, moved);
	double base = move_doubles(l->base, l->n_slots, moved);
	double sent = move_deltas(l->sent, l->n_slots, moved), total = 0;

	move_doubles(l->offset, l->n_slots, moved);
	move_deltas(l->changes, l->n_slots, moved);
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		total += l->share[i];
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		double part = total > 0 ? l->share[i] / total : i == 0;

		l->credit[i] += part * credit;
		l->base[i] += part * base;
		l->sent[i].credit += part * sent;
	}
}

/* Slots that are in use after the old ones moved. */
static unsigned count_slots(unsigned n_before, unsigned n_now, const int *moved)
{
	for (unsigned i = 0; i < n_before; i++) {
		unsigned end = moved ? (unsigned)(moved[i] + 1) : i + 1;

		n_now = end > n_now ? end : n_now;
	}
	return n_now;
}

void ledger_set_shares(struct ledger *l, unsigned n_slots, const double *share, const int *moved)
{
	assert(n_slots <= ROSTER_MAX_SLOTS);
	memset(l->share, 0, sizeof(l->share));
	memcpy(l->share, share, n_slots * sizeof(*share));
	if (moved)
		move_slots(l, moved);
	l->n_slots = count_slots(l->n_slots, n_slots, moved);
	for (unsigned i = 0; i < l->n_slots; i++) {
		if (l->share[i] > 0)
			continue;
		l->offset[i] = 0;
		if (l->credit[i] != 0)
			spread(l, i, l->credit[i]);
	}
}

/* The greatest of credit_i + offset_i + s_i * (owed + k) among the reachable ones. */
static int choose(const struct ledger *l, unsigned n_messages, const bool *reach)
{
	double share = 0, sum = 0, best_value = -INFINITY, lift;
	int best = -1;

	for (unsigned i = 0; i < l->n_slots; i++) {
		if (reach[i] && l->share[i] > 0) {
			share += l->share[i];
			sum += l->credit[i];
		}
	}
	if (share <= 0)
		return -1;
	/* owed + k, where k = (n - sum of (credit_i + s_i * owed)) / share */
	lift = (n_messages - sum) / share;
	for (unsigned i = 0; i < l->n_slots; i++) {
		double value = l->credit[i] + l->offset[i] + l->share[i] * lift;

		if (reach[i] && l->share[i] > 0 && value > best_value) {
			best = (int)i;
			best_value = value;
		}
	}
	return best;
}

static void charge(struct ledger *l, unsigned slot, double n_messages)
{
	assert(slot < l->n_slots);
	l->credit[slot] -= n_messages;
	l->changes[slot].routed += n_messages;
}

static void accrue(struct ledger *l, double n_messages)
{
	for (unsigned i = 0; i < l->n_slots; i++)
		l->credit[i] += l->share[i] * n_messages;
}

static double within(double x, double most)
{
	return fmax(-most, fmin(most, x));
}

/*
 * Looks at the credit after each LEARN_PACKETS packets. What is owed to an analyzer out of reach, or
 * to one that catches up, is no mean: the first is left out, the second counts as one packet.
 */
static void learn(struct ledger *l, unsigned n_messages, const bool *reach)
{
	l->largest = fmax(l->largest, n_messages);
	if (++l->n_routed % LEARN_PACKETS != 0)
		return;
	for (unsigned i = 0; i < l->n_slots; i++)
		if (l->share[i] > 0 && !reach[i])
			return;
	for (unsigned i = 0; i < l->n_slots; i++)
		if (l->share[i] > 0)
			l->offset[i] =
				within(l->offset[i] + LEARN_PART * within(l->credit[i], l->largest),
				       l->largest);
	l->largest *= LARGEST_KEPT;
}

/*
 * Of a packet routed before, when the shares may have been others. While nobody is eligible,
 * it is charged to the analyzer that is furthest off, so that the sum comes out right.
 */
static void accrue_late(struct ledger *l, double n_messages)
{
	double share = 0;
	unsigned furthest = 0;

	for (unsigned i = 0; i < l->n_slots; i++) {
		share += l->share[i];
		if (l->credit[i] * n_messages < l->credit[furthest] * n_messages)
			furthest = i;
	}
	if (share > 0)
		accrue(l, n_messages);
	else
		l->credit[furthest] += n_messages;
}

int ledger_route(struct ledger *l, unsigned n_messages, const bool *reach)
{
	int slot;

	accrue(l, n_messages);
	slot = choose(l, n_messages, reach);
	if (slot < 0) {
		accrue(l, -(double)n_messages);
		return -1;
	}
	charge(l, (unsigned)slot, n_messages);
	learn(l, n_messages, reach);
	return slot;
}

int ledger_reroute(struct ledger *l, unsigned n_messages, const bool *reach)
{
	int slot = choose(l, n_messages, reach);

	if (slot >= 0)
		charge(l, (unsigned)slot, n_messages);
	return slot;
}

int ledger_route_owed(struct ledger *l, unsigned n_messages, const bool *reach)
{
	int slot = ledger_reroute(l, n_messages, reach);

	if (slot >= 0)
		l->owed += n_messages;
	return slot;
}

/* Redis may have chosen one that joined since the shares here were set. */
static void know_slot(struct ledger *l, unsigned slot)
{
	assert(slot < ROSTER_MAX_SLOTS);
	if (slot >= l->n_slots)
		l->n_slots = slot + 1;
}

void ledger_refund(struct ledger *l, unsigned slot, unsigned n_messages)
{
	know_slot(l, slot);
	charge(l, slot, -(double)n_messages);
}

void ledger_refund_gone(struct ledger *l, unsigned n_messages)
{
	accrue_late(l, n_messages);
}

void ledger_give_up(struct ledger *l, unsigned n_messages)
{
	accrue_late(l, -(double)n_messages);
}

void ledger_resolve(struct ledger *l, unsigned n_messages, int slot)
{
	assert(l->owed >= n_messages);
	l->owed -= n_messages;
	if (slot >= 0)
		ledger_refund(l, (unsigned)slot, n_messages);
	else
		accrue_late(l, n_messages);
}

void ledger_count_delivered(struct ledger *l, unsigned slot, unsigned n_packets,
			    unsigned n_messages)
{
	assert(slot < ROSTER_MAX_SLOTS);
	l->changes[slot].delivered += n_messages;
	l->changes[slot].delivered_packets += n_packets;
}

bool ledger_is_dirty(const struct ledger *l)
{
	for (unsigned i = 0; i < l->n_slots; i++) {
		const struct settlement_delta *c = &l->changes[i];

		if (c->routed != 0 || c->delivered != 0 || c->forgiven != 0 ||
		    l->credit[i] != l->base[i])
			return true;
	}
	return false;
}

void ledger_forgive(struct ledger *l)
{
	for (unsigned i = 0; i < l->n_slots; i++) {
		double excess = l->credit[i] - l->catchup_max_messages;

		if (excess > 0 && spread(l, i, excess))
			l->changes[i].forgiven += excess;
	}
}

void ledger_begin(struct ledger *l, bool counts)
{
	for (unsigned i = 0; i < l->n_slots; i++) {
		struct settlement_delta *c = &l->changes[i];

		l->sent[i] = (struct settlement_delta){ .credit = l->credit[i] - l->base[i],
							.routed = c->routed };
		l->base[i] = l->credit[i];
		c->routed = 0;
		if (!counts)
			continue;
		l->sent[i].delivered = c->delivered;
		l->sent[i].delivered_packets = c->delivered_packets;
		l->sent[i].forgiven = c->forgiven;
		*c = (struct settlement_delta){ 0 };
	}
}

void ledger_done(struct ledger *l, const struct settlement_answer *taken)
{
	if (taken->n_packed > 0 && taken->n_packed <= ROSTER_MAX_SLOTS)
		know_slot(l, taken->n_packed - 1);
	for (unsigned i = 0; i < l->n_slots; i++) {
		double since = l->credit[i] - l->base[i];

		l->base[i] = settlement_credit(taken, i);
		l->credit[i] = l->base[i] + since;
		l->sent[i] = (struct settlement_delta){ 0 };
	}
}

void ledger_undone(struct ledger *l)
{
	for (unsigned i = 0; i < l->n_slots; i++) {
		l->base[i] -= l->sent[i].credit;
		l->sent[i].credit = 0;
		add(&l->changes[i], &l->sent[i]);
		l->sent[i] = (struct settlement_delta){ 0 };
	}
}
