/*
 *            +--ack=received: 202                    +--2xx--> delivered: 202
 *   packet --+--somebody can take it--> router, lanes+--4xx--> bad: dead letter, 202
 *            |            ^                          +--nobody--+
 *            |            | on_again                            |
 *            +--nobody----+------ spill_in <--------------------+
 *                                    +--stored: 202
 *                                    +--refused: 503
 *
 * Without a fate after ack-within, a packet is put into the spill beside (spill_hold.h): 202. From then
 * on it is one of those out of the spill.
 *
 * A packet that fails again and again at analyzers that serve others (suspicion.h) waits in
 * `suspects` between its deliveries, and is a dead letter in the end.
 *
 * Packets out of the spill go the same way, but that nobody waits for an answer: where nobody takes
 * them they are parked, for they are safe where they came from.
 */
#include "node/fate.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/packet/packet_form.h"
#include "node/packet/suspicion.h"

#define ACCOUNT_US 200000
#define PARK_US 100000
#define RETRY_US 1000000
#define SPILL_ROOM_PACKETS 2048 /* more under way: nothing is taken out of the spill */

const char *const spill_reason_names[] = { "no_analyzer", "failed", "returned", "ack_within" };
static_assert(ARRAY_LEN(spill_reason_names) == SPILL_REASONS, "every reason has a name");

const char *const held_reason_names[] = { "queued", "sent" };
static_assert(ARRAY_LEN(held_reason_names) == HELD_REASONS, "every reason has a name");

/* Inline, as callers give constant kinds: the table is looked up by the compiler then. */
static inline void account(struct fate *f, enum account kind, const struct packet *p)
{
	static const struct {
		bool is_counted; /* here; others are by analyzer, or by reason */
		enum node_metric packets, messages;
	} counters[ACCOUNTS] = {
		[ACCOUNT_RECEIVED] = { true, M_RECEIVED_PACKETS, M_RECEIVED_MESSAGES },
		[ACCOUNT_TAKEN] = { true, M_TAKEN_PACKETS, M_TAKEN_MESSAGES },
		[ACCOUNT_DEAD] = { true, M_DEAD_PACKETS, M_DEAD_MESSAGES },
		[ACCOUNT_REFUSED] = { true, M_REFUSED_PACKETS, M_REFUSED_MESSAGES },
		[ACCOUNT_LOST] = { true, M_LOST_PACKETS, M_LOST_MESSAGES },
	};

	f->accounts.of[kind].packets++;
	f->accounts.of[kind].messages += p->n_messages;
	if (!counters[kind].is_counted)
		return;
	metrics_add(f->config.metrics, counters[kind].packets, 0, 1);
	metrics_add(f->config.metrics, counters[kind].messages, 0, p->n_messages);
}

/* Where it is watched. What an analyzer takes out of its body does not change that. */
static struct spill_hold *hold_of(const struct fate *f, const struct packet *p)
{
	return &f->config.spill_hold[p->hold_size];
}

static struct spill_in *in_of(const struct fate *f, const struct packet *p)
{
	return &f->config.spill_in[spill_size_of(p)];
}

static void release(struct fate *f, struct packet *p)
{
	spill_hold_forget(hold_of(f, p), p);
	packet_free_within(f->config.memory, p);
}

/* Workers share this word: it is written when it changes, and not for every packet. */
static void forget_unplaced(struct fate *f)
{
	_Atomic uint64_t *unplaced_us = &f->config.shared->health.unplaced_us;

	if (atomic_load_explicit(unplaced_us, memory_order_relaxed) != 0)
		atomic_store_explicit(unplaced_us, 0, memory_order_relaxed);
}

/* It is where it is safe: its agent may forget it. */
static void accept_packet(struct fate *f, struct packet *p, const char *analyzer)
{
	if (p->spilled)
		spill_out_done(f->config.spill_out, p);
	if (p->exchange)
		exchange_accept(f->config.connections, p, analyzer);
	forget_unplaced(f);
	release(f, p);
}

void fate_on_delivered(void *arg, struct packet *p, const char *analyzer)
{
	struct fate *f = arg;

	account(f, ACCOUNT_DELIVERED, p);
	spill_hold_note_delivery(hold_of(f, p), p);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		spill_in_note_delivery(&f->config.spill_in[size]);
	accept_packet(f, p, analyzer);
}

void fate_on_part_delivered(void *arg, uint32_t n_messages)
{
	struct fate *f = arg;

	f->accounts.of[ACCOUNT_DELIVERED].messages += n_messages;
}

static void account_spilled(struct fate *f, const struct packet *p, enum spill_reason reason)
{
	account(f, ACCOUNT_SPILLED, p);
	metrics_add(f->config.metrics, M_SPILLED_PACKETS, reason, 1);
	metrics_add(f->config.metrics, M_SPILLED_MESSAGES, reason, p->n_messages);
}

void fate_on_stored(void *arg, struct packet *p)
{
	struct fate *f = arg;

	account_spilled(f, p, p->n_attempts ? SPILL_FAILED : SPILL_NO_ANALYZER);
	accept_packet(f, p, "");
}

/* It is put into the spill and taken out of it at once, by this worker. */
void fate_on_held(void *arg, struct packet *p)
{
	struct fate *f = arg;

	assert(p->exchange && p->spilled);
	account_spilled(f, p, SPILL_ACK_WITHIN);
	account(f, ACCOUNT_TAKEN, p);
	metrics_add(f->config.metrics, M_HELD_PACKETS, p->n_attempts ? HELD_SENT : HELD_QUEUED, 1);
	exchange_accept(f->config.connections, p, "");
	p->exchange = NULL;
	forget_unplaced(f);
}

/* Its agent keeps it, and sends it again. */
static void refuse_packet(struct fate *f, struct packet *p, enum refusal refusal)
{
	assert(p->exchange && !p->spilled); /* else it is acknowledged */
	account(f, ACCOUNT_REFUSED, p);
	atomic_store_explicit(&f->config.shared->health.unplaced_us, clock_mono_us(),
			      memory_order_relaxed);
	if (p->exchange->on_fate) {
		spill_hold_forget(hold_of(f, p), p);
		exchange_give_back(f->config.connections, p, refusal);
		return;
	}
	exchange_refuse(f->config.connections, p->exchange, refusal);
	release(f, p);
}

static void arm_park_timer(struct fate *f)
{
	struct timeval tv = clock_timeval(PARK_US);

	if (!evtimer_pending(f->park_timer, NULL))
		evtimer_add(f->park_timer, &tv);
}

/* Acknowledged already, or in the spill too: it waits for better times. */
static void park(struct fate *f, struct packet *p)
{
	assert(!p->exchange); /* an agent's packet waits in spill_in, which can refuse it */
	p->waiting_us = clock_mono_us();
	packet_queue_push(&f->parked, p);
	metrics_set(f->config.metrics, M_PARKED_PACKETS, 0, f->parked.n_packets);
	arm_park_timer(f);
}

static void give_up(struct fate *f, struct packet *p)
{
	assert(p->spilled && !p->exchange); /* others can still find it in the spill */
	spill_out_give_up(f->config.spill_out, p);
	account_spilled(f, p, SPILL_RETURNED);
	release(f, p);
}

/* Its entry holds more than is left of it, so the rest gets an entry of its own where there is room. */
static void give_back(struct fate *f, struct packet *p)
{
	if (p->n_messages < p->spilled->n_messages && spill_in_would_take(in_of(f, p), p))
		spill_in_store(in_of(f, p), p);
	else
		give_up(f, p);
}

/* Perhaps another worker brings it to somebody. */
static bool is_hopeless(const struct fate *f, const struct packet *p, uint64_t now_us)
{
	return now_us - p->spilled->taken_us >= SPILL_OUT_GIVE_UP_US ||
	       (f->is_ending && !router_can_place(f->config.router));
}

/* A packet that failed again and again is tried less often. */
static uint64_t retry_us(const struct packet *p)
{
	return p->n_attempts < PACKET_OFTEN_TRIED ? 0 : RETRY_US;
}

static void on_park_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fate *f = arg;
	uint64_t now = clock_mono_us();
	unsigned n = f->parked.n_packets;

	(void)fd;
	(void)what;
	while (n--) {
		struct packet *p = packet_queue_pop(&f->parked);

		if (p->spilled && is_hopeless(f, p, now))
			give_back(f, p);
		else if (!router_can_place(f->config.router) && !p->spilled)
			spill_in_add(in_of(f, p), p);
		else if (!router_can_place(f->config.router) || now - p->waiting_us < retry_us(p))
			packet_queue_push(&f->parked, p);
		else
			router_submit(f->config.router, p);
	}
	if (f->parked.n_packets)
		arm_park_timer(f);
	metrics_set(f->config.metrics, M_PARKED_PACKETS, 0, f->parked.n_packets);
}

static void arm_suspect_timer(struct fate *f)
{
	struct timeval tv = clock_timeval(PARK_US);

	metrics_set(f->config.metrics, M_SUSPECT_PACKETS, 0, f->suspects.n_packets);
	if (f->suspects.n_packets && !evtimer_pending(f->suspect_timer, NULL))
		evtimer_add(f->suspect_timer, &tv);
}

/*
 * Its agent is answered from the spill meanwhile: spill_hold goes on watching it. One end of a process makes suspects
 * of many packets. If all waited for as long, they would meet the one at fault again each time.
 */
static void suspect(struct fate *f, struct packet *p)
{
	log_warn("worker", "packet may be poison", "analyzer=%s failures=%u bytes=%zu",
		 suspicion_analyzer(p), suspicion_n_failures(p), p->len);
	if (p->spilled)
		spill_out_note_failures(f->config.spill_out, p);
	p->waiting_us = clock_mono_us() + rng_range(&f->rng, 0, suspicion_wait_us(p) / 2);
	packet_queue_push(&f->suspects, p);
	arm_suspect_timer(f);
}

/* The node ends. */
static void leave_suspect(struct fate *f, struct packet *p)
{
	spill_hold_forget(hold_of(f, p), p);
	if (p->spilled)
		give_up(f, p);
	else
		spill_in_add(in_of(f, p), p);
}

static void bury(struct fate *f, struct packet *p, const char *analyzer, const char *reason);
static void bury_poison(struct fate *f, struct packet *p);

/* It has waited for long enough. False: it waits on. */
static bool retry_suspect(struct fate *f, struct packet *p)
{
	if (suspicion_is_over(p)) { /* it could not be buried */
		bury_poison(f, p);
		return true;
	}
	if (router_submit_suspect(f->config.router, p))
		return true;
	if (!p->exchange || !spill_in_would_refuse(in_of(f, p)))
		return false;
	spill_hold_forget(hold_of(f, p), p);
	spill_in_add(in_of(f, p), p); /* its agent does not wait until an analyzer is well */
	return true;
}

/* What becomes of a suspect now. False: it waits on. */
static bool try_suspect(struct fate *f, struct packet *p, uint64_t now_us)
{
	if (f->is_ending) {
		leave_suspect(f, p);
		return true;
	}
	if (!p->spilled && spill_in_would_take(in_of(f, p), p)) {
		spill_hold_forget(hold_of(f, p), p);
		spill_in_store(in_of(f, p), p);
		return true;
	}
	return now_us >= p->waiting_us + suspicion_wait_us(p) && retry_suspect(f, p);
}

static void on_suspect_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fate *f = arg;
	uint64_t now_us = clock_mono_us();

	(void)fd;
	(void)what;
	for (unsigned n = f->suspects.n_packets; n; n--) {
		struct packet *p = packet_queue_pop(&f->suspects);

		if (!try_suspect(f, p, now_us))
			packet_queue_push(&f->suspects, p);
	}
	arm_suspect_timer(f);
}

/* It came from another pool, and each analyzer of this one leads back to where it has been. */
static bool goes_in_circle(const struct fate *f, const struct packet *p)
{
	return p->n_hops && p->n_loops && p->n_loops >= router_n_analyzers(f->config.router);
}

void fate_on_unplaced(void *arg, struct packet *p)
{
	struct fate *f = arg;

	packet_forget_tried(p);
	if (goes_in_circle(f, p)) {
		bury(f, p, suspicion_analyzer(p), "status 508: it goes in a circle");
		return;
	}
	p->n_loops = 0;
	if (suspicion_is_over(p)) {
		bury_poison(f, p);
		return;
	}
	if (suspicion_is_suspect(p)) {
		suspect(f, p);
		return;
	}
	spill_hold_forget(hold_of(f, p), p); /* the spill has deadlines of its own */
	if (!p->spilled && spill_in_would_take(in_of(f, p), p))
		spill_in_store(in_of(f, p), p); /* or it would be tried for ever */
	else if (p->spilled || (!p->exchange && p->n_attempts >= PACKET_OFTEN_TRIED))
		park(f, p);
	else
		spill_in_add(in_of(f, p), p);
}

/* The last resort of what was acknowledged as received. */
static void lose_packet(struct fate *f, struct packet *p)
{
	log_error("worker", "an acknowledged packet is lost", "worker=%s messages=%u reason=%s",
		  f->config.worker, p->n_messages,
		  "the node ends, no analyzer takes it, and it cannot be stored");
	account(f, ACCOUNT_LOST, p);
	release(f, p);
}

void fate_on_refused(void *arg, struct packet *p, enum refusal refusal)
{
	struct fate *f = arg;

	if (f->is_ending && refusal == REFUSAL_NO_ANALYZER)
		refusal = REFUSAL_SHUTTING_DOWN; /* another node may have one */
	if (p->exchange)
		refuse_packet(f, p, refusal);
	else if (p->spilled)
		give_up(f, p);
	else
		lose_packet(f, p);
}

void fate_on_buried(void *arg, struct packet *p, enum refusal refusal)
{
	struct fate *f = arg;

	assert(f->n_burying > 0);
	f->n_burying--;
	if (refusal == REFUSAL_NONE) {
		account(f, ACCOUNT_DEAD, p);
		if (suspicion_is_over(p))
			metrics_add(f->config.metrics, M_POISON_PACKETS, 0, 1);
		accept_packet(f, p, "");
	} else if (p->exchange) {
		refuse_packet(f, p, refusal);
	} else if (suspicion_is_over(p)) {
		suspect(f, p);
	} else {
		park(f, p);
	}
}

static void bury(struct fate *f, struct packet *p, const char *analyzer, const char *reason)
{
	packet_forget_tried(p);
	f->n_burying++;
	dead_letters_bury(f->config.dead_letters, p, analyzer, reason);
}

static void bury_poison(struct fate *f, struct packet *p)
{
	char reason[SUSPICION_REASON_SIZE];

	suspicion_write_reason(p, reason);
	log_warn("worker", "packet is poison", "analyzer=%s reason=%s bytes=%zu",
		 suspicion_analyzer(p), reason, p->len);
	bury(f, p, suspicion_analyzer(p), reason);
}

void fate_on_bad(void *arg, struct packet *p, const char *analyzer, int status)
{
	char reason[SUSPICION_REASON_SIZE];

	log_warn("worker", "packet refused as bad", "analyzer=%s status=%d bytes=%zu", analyzer,
		 status, p->len);
	if (status)
		snprintf(reason, sizeof(reason), "status %d", status);
	else
		snprintf(reason, sizeof(reason), "its body is not %s",
			 format_names[packet_format(p)]);
	bury(arg, p, analyzer, reason);
}

/* ---- packets that come ---- */

bool fate_can_place(void *arg)
{
	const struct fate *f = arg;

	return router_can_place(f->config.router);
}

void fate_on_again(void *arg, struct packet *p)
{
	struct fate *f = arg;

	if (p->exchange) {
		p->hold_size = spill_size_of(p);
		spill_hold_watch_again(hold_of(f, p), p);
	}
	router_submit(f->config.router, p);
}

void fate_on_packet(void *arg, struct packet *p)
{
	struct fate *f = arg;

	assert(p->exchange && !p->spilled);
	account(f, ACCOUNT_RECEIVED, p);
	if (!router_can_place(f->config.router)) {
		spill_in_add(in_of(f, p), p);
		return;
	}
	if (f->config.shared->config->ack == ACK_RECEIVED) {
		exchange_accept(f->config.connections, p, "");
		p->exchange = NULL;
	} else {
		p->hold_size = spill_size_of(p);
		spill_hold_watch(hold_of(f, p), p);
	}
	router_submit(f->config.router, p);
}

void fate_on_packet_from_spill(void *arg, struct packet *p)
{
	struct fate *f = arg;

	assert(p->spilled && !p->exchange);
	account(f, ACCOUNT_TAKEN, p);
	if (suspicion_is_suspect(p))
		suspect(f, p);
	else if (router_can_place(f->config.router))
		router_submit(f->config.router, p);
	else
		park(f, p);
}

bool fate_is_overdue(void *arg, const struct packet *p)
{
	const struct fate *f = arg;

	return !p->spilled && spill_in_would_take(in_of(f, p), p);
}

/* What agents send comes first: the spill has waited, and can wait. */
bool fate_has_room(void *arg)
{
	const struct fate *f = arg;

	return router_can_place(f->config.router) &&
	       !spill_in_n_packets(&f->config.spill_in[SPILL_SMALL]) &&
	       memory_left(f->config.memory) > f->config.shared->memory_bytes / 2 &&
	       router_n_packets(f->config.router) < SPILL_ROOM_PACKETS;
}

/* ---- accounts ---- */

unsigned fate_n_in_flight(const struct fate *f)
{
	unsigned n = router_n_packets(f->config.router) + f->parked.n_packets +
		     f->suspects.n_packets + f->n_burying;

	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		n += spill_in_n_packets(&f->config.spill_in[size]);
	return n;
}

/* In flight by what came and what became of it; that must be what is there. */
static struct amount in_flight(struct fate *f)
{
	struct amount sum = accounts_missing(&f->accounts);

	metrics_set(f->config.metrics, M_IN_FLIGHT_PACKETS, 0, fate_n_in_flight(f));
	metrics_set(f->config.metrics, M_UNACCOUNTED_PACKETS, 0,
		    (int64_t)sum.packets - (int64_t)fate_n_in_flight(f));
	return sum;
}

void fate_write_accounts(void *arg, struct buf *out)
{
	struct fate *f = arg;
	struct accounts told = f->accounts;

	told.of[ACCOUNT_IN_FLIGHT] = (struct amount){ fate_n_in_flight(f), in_flight(f).messages };
	accounts_encode(&told, out);
}

static void on_account_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	in_flight(arg);
}

void fate_end(struct fate *f)
{
	f->is_ending = true;
}

void fate_leave_parked(struct fate *f)
{
	struct packet *p;

	while ((p = packet_queue_pop(&f->suspects))) {
		if (p->exchange)
			refuse_packet(f, p, REFUSAL_SHUTTING_DOWN);
		else
			packet_queue_push(&f->parked, p);
	}
	while ((p = packet_queue_pop(&f->parked))) {
		if (p->spilled) {
			spill_out_leave(f->config.spill_out, p);
			account_spilled(f, p, SPILL_RETURNED);
			release(f, p);
		} else {
			lose_packet(f, p);
		}
	}
}

/* ---- life ---- */

int fate_init(struct fate *f, const struct fate_config *config)
{
	struct timeval account_tv = clock_timeval(ACCOUNT_US);

	*f = (struct fate){ .config = *config };
	packet_queue_init(&f->parked);
	packet_queue_init(&f->suspects);
	rng_init(&f->rng, 0);
	f->suspect_timer = evtimer_new(config->base, on_suspect_timer, f);
	f->park_timer = evtimer_new(config->base, on_park_timer, f);
	f->account_timer = event_new(config->base, -1, EV_PERSIST, on_account_timer, f);
	if (!f->park_timer || !f->suspect_timer || !f->account_timer ||
	    event_add(f->account_timer, &account_tv) != 0)
		return -ENOMEM;
	return 0;
}

void fate_deinit(struct fate *f)
{
	assert(f->parked.n_packets == 0 && f->suspects.n_packets == 0);
	if (f->park_timer)
		event_free(f->park_timer);
	if (f->suspect_timer)
		event_free(f->suspect_timer);
	if (f->account_timer)
		event_free(f->account_timer);
}
