#ifndef WEIR_NODE_LEDGER_H
#define WEIR_NODE_LEDGER_H
/*
 * The credit ledger of one worker: how many messages each analyzer is owed. Smooth weighted round
 * robin, by messages, on a vector that sums to 0; lua/settle.lua and lua/route.lua keep the other
 * holders of the same credit. Pure: no I/O, no clock.
 *
 *   route     credit_i += s_i * n for all eligible i; the reachable b with the greatest
 *             credit + offset; credit_b -= n
 *   refund    credit_b += n, after a delivery that failed; then choose again, without accruing
 *   settle    tells Redis by how much the vector changed, gets a new one for the next window
 *
 * Credit owed to one that cannot be reached is borne by the others by their shares: the choice is
 * made on credit_i + s_i * k, with k such that the reachable ones sum to n. k is 0 while all are
 * reachable.
 *
 * The offsets keep the mean credit of each analyzer at 0. Without them large packets go to the
 * analyzer with the largest share, which is then ahead for a long time, with all workers alike.
 *
 * Invariant, over a whole cluster and for every i, while shares do not change:
 *   pot_i + sum of held_i + sum of changes_i = s_i * routed - routed_i      and every holder sums
 * to 0.
 */
#include <stdbool.h>

#include "registry/settlement.h"

struct ledger {
	unsigned n_slots;
	double catchup_max_messages;     /* most that an analyzer is owed; the rest is forgiven */
	double share[ROSTER_MAX_SLOTS];  /* sums to 1, or all 0 while nobody is eligible */
	double credit[ROSTER_MAX_SLOTS]; /* what choices are made on, with offset */
	double offset[ROSTER_MAX_SLOTS]; /* messages; against the mean credit; within +-largest */
	double largest;                  /* packet of late, in messages: it is forgotten slowly */
	unsigned n_routed;               /* packets, to look at the credit after each few */
	double base[ROSTER_MAX_SLOTS]; /* credit - base: changes that no call has told Redis yet */
	double owed; /* messages routed here whose accrual an unanswered route call brings */
	struct settlement_delta
		changes[ROSTER_MAX_SLOTS]; /* since the last begin; its credit is not used */
	struct settlement_delta sent[ROSTER_MAX_SLOTS]; /* in the call under way */
};

void ledger_init(struct ledger *l, double catchup_max_messages);

/*
 * New shares for n_slots slots (borrowed for the call). moved[i]: where old slot i is now, -1: it
 * is another's, or there is no such slot any more: what its analyzer got since the last begin is
 * forgotten. NULL: all stay, as they do where an analyzer left. Who is not eligible any more keeps
 * no credit: it is spread over the others.
 */
void ledger_set_shares(struct ledger *l, unsigned n_slots, const double *share, const int *moved);

/* `reach[i]`: slot i can take a packet now. All return the slot, or -1: none can, nothing was
 * changed. */
int ledger_route(struct ledger *l, unsigned n_messages, const bool *reach);
/* Of a packet in an unanswered route call: that call will bring the accrual (see resolve). */
int ledger_route_owed(struct ledger *l, unsigned n_messages, const bool *reach);
/* Again, after a refund. */
int ledger_reroute(struct ledger *l, unsigned n_messages, const bool *reach);
void ledger_refund(struct ledger *l, unsigned slot, unsigned n_messages);
/* The same for one that has no place any more: its credit was spread, and so is the refund. */
void ledger_refund_gone(struct ledger *l, unsigned n_messages);
/* A refunded packet that goes nowhere: as if it had never come. */
void ledger_give_up(struct ledger *l, unsigned n_messages);

/*
 * The late answer for a packet that went through ledger_route_owed: Redis had it routed to `slot`
 * (-1: nowhere), which it was not.
 */
void ledger_resolve(struct ledger *l, unsigned n_messages, int slot);

void ledger_count_delivered(struct ledger *l, unsigned slot, unsigned n_packets,
			    unsigned n_messages);

/* Whether there is anything that Redis does not know. */
bool ledger_is_dirty(const struct ledger *l);
/* Forgives what is beyond catchup_max_messages. */
void ledger_forgive(struct ledger *l);

/* The changes become `sent`; call only when the previous call has ended in done or undone.
 * counts: also what was delivered and forgiven, which nothing depends on. */
void ledger_begin(struct ledger *l, bool counts);
/* Redis has applied `sent`; taken: the credit lent for the next window, by slot. */
void ledger_done(struct ledger *l, const struct settlement_answer *taken);
/* Redis has not applied `sent` and never will. */
void ledger_undone(struct ledger *l);

#endif
