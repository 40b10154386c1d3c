/*
 *            +--ack=received: 202                    +--2xx--> delivered: 202
 *   packet --+--somebody can take it--> router, lanes+--4xx--> bad: dead letter, 202
 *            |            ^                          +--nobody--+
 *            |            | on_again                            |
 *            +--nobody----+------ spill_in <--------------------+
 *                                    +--stored: 202
 *                                    +--refused: 503
 *
 * Packets out of the spill go the same way, but that nobody waits for an answer: where nobody takes
 * them they are parked, for they are safe where they came from.
 */
#include "node/fate.h"

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/spill/dead_letter.h"

#define PARK_US 100000
#define RETRY_US 1000000
#define GIVE_UP_US 10000000     /* out of the spill, and nobody here takes it: perhaps others can */
#define SPILL_ROOM_PACKETS 2048 /* more under way: nothing is taken out of the spill */

const char *const spill_reason_names[] = { "no_analyzer", "failed", "returned" };
static_assert(ARRAY_LEN(spill_reason_names) == SPILL_REASONS, "every reason has a name");

static void account(struct worker *w, enum account kind, const struct packet *p)
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

	w->accounts.of[kind].packets++;
	w->accounts.of[kind].messages += p->n_messages;
	if (!counters[kind].is_counted)
		return;
	metrics_add(&w->metrics, counters[kind].packets, 0, 1);
	metrics_add(&w->metrics, counters[kind].messages, 0, p->n_messages);
}

static void release(struct worker *w, struct packet *p)
{
	packet_free_within(&w->memory, p);
}

/* Workers share this word: it is written when it changes, and not for every packet. */
static void forget_unplaced(struct worker *w)
{
	_Atomic uint64_t *unplaced_us = &w->shared->health.unplaced_us;

	if (atomic_load_explicit(unplaced_us, memory_order_relaxed) != 0)
		atomic_store_explicit(unplaced_us, 0, memory_order_relaxed);
}

/* It is where it is safe: its agent may forget it. */
static void accept_packet(struct worker *w, struct packet *p, const char *analyzer)
{
	if (p->spilled)
		spill_out_done(&w->spill_out, p);
	if (p->exchange)
		ingest_accept_packet(&w->ingest, p, analyzer);
	forget_unplaced(w);
	release(w, p);
}

void fate_on_delivered(void *arg, struct packet *p, const char *analyzer)
{
	struct worker *w = arg;

	account(w, ACCOUNT_DELIVERED, p);
	spill_in_note_delivery(&w->spill_in);
	accept_packet(w, p, analyzer);
}

static void account_spilled(struct worker *w, const struct packet *p, enum spill_reason reason)
{
	account(w, ACCOUNT_SPILLED, p);
	metrics_add(&w->metrics, M_SPILLED_PACKETS, reason, 1);
	metrics_add(&w->metrics, M_SPILLED_MESSAGES, reason, p->n_messages);
}

void fate_on_stored(void *arg, struct packet *p)
{
	struct worker *w = arg;

	account_spilled(w, p, p->n_attempts ? SPILL_FAILED : SPILL_NO_ANALYZER);
	accept_packet(w, p, "");
}

/* Its agent keeps it, and sends it again. */
static void refuse_packet(struct worker *w, struct packet *p, enum refusal refusal)
{
	account(w, ACCOUNT_REFUSED, p);
	atomic_store_explicit(&w->shared->health.unplaced_us, clock_mono_us(),
			      memory_order_relaxed);
	ingest_refuse_packet(&w->ingest, p->exchange, refusal);
	release(w, p);
}

static void arm_park_timer(struct worker *w)
{
	struct timeval tv = clock_timeval(PARK_US);

	if (!evtimer_pending(w->park_timer, NULL))
		evtimer_add(w->park_timer, &tv);
}

/* Acknowledged already, or in the spill too: it waits for better times. */
static void park(struct worker *w, struct packet *p)
{
	p->waiting_us = clock_mono_us();
	packet_queue_push(&w->parked, p);
	metrics_set(&w->metrics, M_PARKED_PACKETS, 0, w->parked.n_packets);
	arm_park_timer(w);
}

static void give_up(struct worker *w, struct packet *p)
{
	spill_out_give_up(&w->spill_out, p);
	account_spilled(w, p, SPILL_RETURNED);
	release(w, p);
}

/* Perhaps another worker brings it to somebody. */
static bool is_hopeless(const struct worker *w, const struct packet *p, uint64_t now_us)
{
	return now_us - p->spilled->taken_us >= GIVE_UP_US ||
	       (w->phase >= WORKER_FINISHING && !router_can_place(&w->router));
}

/* What was tried in vain again and again is tried less often. */
static uint64_t retry_us(const struct packet *p)
{
	return p->n_attempts < PACKET_OFTEN_TRIED ? 0 : RETRY_US;
}

void fate_on_park_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t now = clock_mono_us();
	unsigned n = w->parked.n_packets;

	(void)fd;
	(void)what;
	while (n--) {
		struct packet *p = packet_queue_pop(&w->parked);

		if (p->spilled && is_hopeless(w, p, now))
			give_up(w, p);
		else if (now - p->waiting_us < retry_us(p))
			packet_queue_push(&w->parked, p);
		else if (router_can_place(&w->router))
			router_submit(&w->router, p);
		else if (p->spilled)
			park(w, p);
		else
			spill_in_add(&w->spill_in, p);
	}
	if (w->parked.n_packets)
		arm_park_timer(w);
	metrics_set(&w->metrics, M_PARKED_PACKETS, 0, w->parked.n_packets);
}

void fate_on_unplaced(void *arg, struct packet *p)
{
	struct worker *w = arg;

	packet_forget_tried(p);
	if (!p->spilled && spill_in_would_take(&w->spill_in, p))
		spill_in_store(&w->spill_in, p); /* or it would be tried in vain for ever */
	else if (p->spilled || (!p->exchange && p->n_attempts >= PACKET_OFTEN_TRIED))
		park(w, p);
	else
		spill_in_add(&w->spill_in, p);
}

/* The last resort of what was acknowledged as received. */
static void lose_packet(struct worker *w, struct packet *p)
{
	log_error("worker", "an acknowledged packet is lost", "worker=%s messages=%u reason=%s",
		  w->name, p->n_messages,
		  "the node ends, no analyzer takes it, and it cannot be stored");
	account(w, ACCOUNT_LOST, p);
	release(w, p);
}

void fate_on_refused(void *arg, struct packet *p, enum refusal refusal)
{
	if (p->exchange)
		refuse_packet(arg, p, refusal);
	else
		lose_packet(arg, p);
}

static void on_buried(void *arg, struct packet *p, bool is_buried)
{
	struct worker *w = arg;

	w->n_burying--;
	if (is_buried) {
		account(w, ACCOUNT_DEAD, p);
		accept_packet(w, p, "");
	} else if (p->exchange) {
		refuse_packet(w, p, REFUSAL_DEAD_FULL);
	} else {
		park(w, p);
	}
}

void fate_on_bad(void *arg, struct packet *p, const char *analyzer, int status)
{
	struct worker *w = arg;

	log_warn("worker", "packet refused as bad", "analyzer=%s status=%d bytes=%zu", analyzer,
		 status, p->len);
	packet_forget_tried(p);
	w->n_burying++;
	dead_letter_bury(w->store, w->shared->config->node_id, p, analyzer, status, on_buried, w);
}

/* ---- packets that come ---- */

bool fate_can_place(void *arg)
{
	const struct worker *w = arg;

	return router_can_place(&w->router);
}

void fate_on_again(void *arg, struct packet *p)
{
	struct worker *w = arg;

	router_submit(&w->router, p);
}

void fate_on_packet(void *arg, struct packet *p)
{
	struct worker *w = arg;

	account(w, ACCOUNT_RECEIVED, p);
	if (!router_can_place(&w->router)) {
		spill_in_add(&w->spill_in, p);
		return;
	}
	if (w->shared->config->ack == ACK_RECEIVED) {
		ingest_accept_packet(&w->ingest, p, "");
		p->exchange = NULL;
	}
	router_submit(&w->router, p);
}

void fate_on_packet_from_spill(void *arg, struct packet *p)
{
	struct worker *w = arg;

	account(w, ACCOUNT_TAKEN, p);
	if (router_can_place(&w->router))
		router_submit(&w->router, p);
	else
		park(w, p);
}

bool fate_is_overdue(void *arg, const struct packet *p)
{
	const struct worker *w = arg;

	return !p->spilled && spill_in_would_take(&w->spill_in, p);
}

/* What agents send comes first: the spill has waited, and can wait. */
bool fate_has_room(void *arg)
{
	const struct worker *w = arg;

	return router_can_place(&w->router) && !spill_in_n_packets(&w->spill_in) &&
	       memory_left(&w->memory) > w->shared->memory_bytes / 2 &&
	       router_n_packets(&w->router) < SPILL_ROOM_PACKETS;
}

/* ---- accounts ---- */

unsigned fate_n_in_flight(const struct worker *w)
{
	return router_n_packets(&w->router) + spill_in_n_packets(&w->spill_in) +
	       w->parked.n_packets + w->n_burying;
}

/* In flight by what came and what became of it; that must be what is there. */
static struct amount in_flight(struct worker *w)
{
	struct amount sum = accounts_missing(&w->accounts);

	metrics_set(&w->metrics, M_IN_FLIGHT_PACKETS, 0, fate_n_in_flight(w));
	metrics_set(&w->metrics, M_UNACCOUNTED_PACKETS, 0,
		    (int64_t)sum.packets - (int64_t)fate_n_in_flight(w));
	return sum;
}

void fate_write_accounts(void *arg, struct buf *out)
{
	struct worker *w = arg;
	struct accounts told = w->accounts;

	told.of[ACCOUNT_IN_FLIGHT] = (struct amount){ fate_n_in_flight(w), in_flight(w).messages };
	accounts_encode(&told, out);
}

void fate_on_account_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	in_flight(arg);
}

/* What came from the spill stays there, for other nodes. */
void fate_leave_parked(struct worker *w)
{
	struct packet *p;

	while ((p = packet_queue_pop(&w->parked))) {
		if (p->spilled) {
			spill_out_leave(&w->spill_out, p);
			account_spilled(w, p, SPILL_RETURNED);
			release(w, p);
		} else {
			lose_packet(w, p);
		}
	}
}
