#include "node/route/router_calls.h"

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"

#define HEARTBEAT_US 1000000
#define LONG_SILENCE_US (3 * HEARTBEAT_US) /* the registry may have given this worker up since */
#define FLUSH_US 100000 /* counters of a slow worker are told at least so often */
#define ACCOUNTS_US                                                                                \
	500000 /* accounts and counts are told at most so often, but for the last time */

const char *const router_mode_names[] = { "exact", "leased", "away" };
static_assert(ARRAY_LEN(router_mode_names) == ROUTER_MODES, "every mode has a name");

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* For node_info in the registry, which operators see as the node's mode. */
static void describe(struct router *r)
{
	cJSON *json = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(json, "mode", router_mode_names[r->mode]);
	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	if (r->config.identity)
		identity_write(r->config.identity, json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	buf_clear(&r->node_info);
	buf_append_str(&r->node_info, text ? text : "{}");
	free(text);
	r->untold |= UNTOLD_INFO;
}

/* Nothing else writes the mode. */
static void set_mode(struct router *r, enum router_mode mode)
{
	if (mode == r->mode)
		return;
	metrics_set(r->config.metrics, M_MODE, r->mode, 0);
	metrics_set(r->config.metrics, M_MODE, mode, 1);
	r->mode = mode;
	describe(r);
}

/* Redis owes no answer: unless the link is down, it is there. */
static void come_back(struct router *r)
{
	if (settler_is_up(&r->settler))
		set_mode(r, r->leased_messages > 0 ? ROUTER_LEASED : ROUTER_EXACT);
}

static void arm_tick(struct router *r, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	evtimer_add(r->tick, &tv);
}

static void arm_deadline(struct router *r, uint64_t delay_us)
{
	struct timeval tv = clock_timeval(delay_us);

	if (!evtimer_pending(r->deadline, NULL))
		evtimer_add(r->deadline, &tv);
}

bool router_is_big(const struct router *r, const struct packet *p)
{
	return p->n_messages > r->config.exact_messages &&
	       window_stands_out(&r->window, p->n_messages);
}

void router_count(struct router *r, const struct packet *p, bool is_big)
{
	window_count(&r->window, p->n_messages, is_big);
	r->untold |= UNTOLD_MOVES;
	if (r->pace != ROUTER_IDLE)
		return;
	r->pace = ROUTER_QUIET;
	r->window.start_us = clock_mono_us();
	arm_tick(r, r->window.min_us);
}

void router_wait(struct router *r, struct packet *p)
{
	p->waiting_us = clock_mono_us();
	packet_queue_push(&r->pending, p);
	arm_deadline(r, r->config.redis_timeout_us);
}

/* ---- waiting for Redis, but not for long ---- */

static void route_pending_here(struct router *r)
{
	struct packet *p;

	while ((p = packet_queue_pop(&r->pending))) {
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		router_route_here(r, p);
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
		r->flight.packets[i] = NULL;
		r->flight.is_given_up[i] = slot < 0;
		metrics_add(r->config.metrics, M_LOCAL_PACKETS, 0, 1);
		router_place(r, slot, p);
	}
}

void router_wait_no_longer(struct router *r)
{
	route_flight_here(r);
	route_pending_here(r);
}

static void go_away(struct router *r, const char *why)
{
	if (r->mode != ROUTER_AWAY)
		log_warn("router", "routing without Redis", "worker=%s reason=%s", r->config.worker,
			 why);
	if (r->settler.call != CALL_NONE || !settler_is_up(&r->settler))
		set_mode(r, ROUTER_AWAY);
	router_wait_no_longer(r);
}

/* Since when the packet that has waited longest for Redis does; UINT64_MAX: none waits. */
static uint64_t oldest_us(const struct router *r)
{
	for (unsigned i = 0; i < r->flight.n; i++)
		if (r->flight.packets[i])
			return r->flight.packets[i]->waiting_us;
	return r->pending.head ? r->pending.head->waiting_us : UINT64_MAX;
}

void router_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	uint64_t now = clock_mono_us(), oldest = oldest_us(r), due;

	(void)fd;
	(void)what;
	if (oldest == UINT64_MAX)
		return;
	assert(oldest <= now);
	due = oldest + r->config.redis_timeout_us;
	if (now >= due)
		go_away(r, "no answer in time");
	else
		arm_deadline(r, due - now);
}

/* ---- answers of Redis ---- */

/* slot -1: Redis chose none, and changed nothing. */
static void take_choice(struct router *r, unsigned i, int slot)
{
	struct packet *p = r->flight.packets[i];
	unsigned n_messages = r->flight.sizes[i];

	if (r->flight.is_given_up[i]) {
		if (slot >= 0) {
			ledger_refund(&r->ledger, (unsigned)slot, n_messages);
			ledger_give_up(&r->ledger, n_messages);
		}
	} else if (!p) {
		ledger_resolve(&r->ledger, n_messages, slot);
	} else if (slot < 0) {
		router_route_here(r, p);
	} else if (r->dispatch.reach[slot]) {
		dispatch_push(&r->dispatch, (unsigned)slot, p);
	} else {
		ledger_refund(&r->ledger, (unsigned)slot, n_messages);
		router_route_again(r, p);
	}
}

static void on_route_answer(struct router *r, const struct settlement_answer *answer)
{
	unsigned n = r->flight.n;

	assert(n > 0);
	r->flight.n = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned choice =
			answer->status == SETTLEMENT_OK ? settlement_choice(answer, i) : ROUTE_NONE;

		take_choice(r, i, choice < ROSTER_MAX_SLOTS ? (int)choice : -1);
	}
}

static void on_settle_answer(struct router *r, const struct settlement_answer *answer)
{
	if (answer->status == SETTLEMENT_BEHIND) {
		ledger_undone(&r->ledger);
		r->untold |= UNTOLD_INFO;
		return;
	}
	ledger_done(&r->ledger, answer);
	r->leased_messages = r->settler.request.expected_messages;
	if (r->settler.request.idle)
		r->untold &= ~UNTOLD_MOVES;
	else
		r->untold |= UNTOLD_MOVES;
	if (r->settler.request.leaving)
		router_set_phase(r, ROUTER_LEFT);
	r->settled_us = clock_mono_us();
	come_back(r);
}

void router_on_answer(void *arg, enum settler_call call, const struct settlement_answer *answer)
{
	struct router *r = arg;

	if (answer->status == SETTLEMENT_FAILED) {
		go_away(r, "no answer");
		return;
	}
	if (r->mode == ROUTER_AWAY)
		log_info("router", "Redis answers again", "worker=%s", r->config.worker);
	come_back(r);
	if (answer->status == SETTLEMENT_OK) {
		window_set_bounds(&r->window, answer->window_us, answer->window_max_us);
		budget_set_prices(&r->budget, answer->route_call_us, answer->route_packet_us);
	}
	if (call == CALL_ROUTE)
		on_route_answer(r, answer);
	else
		on_settle_answer(r, answer);
	if (answer->status == SETTLEMENT_BEHIND || !r->roster || answer->epoch > r->roster->epoch)
		r->config.on_behind(r->config.arg);
}

void router_on_up(void *arg, bool up)
{
	struct router *r = arg;

	if (up) {
		describe(r); /* an emptied Redis has forgotten it */
		r->untold |= UNTOLD_CHANGES;
		if (r->settler.call == CALL_NONE)
			come_back(r);
	} else {
		r->leased_messages = 0;
		go_away(r, "not connected");
	}
}

void router_write_not_now(void *arg, struct buf *out)
{
	const struct router *r = arg;

	dispatch_write_not_now(&r->dispatch, out);
}

void router_write_unreachable(void *arg, struct buf *out)
{
	const struct router *r = arg;

	dispatch_write_unreachable(&r->dispatch, out);
}

void router_write_slow(void *arg, struct buf *out)
{
	const struct router *r = arg;

	dispatch_write_slow(&r->dispatch, out);
}

/* ---- windows ---- */

/* "" = as before. It stays as it is until the call is answered. A worker that was silent for long, as its
 * process was stopped, may have lost its info with its lease. */
static const char *take_node_info(struct router *r, uint64_t now_us)
{
	if (r->called_us && now_us - r->called_us >= LONG_SILENCE_US)
		r->untold |= UNTOLD_INFO;
	r->called_us = now_us;
	buf_clear(&r->node_info_sent);
	if (r->untold & UNTOLD_INFO)
		buf_append(&r->node_info_sent, r->node_info.data, r->node_info.len);
	r->untold &= ~UNTOLD_INFO;
	return buf_str(&r->node_info_sent);
}

/* "" = as before. */
static const char *take_accounts(struct router *r, bool is_due)
{
	buf_clear(&r->accounts_sent);
	if (is_due)
		r->config.write_accounts(r->config.arg, &r->accounts_sent);
	return buf_str(&r->accounts_sent);
}

static void start_settle(struct router *r)
{
	uint64_t now = clock_mono_us();
	bool is_idle = (r->untold & UNTOLD_ROSTER) ||
		       ((r->untold & UNTOLD_MOVES) && r->pace != ROUTER_BUSY);
	bool is_leaving = r->phase != ROUTER_STAYING;
	bool tells_all = is_idle || is_leaving || now - r->accounts_us >= ACCOUNTS_US;
	struct settle_request request = {
		.deltas = r->ledger.sent,
		.n_slots = r->ledger.n_slots,
		.counts = tells_all,
		.expected_messages = is_leaving ? 0 : r->window.expected_messages,
		.node_info = take_node_info(r, now),
		.accounts = take_accounts(r, tells_all),
		.idle = is_idle,
		.leaving = is_leaving,
	};

	ledger_forgive(&r->ledger);
	ledger_begin(&r->ledger, tells_all);
	if (tells_all)
		r->accounts_us = now;
	r->untold &= ~(UNTOLD_CHANGES | UNTOLD_ROSTER);
	settler_settle(&r->settler, &request);
}

static void start_route(struct router *r)
{
	struct flight *f = &r->flight;
	struct packet *p;

	assert(f->n == 0);
	while (f->n < ROUTE_MAX_PACKETS && (p = packet_queue_pop(&r->pending))) {
		f->sizes[f->n] = p->n_messages;
		f->is_given_up[f->n] = false;
		f->packets[f->n++] = p;
	}
	budget_spend(&r->budget, clock_mono_us(), f->n);
	settler_route(&r->settler, f->sizes, f->n);
}

/* False: not yet; the loop is woken when it may. */
static bool may_route(struct router *r)
{
	uint64_t now = clock_mono_us();
	struct timeval tv;

	if (now >= r->budget.next_us)
		return true;
	tv = clock_timeval(r->budget.next_us - now);
	if (!evtimer_pending(r->pause, NULL))
		evtimer_add(r->pause, &tv);
	return false;
}

/* What is due is done at the end of the loop's turn. */
void router_on_pause(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static bool has_work(const struct router *r)
{
	return r->leased_messages > 0 || r->window.n_packets || (r->untold & UNTOLD_MOVES) ||
	       ledger_is_dirty(&r->ledger);
}

void router_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	uint64_t now = clock_mono_us(), since_us = now - r->settled_us;
	bool works = has_work(r);

	(void)fd;
	(void)what;
	r->pace = r->window.n_packets ? ROUTER_BUSY : works ? ROUTER_QUIET : ROUTER_IDLE;
	window_close(&r->window, now, r->n_eligible, &r->budget);
	if (r->leased_messages > 0 || r->window.expected_messages > 0 || since_us >= HEARTBEAT_US ||
	    (works && since_us >= max_u64(FLUSH_US, 10 * r->window.min_us)))
		r->untold |= UNTOLD_CHANGES;
	if ((r->untold & UNTOLD_CHANGES) && settler_is_idle(&r->settler))
		start_settle(r);
	arm_tick(r, works ? r->window.length_us : HEARTBEAT_US);
}

void router_call(struct router *r)
{
	if (!settler_is_idle(&r->settler))
		return;
	if (r->untold & UNTOLD_CHANGES)
		start_settle(r);
	else if (r->pending.n_packets && may_route(r))
		start_route(r);
}

void router_start_calls(struct router *r)
{
	set_mode(r, ROUTER_AWAY);
	arm_tick(r, r->window.length_us);
}
