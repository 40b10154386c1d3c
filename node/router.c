#include "node/router.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"

#define HEARTBEAT_US 1000000
#define FLUSH_US 100000 /* counters of a slow worker are told at least so often */

const char *const router_mode_names[] = { "exact", "leased", "away" };
static_assert(ARRAY_LEN(router_mode_names) == ROUTER_MODES, "every mode has a name");

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_away(const struct router *r)
{
	return r->is_overdue || !settler_is_up(&r->settler);
}

/* For node_info in the registry, which operators see as the node's mode. */
static void describe(struct router *r)
{
	cJSON *json = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(json, "mode", router_mode_names[r->mode]);
	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	cJSON_AddNumberToObject(json, "pid", getpid());
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	buf_clear(&r->node_info);
	buf_append_str(&r->node_info, text ? text : "{}");
	free(text);
	r->node_info_is_new = true;
}

static void show_mode(struct router *r)
{
	enum router_mode mode = is_away(r)     ? ROUTER_AWAY
				: r->is_leased ? ROUTER_LEASED
					       : ROUTER_EXACT;

	if (mode == r->mode && r->node_info.len)
		return;
	metrics_set(r->config.metrics, M_MODE, r->mode, 0);
	metrics_set(r->config.metrics, M_MODE, mode, 1);
	r->mode = mode;
	describe(r);
}

static void arm_tick(struct router *r, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	evtimer_add(r->tick, &tv);
}

/* ---- one packet ---- */

static void place(struct router *r, int slot, struct packet *p)
{
	if (slot >= 0)
		dispatch_push(&r->dispatch, (unsigned)slot, p);
	else
		r->config.on_unplaced(r->config.arg, p);
}

static void route_here(struct router *r, struct packet *p)
{
	place(r, ledger_route(&r->ledger, p->n_messages, r->dispatch.reach), p);
}

/* It has its accrual already, from Redis or from here, and was refunded. False: nobody can take it.
 */
static bool route_again(struct router *r, struct packet *p)
{
	bool reach[ROSTER_MAX_SLOTS];
	int slot;

	/* Redis may have chosen a slot that the lanes do not know yet */
	for (unsigned i = 0; i < r->ledger.n_slots; i++)
		reach[i] = r->dispatch.reach[i] && !packet_was_tried(p, i);
	slot = ledger_reroute(&r->ledger, p->n_messages, reach);
	if (slot < 0)
		ledger_give_up(&r->ledger, p->n_messages);
	place(r, slot, p);
	return slot >= 0;
}

static void on_taken_back(void *arg, unsigned slot, struct packet *p, bool tried)
{
	struct router *r = arg;

	ledger_refund(&r->ledger, slot, p->n_messages);
	p->slot = SLOT_NONE;
	if (tried && packet_mark_tried(p, slot) != 0) {
		ledger_give_up(&r->ledger, p->n_messages);
		r->config.on_unplaced(r->config.arg, p);
	} else if (route_again(r, p)) {
		metrics_add(r->config.metrics, M_REROUTED_PACKETS, 0, 1);
	}
}

static void on_delivered(void *arg, unsigned slot, const char *analyzer, struct packet *p)
{
	struct router *r = arg;

	ledger_count_delivered(&r->ledger, slot, 1, p->n_messages);
	metrics_add(r->config.metrics, M_DELIVERED_PACKETS, slot, 1);
	metrics_add(r->config.metrics, M_DELIVERED_MESSAGES, slot, p->n_messages);
	r->is_shown = false;
	r->config.on_delivered(r->config.arg, p, analyzer);
}

/* What is refused as bad counts for nobody. */
static void on_bad(void *arg, unsigned slot, const char *analyzer, struct packet *p, int status)
{
	struct router *r = arg;

	ledger_refund(&r->ledger, slot, p->n_messages);
	ledger_give_up(&r->ledger, p->n_messages);
	r->config.on_bad(r->config.arg, p, analyzer, status);
}

static void on_reach(void *arg)
{
	struct router *r = arg;

	dispatch_write_not_now(&r->dispatch, &r->not_now);
	dispatch_write_unreachable(&r->dispatch, &r->unreachable);
}

static void arm_deadline(struct router *r, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	if (!evtimer_pending(r->deadline, NULL))
		evtimer_add(r->deadline, &tv);
}

void router_submit(struct router *r, struct packet *p)
{
	window_count(&r->window, p->n_messages);
	r->is_shown = false;
	if (r->tick_is_slow) {
		r->tick_is_slow = false;
		r->window.start_us = p->received_us;
		arm_tick(r, r->window.min_us);
	}
	if (is_away(r)) {
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		route_here(r, p);
	} else if (r->is_leased && p->n_messages <= r->config.exact_messages) {
		route_here(r, p);
	} else {
		p->waiting_us = clock_mono_us();
		packet_queue_push(&r->pending, p);
		arm_deadline(r, r->config.redis_timeout_us);
	}
}

/* ---- waiting for Redis, but not for long ---- */

static void route_pending_here(struct router *r)
{
	struct packet *p;

	while ((p = packet_queue_pop(&r->pending))) {
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		route_here(r, p);
	}
}

/* The packets of the unanswered route call go now; their accrual comes with the answer. */
static void route_flight_here(struct router *r)
{
	for (unsigned i = 0; i < r->flight.n; i++) {
		struct packet *p = r->flight.packets[i];
		int slot;

		if (!p)
			continue;
		slot = ledger_route_owed(&r->ledger, p->n_messages, r->dispatch.reach);
		if (slot < 0)
			continue; /* nobody can take it: it may wait for the answer */
		r->flight.packets[i] = NULL;
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		place(r, slot, p);
	}
}

static void go_away(struct router *r, const char *why)
{
	if (!r->is_overdue)
		log_warn("router", "routing without Redis", "worker", "%s", r->config.worker,
			 "reason", "%s", why);
	r->is_overdue = r->settler.call != CALL_NONE;
	route_flight_here(r);
	route_pending_here(r);
	show_mode(r);
}

/* Since when the packet that has waited longest for Redis does; UINT64_MAX: none waits. */
static uint64_t oldest_us(const struct router *r)
{
	for (unsigned i = 0; i < r->flight.n; i++)
		if (r->flight.packets[i])
			return r->flight.packets[i]->waiting_us;
	return r->pending.head ? r->pending.head->waiting_us : UINT64_MAX;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	uint64_t now = clock_mono_us(), oldest = oldest_us(r), due;

	(void)fd;
	(void)what;
	if (oldest == UINT64_MAX)
		return;
	due = oldest + r->config.redis_timeout_us;
	if (now >= due)
		go_away(r, "no answer in time");
	else
		arm_deadline(r, due - now);
}

/* ---- answers of Redis ---- */

static void take_choice(struct router *r, unsigned i, unsigned choice)
{
	struct packet *p = r->flight.packets[i];
	unsigned n_messages = r->flight.sizes[i];

	if (!p) {
		ledger_resolve(&r->ledger, n_messages, choice == ROUTE_NONE ? -1 : (int)choice);
	} else if (choice == ROUTE_NONE || choice >= ROSTER_MAX_SLOTS) {
		route_here(r, p);
	} else if (r->dispatch.reach[choice]) {
		dispatch_push(&r->dispatch, choice, p);
	} else {
		ledger_refund(&r->ledger, choice, n_messages);
		route_again(r, p);
	}
}

static void on_route_answer(struct router *r, const struct settlement_answer *answer)
{
	unsigned n = r->flight.n;

	r->flight.n = 0;
	for (unsigned i = 0; i < n; i++)
		take_choice(r, i,
			    answer->status == SETTLEMENT_OK ? settlement_choice(answer, i)
							    : ROUTE_NONE);
}

static void on_settle_answer(struct router *r, const struct settlement_answer *answer)
{
	if (answer->status == SETTLEMENT_BEHIND) {
		ledger_undone(&r->ledger);
		r->node_info_is_new = true;
		return;
	}
	ledger_done(&r->ledger, answer);
	r->is_leased = r->settler.request.expected_messages > 0;
	r->is_shown = r->settler.request.idle;
	r->has_left = r->settler.request.leaving;
	r->settled_us = clock_mono_us();
}

static void on_answer(void *arg, enum settler_call call, const struct settlement_answer *answer)
{
	struct router *r = arg;

	if (answer->status == SETTLEMENT_FAILED) {
		go_away(r, "no answer");
		return;
	}
	if (r->is_overdue)
		log_info("router", "Redis answers again", "worker", "%s", r->config.worker);
	r->is_overdue = false;
	if (answer->status == SETTLEMENT_OK)
		window_set_min(&r->window, answer->window_us);
	if (call == CALL_ROUTE)
		on_route_answer(r, answer);
	else
		on_settle_answer(r, answer);
	show_mode(r);
	if (answer->status == SETTLEMENT_BEHIND || !r->roster || answer->epoch > r->roster->epoch)
		r->config.on_behind(r->config.arg);
}

static void on_up(void *arg, bool up)
{
	struct router *r = arg;

	if (up) {
		describe(r); /* an emptied Redis has forgotten it */
		r->settle_is_due = true;
	} else {
		r->is_leased = false;
		go_away(r, "not connected");
	}
	show_mode(r);
}

/* ---- windows ---- */

/* "" = as before. It stays as it is until the call is answered. */
static const char *take_node_info(struct router *r)
{
	buf_clear(&r->node_info_sent);
	if (r->node_info_is_new)
		buf_append(&r->node_info_sent, r->node_info.data, r->node_info.len);
	r->node_info_is_new = false;
	return buf_str(&r->node_info_sent);
}

static void start_settle(struct router *r)
{
	struct settle_request request = {
		.deltas = r->ledger.sent,
		.n_slots = r->ledger.n_slots,
		.expected_messages = r->is_leaving ? 0 : r->window.expected_messages,
		.node_info = take_node_info(r),
		.idle = !r->is_shown && r->is_quiet,
		.leaving = r->is_leaving,
	};

	ledger_forgive(&r->ledger);
	ledger_begin(&r->ledger);
	r->settle_is_due = false;
	settler_settle(&r->settler, &request);
}

static void start_route(struct router *r)
{
	struct flight *f = &r->flight;
	struct packet *p;

	f->n = 0;
	while (f->n < ROUTE_MAX_PACKETS && (p = packet_queue_pop(&r->pending))) {
		f->sizes[f->n] = p->n_messages;
		f->packets[f->n++] = p;
	}
	settler_route(&r->settler, f->sizes, f->n);
}

static bool has_work(const struct router *r)
{
	return r->is_leased || r->window.n_packets || !r->is_shown || ledger_is_dirty(&r->ledger);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	uint64_t now = clock_mono_us(), since_us = now - r->settled_us;
	bool works = has_work(r);

	(void)fd;
	(void)what;
	r->is_quiet = r->window.n_packets == 0;
	window_close(&r->window, now, r->n_eligible);
	if (r->is_leased || r->window.expected_messages > 0 || since_us >= HEARTBEAT_US ||
	    (works && since_us >= max_u64(FLUSH_US, 10 * r->window.min_us)))
		r->settle_is_due = true;
	if (r->settle_is_due && settler_is_idle(&r->settler))
		start_settle(r);
	r->tick_is_slow = !works;
	arm_tick(r, works ? r->window.length_us : HEARTBEAT_US);
}

void router_turn(struct router *r)
{
	if (settler_is_idle(&r->settler)) {
		if (r->settle_is_due)
			start_settle(r);
		else if (r->pending.n_packets)
			start_route(r);
	}
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
					  .catchup_max_messages = config->catchup_max_messages,
					  .on_answer = on_answer,
					  .on_up = on_up,
					  .arg = r };
	struct dispatch_events events = { .on_delivered = on_delivered,
					  .on_taken_back = on_taken_back,
					  .on_bad = on_bad,
					  .on_reach = on_reach,
					  .arg = r };

	memset(r, 0, sizeof(*r));
	r->config = *config;
	r->settled_us = clock_mono_us();
	window_init(&r->window, r->settled_us);
	r->is_shown = true;
	packet_queue_init(&r->pending);
	ledger_init(&r->ledger, config->catchup_max_messages);
	r->tick = evtimer_new(config->base, on_tick, r);
	r->deadline = evtimer_new(config->base, on_deadline, r);
	if (!r->tick || !r->deadline ||
	    dispatch_init(&r->dispatch, config->base, &config->lane, &events) != 0 ||
	    settler_init(&r->settler, &settler, &r->not_now, &r->unreachable) != 0)
		return -ENOMEM;
	show_mode(r);
	arm_tick(r, r->window.length_us);
	return 0;
}

void router_deinit(struct router *r)
{
	struct packet *p;

	for (unsigned i = 0; i < r->flight.n; i++)
		if (r->flight.packets[i])
			r->config.on_unplaced(r->config.arg, r->flight.packets[i]);
	r->flight.n = 0;
	while ((p = packet_queue_pop(&r->pending)))
		r->config.on_unplaced(r->config.arg, p);
	dispatch_deinit(&r->dispatch);
	settler_deinit(&r->settler);
	if (r->tick)
		event_free(r->tick);
	if (r->deadline)
		event_free(r->deadline);
	roster_unref(r->roster);
	buf_deinit(&r->not_now);
	buf_deinit(&r->unreachable);
	buf_deinit(&r->node_info);
	buf_deinit(&r->node_info_sent);
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
	on_reach(r);
	roster_unref(r->roster);
	r->roster = roster_ref(roster);
	r->settler.caller.epoch = roster->epoch;
}

bool router_can_place(const struct router *r)
{
	return r->dispatch.n_reachable > 0;
}

unsigned router_n_packets(const struct router *r)
{
	return r->pending.n_packets + r->flight.n + dispatch_n_packets(&r->dispatch);
}

void router_leave(struct router *r)
{
	r->is_leaving = true;
	r->settle_is_due = true;
}

bool router_has_left(const struct router *r)
{
	return r->has_left || !settler_is_up(&r->settler);
}
