/*
 * One packet: placed, placed again, or given back; and the lanes' word of what became of it.
 */
#include "node/route/router_place.h"

#include "node/node_metrics.h"
#include "node/packet/suspicion.h"

void router_set_phase(struct router *r, enum router_phase phase)
{
	assert(phase >= r->phase);
	r->phase = phase;
}

void router_place(struct router *r, int slot, struct packet *p)
{
	if (slot >= 0)
		dispatch_push(&r->dispatch, (unsigned)slot, p);
	else
		r->config.on_unplaced(r->config.arg, p);
}

void router_route_here(struct router *r, struct packet *p)
{
	router_place(r, ledger_route(&r->ledger, p->n_messages, r->dispatch.reach), p);
}

/* One of those in `from` where it was not tried; -1: there is none. */
static int choose_again(struct router *r, const struct packet *p, const bool *from)
{
	bool reach[ROSTER_MAX_SLOTS];

	/* Redis may have chosen a slot that the lanes do not know yet */
	for (unsigned i = 0; i < r->ledger.n_slots; i++)
		reach[i] = from[i] && !packet_was_tried(p, i);
	return ledger_reroute(&r->ledger, p->n_messages, reach);
}

bool router_route_again(struct router *r, struct packet *p)
{
	bool well[ROSTER_MAX_SLOTS];
	int slot = -1;

	if (suspicion_n_failures(p) && dispatch_find_well(&r->dispatch, false, well))
		slot = choose_again(r, p, well);
	if (slot < 0)
		slot = choose_again(r, p, r->dispatch.reach);
	if (slot < 0)
		ledger_give_up(&r->ledger, p->n_messages);
	router_place(r, slot, p);
	return slot >= 0;
}

static void refund(struct router *r, unsigned slot, const struct packet *p)
{
	if (slot == SLOT_NONE)
		ledger_refund_gone(&r->ledger, p->n_messages);
	else
		ledger_refund(&r->ledger, slot, p->n_messages);
}

void router_on_taken_back(void *arg, unsigned slot, struct packet *p, enum reroute_reason reason,
			  bool tried)
{
	struct router *r = arg;

	assert(p->slot != SLOT_NONE);
	refund(r, slot, p);
	p->slot = SLOT_NONE;
	if (suspicion_is_suspect(p) ||
	    (reason == REROUTE_TIMEOUT && r->config.is_overdue(r->config.arg, p)) ||
	    (tried && slot != SLOT_NONE && packet_mark_tried(p, slot) != 0)) {
		ledger_give_up(&r->ledger, p->n_messages);
		r->config.on_unplaced(r->config.arg, p);
	} else if (router_route_again(r, p)) {
		metrics_add(r->config.metrics, M_REROUTED_PACKETS, reason, 1);
	}
}

/* Of one that has no slot any more nobody knows what it got. */
static void count_delivered(struct router *r, unsigned slot, unsigned n_packets,
			    uint32_t n_messages)
{
	r->untold |= UNTOLD_MOVES;
	if (slot == SLOT_NONE)
		return;
	ledger_count_delivered(&r->ledger, slot, n_packets, n_messages);
	metrics_add(r->config.metrics, M_DELIVERED_PACKETS, slot, n_packets);
	metrics_add(r->config.metrics, M_DELIVERED_MESSAGES, slot, n_messages);
}

void router_on_delivered(void *arg, unsigned slot, const char *analyzer, struct packet *p)
{
	struct router *r = arg;

	count_delivered(r, slot, 1, p->n_messages);
	r->config.on_delivered(r->config.arg, p, analyzer);
}

/* The packet itself is counted where the rest of it ends. */
void router_on_part_delivered(void *arg, unsigned slot, uint32_t n_messages)
{
	struct router *r = arg;

	count_delivered(r, slot, 0, n_messages);
	r->config.on_part_delivered(r->config.arg, n_messages);
}

/* What is refused as bad counts for nobody. */
void router_on_bad(void *arg, unsigned slot, const char *analyzer, struct packet *p, int status)
{
	struct router *r = arg;

	refund(r, slot, p);
	ledger_give_up(&r->ledger, p->n_messages);
	r->config.on_bad(r->config.arg, p, analyzer, status);
}
