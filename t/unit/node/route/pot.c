#include "t/unit/node/route/pot.h"

#include <math.h>
#include <string.h>

static bool spread(struct pot *pot, unsigned i, double x)
{
	double others = 0;

	for (unsigned j = 0; j < pot->n_slots; j++)
		others += j != i ? pot->share[j] : 0;
	if (others <= 0)
		return false;
	for (unsigned j = 0; j < pot->n_slots; j++) {
		double change = j == i ? -x : x * pot->share[j] / others;

		pot->credit[j] += change;
		pot->moved[j] += change;
	}
	return true;
}

void pot_tidy(struct pot *pot, double catchup_max)
{
	for (unsigned i = 0; i < pot->n_slots; i++) {
		double excess = pot->credit[i] - catchup_max;

		if (pot->share[i] <= 0 && pot->credit[i] != 0)
			spread(pot, i, pot->credit[i]);
		else if (pot->share[i] > 0 && excess > 0 && spread(pot, i, excess))
			pot->forgiven[i] += excess;
	}
}

void pot_elect(struct pot *pot, unsigned n_slots, const bool *eligible, const double *weight)
{
	double total = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < n_slots; i++) {
		total += eligible[i] ? weight[i] : 0;
		n += eligible[i];
	}
	pot->n_slots = n_slots;
	for (unsigned i = 0; i < n_slots; i++)
		pot->share[i] = !eligible[i] ? 0 : total > 0 ? weight[i] / total : 1.0 / n;
	pot_tidy(pot, INFINITY);
}

double pot_regret(const struct pot *pot, unsigned n_messages, const bool *not_now, int choice,
		  int *bestp)
{
	double share = 0, sum = 0, best = -INFINITY, chosen = -INFINITY;

	*bestp = -1;
	for (unsigned i = 0; i < pot->n_slots; i++) {
		if (pot->share[i] > 0 && !not_now[i]) {
			share += pot->share[i];
			sum += pot->credit[i] + pot->share[i] * n_messages;
		}
	}
	for (unsigned i = 0; i < pot->n_slots; i++) {
		double k = (n_messages - sum) / share;
		double value = pot->credit[i] + pot->share[i] * (n_messages + k);

		if (pot->share[i] <= 0 || not_now[i])
			continue;
		if (value > best) {
			best = value;
			*bestp = (int)i;
		}
		if ((int)i == choice)
			chosen = value;
	}
	return choice == *bestp ? 0 : best - chosen;
}

void pot_route(struct pot *pot, unsigned n_messages, unsigned choice)
{
	for (unsigned i = 0; i < pot->n_slots; i++)
		pot->credit[i] += pot->share[i] * n_messages;
	pot->credit[choice] -= n_messages;
	pot->routed[choice] += n_messages;
}

void pot_return(struct pot *pot, struct holder *holder)
{
	for (unsigned i = 0; i < POT_SLOTS; i++)
		pot->credit[i] += holder->taken[i];
	memset(holder->taken, 0, sizeof(holder->taken));
}

static void take(struct pot *pot, struct holder *holder, const struct pot_settle *s)
{
	double share = 0, excess = 0, scale = 1;

	for (unsigned i = 0; i < pot->n_slots; i++) {
		if (pot->share[i] > 0 && !s->unreachable[i]) {
			share += pot->share[i];
			excess += pot->credit[i];
		}
	}
	for (unsigned i = 0; i < pot->n_slots; i++) {
		if (pot->share[i] <= 0 || s->unreachable[i])
			continue;
		holder->taken[i] = pot->credit[i] - pot->share[i] / share * excess;
		if (holder->taken[i] < 0)
			scale = fmin(scale, 0.5 * pot->share[i] * s->expected_messages /
						    -holder->taken[i]);
	}
	for (unsigned i = 0; i < pot->n_slots; i++) {
		holder->taken[i] *= scale;
		pot->credit[i] -= holder->taken[i];
	}
}

void pot_settle(struct pot *pot, struct holder *holder, const struct pot_settle *s)
{
	bool elect = holder->absent ||
		     memcmp(holder->unreachable, s->unreachable, sizeof(holder->unreachable)) != 0;

	for (unsigned i = 0; i < s->n_slots; i++) {
		pot->credit[i] += s->deltas[i].credit;
		pot->routed[i] += s->deltas[i].routed;
		pot->delivered[i] += s->deltas[i].delivered;
		pot->forgiven[i] += s->deltas[i].forgiven;
	}
	pot_return(pot, holder);
	memcpy(holder->unreachable, s->unreachable, sizeof(holder->unreachable));
	holder->absent = false;
	if (elect)
		pot_tidy(pot, INFINITY);
	pot_tidy(pot, s->catchup_max);
	if (s->expected_messages > 0)
		take(pot, holder, s);
}
