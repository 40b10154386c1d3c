#include "node/route/router.h"

#include <string.h>

#include "common/clock.h"
#include "node/node_metrics.h"
#include "node/route/router_calls.h"

void router_submit(struct router *r, struct packet *p)
{
	bool is_big = router_is_big(r, p);

	router_count(r, p, is_big);
	if (r->mode == ROUTER_AWAY) {
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		router_route_here(r, p);
	} else if (r->mode == ROUTER_LEASED && !(is_big && r->window.big_is_exact)) {
		router_route_here(r, p);
	} else {
		router_wait(r, p);
	}
}

bool router_submit_suspect(struct router *r, struct packet *p)
{
	bool well[ROSTER_MAX_SLOTS];

	if (!dispatch_find_well(&r->dispatch, true, well))
		return false;
	router_place(r, ledger_route(&r->ledger, p->n_messages, well), p);
	return true;
}

void router_turn(struct router *r)
{
	router_call(r);
	dispatch_flush(&r->dispatch);
}

/* ---- life ---- */

int router_init(struct router *r, const struct router_config *config)
{
	struct settler_config settler = { .base = config->base,
					  .url = config->url,
					  .keys = config->keys,
					  .metrics = config->metrics,
					  .worker = config->worker,
					  .token = config->token,
					  .catchup_max_messages = config->catchup_max_messages,
					  .on_answer = router_on_answer,
					  .on_up = router_on_up,
					  .write_not_now = router_write_not_now,
					  .write_unreachable = router_write_unreachable,
					  .write_slow = router_write_slow,
					  .arg = r };
	struct dispatch_events events = { .on_delivered = router_on_delivered,
					  .on_part_delivered = router_on_part_delivered,
					  .on_taken_back = router_on_taken_back,
					  .on_bad = router_on_bad,
					  .arg = r };

	memset(r, 0, sizeof(*r));
	r->config = *config;
	r->settled_us = clock_mono_us();
	window_init(&r->window, r->settled_us);
	budget_init(&r->budget, config->redis_timeout_us / 2);
	packet_queue_init(&r->pending);
	ledger_init(&r->ledger, config->catchup_max_messages);
	r->tick = evtimer_new(config->base, router_on_tick, r);
	r->deadline = evtimer_new(config->base, router_on_deadline, r);
	r->pause = evtimer_new(config->base, router_on_pause, r);
	if (!r->tick || !r->deadline || !r->pause ||
	    dispatch_init(&r->dispatch, config->base, &config->lane, &events) != 0 ||
	    settler_init(&r->settler, &settler) != 0)
		return -ENOMEM;
	router_start_calls(r);
	return 0;
}

void router_end_deliveries(struct router *r)
{
	dispatch_end(&r->dispatch);
	router_wait_no_longer(r);
}

void router_deinit(struct router *r)
{
	assert(router_n_packets(r) == 0);
	dispatch_deinit(&r->dispatch);
	settler_deinit(&r->settler);
	if (r->tick)
		event_free(r->tick);
	if (r->deadline)
		event_free(r->deadline);
	if (r->pause)
		event_free(r->pause);
	roster_unref(r->roster);
	buf_deinit(&r->node_info);
	buf_deinit(&r->node_info_sent);
	buf_deinit(&r->accounts_sent);
}

/* Where each old slot is in the new roster. False: all are where they were. */
static bool find_moves(const struct roster *old, const struct roster *new, unsigned n_slots,
		       int *moved)
{
	bool any = false;

	for (unsigned i = 0; i < n_slots; i++) {
		const struct analyzer *was = old ? old->by_slot[i] : NULL, *is;

		is = was ? roster_find(new, was->id) : NULL;
		if (is)
			moved[i] = (int)is->slot;
		else if (i >= new->n_slots ||
			 (was && new->by_slot[i])) /* an emptied Redis has fewer slots */
			moved[i] = -1;
		else
			moved[i] = (int)i;
		any |= moved[i] != (int)i;
	}
	return any;
}

void router_set_roster(struct router *r, struct roster *roster)
{
	double share[ROSTER_MAX_SLOTS] = { 0 };
	int moved[ROSTER_MAX_SLOTS];
	unsigned n_slots =
		r->ledger.n_slots > r->dispatch.n_slots ? r->ledger.n_slots : r->dispatch.n_slots;
	bool any;

	any = find_moves(r->roster, roster, n_slots, moved);
	r->n_eligible = 0;
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		share[roster->analyzers[i].slot] = roster->analyzers[i].share;
		r->n_eligible += roster->analyzers[i].share > 0;
	}
	ledger_set_shares(&r->ledger, roster->n_slots, share, any ? moved : NULL);
	dispatch_set_roster(&r->dispatch, roster, any ? moved : NULL);
	roster_unref(r->roster);
	r->roster = roster_ref(roster);
	r->settler.caller.epoch = roster->epoch;
	/* what was routed by the old shares is told now: counters that are read after a change are
	 * of the new ones */
	r->untold |= UNTOLD_CHANGES | UNTOLD_ROSTER;
}

unsigned router_n_analyzers(const struct router *r)
{
	return r->roster ? r->roster->n_analyzers : 0;
}

bool router_can_place(const struct router *r)
{
	assert(r->dispatch.n_reachable <= r->dispatch.n_slots);
	return r->dispatch.n_reachable > 0;
}

unsigned router_n_packets(const struct router *r)
{
	unsigned n = r->pending.n_packets + dispatch_n_packets(&r->dispatch);

	for (unsigned i = 0; i < r->flight.n; i++)
		n += r->flight.packets[i] != NULL;
	return n;
}

void router_leave(struct router *r)
{
	if (r->phase == ROUTER_STAYING)
		router_set_phase(r, ROUTER_LEAVING);
	r->untold |= UNTOLD_CHANGES;
}

bool router_has_left(const struct router *r)
{
	return r->phase == ROUTER_LEFT || !settler_is_up(&r->settler);
}
