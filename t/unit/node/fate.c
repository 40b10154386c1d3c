/* fate.[ch] alone: the accounts hold whatever becomes of packets, and each agent gets one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/rng.h"
#include "node/node_metrics.h"
#include "node/packet/suspicion.h"
#include "t/unit/node/fate_fakes.h"

#define N_EVENTS 4000 /* in each random sequence */
#define N_AGENTS 8192
#define FULL 200 /* packets under way: no more come */

struct bench {
	struct node_config config;
	struct node_shared shared;
	struct metrics_shard shard;
	struct memory memory;
	struct event_base *base;
	struct fate fate;
	struct rng rng;
	struct exchange agents[N_AGENTS];
	struct spilled entries[N_AGENTS];
	unsigned n_agents, n_entries;
};

static struct bench the_bench;

static int setup(void **state)
{
	struct bench *b = &the_bench;

	memset(b, 0, sizeof(*b));
	memset(&the_fakes, 0, sizeof(the_fakes));
	the_fakes.can_place = true;
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	b->config.node_id = (char[]){ "n1" };
	b->shared.config = &b->config;
	b->shared.metrics = node_metrics_new();
	b->shared.memory.left_bytes = b->shared.memory_bytes = 64 << 20;
	memory_init(&b->memory, &b->shared.memory);
	assert_int_equal(metrics_shard_init(&b->shard, b->shared.metrics), 0);
	b->base = event_base_new();
	assert_int_equal(
		fate_init(&b->fate, &(struct fate_config){ .base = b->base,
							   .shared = &b->shared,
							   .worker = "n1/0",
							   .metrics = &b->shard,
							   .memory = &b->memory,
							   .spill_hold = the_fakes.spill_hold,
							   .spill_in = the_fakes.spill_in }),
		0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fate_deinit(&b->fate);
	event_base_free(b->base);
	metrics_shard_deinit(&b->shard);
	metrics_free(b->shared.metrics);
	assert_int_equal(b->memory.used_bytes, 0);
	return 0;
}

/* ---- what can happen ---- */

static struct packet *make_packet(struct bench *b)
{
	struct packet *p = packet_new_within(&b->memory, 16);

	assert_non_null(p);
	memcpy(p->body, "{}", 2);
	p->len = 2;
	p->n_messages = (uint32_t)rng_range(&b->rng, 1, 9);
	return p;
}

static void receive(struct bench *b)
{
	struct packet *p = make_packet(b);

	assert_true(b->n_agents < N_AGENTS);
	p->exchange = &b->agents[b->n_agents++];
	p->received_us = clock_mono_us();
	fate_on_packet(&b->fate, p);
}

static void take_from_spill(struct bench *b)
{
	struct packet *p = make_packet(b);

	assert_true(b->n_entries < N_AGENTS);
	p->spilled = &b->entries[b->n_entries++];
	p->spilled->n_messages = p->n_messages;
	p->spilled->taken_us = rng_range(&b->rng, 0, 1) ? clock_mono_us() : 0;
	fate_on_packet_from_spill(&b->fate, p);
}

/* Its waiting is over. */
static void fire_suspect_timer(struct bench *b)
{
	for (struct packet *p = b->fate.suspects.head; p; p = p->next)
		p->waiting_us = 0;
	event_active(b->fate.suspect_timer, EV_TIMEOUT, 0);
	assert_int_equal(event_base_loop(b->base, EVLOOP_NONBLOCK), 0);
}

static void fail_delivery(struct packet *p)
{
	suspicion_count(p, &(struct suspicion_failure){ .kind = SUSPICION_TIMEOUT,
							.was_alone = true,
							.analyzer = "a1" });
}

/* One of those in a place; NULL: none is there. */
static struct packet *pick(struct bench *b, enum fake_place place)
{
	unsigned n = the_fakes.n[place];

	return n ? fakes_pick(place, (unsigned)rng_range(&b->rng, 0, n - 1)) : NULL;
}

static void fire_park_timer(struct bench *b)
{
	event_active(b->fate.park_timer, EV_TIMEOUT, 0);
	assert_int_equal(event_base_loop(b->base, EVLOOP_NONBLOCK), 0);
}

static void end_in_router(struct bench *b)
{
	struct packet *p = pick(b, FAKE_ROUTER);

	if (!p)
		return;
	p->n_attempts += (uint32_t)rng_range(&b->rng, 0, 1);
	if (p->n_messages > 1 && rng_range(&b->rng, 0, 1)) {
		fate_on_part_delivered(&b->fate, 1);
		p->n_messages--;
	}
	switch (rng_range(&b->rng, 0, 3)) {
	case 0:
		fate_on_bad(&b->fate, p, "a1", 400);
		break;
	case 1:
		for (uint64_t n = rng_range(&b->rng, 0, 4); n > 0; n--)
			fail_delivery(p);
		fate_on_unplaced(&b->fate, p);
		break;
	default:
		fate_on_delivered(&b->fate, p, "a1");
	}
}

/* A packet in a place is held: its agent is answered. */
static void hold(struct bench *b, enum fake_place place)
{
	struct packet *p = pick(b, place);

	if (!p)
		return;
	if (p->hold_state == HOLD_WAITING) {
		fakes_forget(p);
		assert_true(b->n_entries < N_AGENTS);
		p->spilled = &b->entries[b->n_entries++];
		p->spilled->n_messages = p->n_messages;
		p->spilled->taken_us = rng_range(&b->rng, 0, 1) ? clock_mono_us() : 0;
		fate_on_held(&b->fate, p);
	}
	fakes_put(place, p);
}

static void end_in_spill(struct bench *b)
{
	struct packet *p = pick(b, FAKE_SPILL_IN);

	if (!p)
		return;
	/* spill_in keeps what is acknowledged already until it is stored, or the worker ends */
	if (p->exchange && rng_range(&b->rng, 0, 2) == 0)
		fate_on_refused(&b->fate, p, REFUSAL_SPILL_FULL);
	else if (the_fakes.can_place)
		fate_on_again(&b->fate, p);
	else
		fate_on_stored(&b->fate, p);
}

static void end_burying(struct bench *b)
{
	struct packet *p = pick(b, FAKE_DEAD);

	if (p)
		fate_on_buried(&b->fate, p,
			       rng_range(&b->rng, 0, 1) ? REFUSAL_NONE : REFUSAL_DEAD_FULL);
}

static unsigned n_under_way(const struct bench *b)
{
	return the_fakes.n[FAKE_ROUTER] + the_fakes.n[FAKE_SPILL_IN] + the_fakes.n[FAKE_DEAD] +
	       b->fate.parked.n_packets + b->fate.suspects.n_packets;
}

static void do_something(struct bench *b)
{
	bool is_full = n_under_way(b) >= FULL;

	switch (rng_range(&b->rng, is_full ? 3 : 0, 11)) {
	case 0:
	case 1:
		receive(b);
		break;
	case 2:
		take_from_spill(b);
		break;
	case 3:
		the_fakes.can_place = rng_range(&b->rng, 0, 3) > 0;
		the_fakes.would_take = rng_range(&b->rng, 0, 1);
		break;
	case 4:
		fire_park_timer(b);
		if (rng_range(&b->rng, 0, 1))
			fire_suspect_timer(b);
		break;
	case 5:
		end_burying(b);
		break;
	case 6:
		end_in_spill(b);
		break;
	case 7:
		hold(b, rng_range(&b->rng, 0, 3) ? FAKE_ROUTER : FAKE_DEAD);
		break;
	default:
		end_in_router(b);
	}
}

/* ---- what must hold ---- */

static double amount(const struct bench *b, enum account kind)
{
	return b->fate.accounts.of[kind].packets;
}

static void assert_accounts_hold(const struct bench *b)
{
	struct amount missing = accounts_missing(&b->fate.accounts);

	assert_int_equal(fate_n_in_flight(&b->fate), n_under_way(b));
	assert_int_equal((unsigned)missing.packets, n_under_way(b));
	assert_true(missing.messages >= missing.packets);
}

/* What worker.c does at the end: every place gives back what it has. */
static void end_all(struct bench *b)
{
	struct packet *p;

	while ((p = pick(b, FAKE_ROUTER)))
		fate_on_unplaced(&b->fate, p);
	while ((p = pick(b, FAKE_DEAD)))
		fate_on_buried(&b->fate, p, REFUSAL_DEAD_SLOW);
	while ((p = pick(b, FAKE_SPILL_IN)))
		fate_on_refused(&b->fate, p, REFUSAL_SHUTTING_DOWN);
	fate_leave_parked(&b->fate);
}

static void any_sequence(struct bench *b, uint64_t seed, enum ack_mode ack)
{
	rng_init(&b->rng, seed);
	b->config.ack = ack;
	for (unsigned i = 0; i < N_EVENTS; i++) {
		do_something(b);
		assert_accounts_hold(b);
	}
	end_all(b);
	assert_accounts_hold(b);
	assert_int_equal(n_under_way(b), 0);
	assert_int_equal(accounts_missing(&b->fate.accounts).messages, 0);
	assert_int_equal(the_fakes.n_accepted + the_fakes.n_refused, b->n_agents);
	assert_int_equal(the_fakes.n_done + the_fakes.n_given_up + the_fakes.n_left, b->n_entries);
	assert_int_equal(the_fakes.n_watched, 0);
	assert_true(amount(b, ACCOUNT_DELIVERED) > 0 && amount(b, ACCOUNT_DEAD) > 0 &&
		    amount(b, ACCOUNT_SPILLED) > 0 && amount(b, ACCOUNT_REFUSED) > 0);
	assert_true(ack == ACK_DELIVERED ? amount(b, ACCOUNT_LOST) == 0
					 : amount(b, ACCOUNT_LOST) > 0);
}

static void accounts_hold_in_any_sequence(void **state)
{
	static const uint64_t seeds[] = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 };

	for (unsigned i = 0; i < ARRAY_LEN(seeds) * 2; i++) {
		uint64_t seed = seeds[i / 2];
		enum ack_mode ack = i % 2 ? ACK_RECEIVED : ACK_DELIVERED;

		printf("# seed %u, ack=%s\n", (unsigned)seed,
		       ack == ACK_RECEIVED ? "received" : "delivered");
		if (i) {
			assert_int_equal(teardown(state), 0);
			assert_int_equal(setup(state), 0);
		}
		any_sequence(*state, seed, ack);
	}
}

/* ---- single fates ---- */

static void ack_received_answers_before_the_delivery(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	b->config.ack = ACK_RECEIVED;
	receive(b);
	assert_int_equal(the_fakes.n_accepted, 1);
	assert_int_equal(the_fakes.n[FAKE_ROUTER], 1);
	fate_on_delivered(&b->fate, pick(b, FAKE_ROUTER), "a1");
	assert_int_equal(the_fakes.n_accepted, 1);
}

static void a_packet_out_of_the_spill_is_given_up_after_a_while(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	the_fakes.can_place = false;
	take_from_spill(b);
	assert_int_equal(b->fate.parked.n_packets, 1);
	b->entries[0].taken_us = clock_mono_us();
	fire_park_timer(b);
	assert_int_equal(the_fakes.n_given_up, 0);
	b->entries[0].taken_us -= 11 * US_PER_S;
	fire_park_timer(b);
	assert_int_equal(the_fakes.n_given_up, 1);
}

static void a_worker_that_ends_gives_up_at_once_what_nobody_takes(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	the_fakes.can_place = false;
	take_from_spill(b);
	b->entries[0].taken_us = clock_mono_us();
	fate_end(&b->fate);
	fire_park_timer(b);
	assert_int_equal(the_fakes.n_given_up, 1);
}

static void a_held_packet_is_answered_once_and_done_when_it_is_delivered(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	receive(b);
	hold(b, FAKE_ROUTER);
	assert_int_equal(the_fakes.n_accepted, 1);
	assert_int_equal(amount(b, ACCOUNT_SPILLED), 1);
	assert_int_equal(amount(b, ACCOUNT_TAKEN), 1);
	fate_on_delivered(&b->fate, pick(b, FAKE_ROUTER), "a1");
	assert_int_equal(the_fakes.n_accepted, 1);
	assert_int_equal(the_fakes.n_done, 1);
}

static void a_held_packet_that_nobody_takes_is_not_stored_again(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	receive(b);
	hold(b, FAKE_ROUTER);
	the_fakes.would_take = true;
	fate_on_unplaced(&b->fate, pick(b, FAKE_ROUTER));
	assert_int_equal(the_fakes.n[FAKE_SPILL_IN], 0);
	assert_int_equal(b->fate.parked.n_packets, 1);
	fate_leave_parked(&b->fate);
	assert_int_equal(the_fakes.n_left, 1);
}

/* An analyzer takes a part of it: the rest is small, and still among the deadlines of large ones. */
static void a_large_packet_that_shrinks_stays_where_it_is_watched(void **state)
{
	struct bench *b = *state;
	struct packet *p = packet_new_within(&b->memory, 16);

	assert_int_equal(packet_reserve_within(&b->memory, &p, SPILL_LARGE_BYTES + 1, SIZE_MAX), 0);
	memset(p->body, ' ', SPILL_LARGE_BYTES + 1);
	p->len = SPILL_LARGE_BYTES + 1;
	p->n_messages = 2;
	p->exchange = &b->agents[b->n_agents++];
	fate_on_packet(&b->fate, p);
	p = pick(b, FAKE_ROUTER);
	p->len = 2;
	packet_note_done(p, 1);
	fate_on_part_delivered(&b->fate, 1);
	fate_on_delivered(&b->fate, p, "a1");
	assert_int_equal(the_fakes.n_watched, 0);
	assert_int_equal(the_fakes.n_accepted, 1);
}

static void an_unplaced_packet_that_is_due_is_stored_without_waiting(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	receive(b);
	the_fakes.would_take = true;
	fate_on_unplaced(&b->fate, pick(b, FAKE_ROUTER));
	assert_int_equal(the_fakes.n_stored, 1);
	fate_on_stored(&b->fate, pick(b, FAKE_SPILL_IN));
	assert_int_equal(the_fakes.n_accepted, 1);
}

static void a_bad_packet_that_cannot_be_buried_is_refused(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	receive(b);
	fate_on_bad(&b->fate, pick(b, FAKE_ROUTER), "a1", 400);
	fate_on_buried(&b->fate, pick(b, FAKE_DEAD), REFUSAL_DEAD_FULL);
	assert_int_equal(the_fakes.n_refused, 1);
	assert_int_equal(the_fakes.refusal, REFUSAL_DEAD_FULL);
}

static struct packet *receive_suspect(struct bench *b)
{
	struct packet *p;

	rng_init(&b->rng, 1);
	receive(b);
	p = pick(b, FAKE_ROUTER);
	for (int i = 0; i < SUSPICION_SUSPECT; i++)
		fail_delivery(p);
	fate_on_unplaced(&b->fate, p);
	return p;
}

static void a_suspect_waits_and_its_agent_is_answered_meanwhile(void **state)
{
	struct bench *b = *state;
	struct packet *p = receive_suspect(b);

	assert_int_equal(b->fate.suspects.n_packets, 1);
	assert_int_equal(the_fakes.n_watched, 1);
	fire_suspect_timer(b);
	assert_ptr_equal(pick(b, FAKE_ROUTER), p);
	fakes_put(FAKE_ROUTER, p);
	hold(b, FAKE_ROUTER);
	assert_int_equal(the_fakes.n_accepted, 1);
	p = pick(b, FAKE_ROUTER);
	fail_delivery(p);
	fate_on_unplaced(&b->fate, p);
	the_fakes.can_place = false; /* nobody serves others: it waits on */
	fire_suspect_timer(b);
	assert_int_equal(b->fate.suspects.n_packets, 1);
	the_fakes.can_place = true;
	fire_suspect_timer(b);
	p = pick(b, FAKE_ROUTER);
	fail_delivery(p);
	fate_on_unplaced(&b->fate, p);
	assert_int_equal(the_fakes.n_noted, 2); /* beside its entry in the spill */
	fate_leave_parked(&b->fate);
	assert_int_equal(the_fakes.n_left, 1);
}

/* spill_in refuses it where the spill does not take it either. */
static void the_agent_of_a_suspect_does_not_wait_for_an_analyzer_that_is_well(void **state)
{
	struct bench *b = *state;
	struct packet *p = receive_suspect(b);

	the_fakes.can_place = false;
	the_fakes.would_refuse = true;
	fire_suspect_timer(b);
	assert_int_equal(b->fate.suspects.n_packets, 0);
	assert_int_equal(the_fakes.n_watched, 0);
	assert_ptr_equal(pick(b, FAKE_SPILL_IN), p);
	fate_on_refused(&b->fate, p, REFUSAL_SPILL_AWAY);
	assert_int_equal(the_fakes.n_refused, 1);
}

/* There it would be sent to any analyzer that is in reach, as all that wait for the spill are. */
static void a_suspect_is_not_given_to_a_spill_that_would_take_it_later(void **state)
{
	struct bench *b = *state;
	struct packet *p = receive_suspect(b);

	the_fakes.can_place = false;
	fire_suspect_timer(b);
	assert_int_equal(b->fate.suspects.n_packets, 1);
	assert_int_equal(the_fakes.n[FAKE_SPILL_IN], 0);
	the_fakes.would_take = true;
	fire_suspect_timer(b);
	assert_ptr_equal(pick(b, FAKE_SPILL_IN), p);
	assert_int_equal(the_fakes.n_stored, 1);
	fate_on_refused(&b->fate, p, REFUSAL_SPILL_AWAY);
}

/* Those that met the end of one process do not all come back at once, with the packet that is at fault. */
static void suspects_wait_for_times_of_their_own(void **state)
{
	struct bench *b = *state;
	struct packet *p[8];
	uint64_t least_us = UINT64_MAX, most_us = 0;
	bool waits_longer = false;

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = receive_suspect(b);
		waits_longer |= p[i]->waiting_us > clock_mono_us();
		least_us = p[i]->waiting_us < least_us ? p[i]->waiting_us : least_us;
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		most_us = p[i]->waiting_us > most_us ? p[i]->waiting_us : most_us;
	assert_true(waits_longer);
	assert_true(most_us > least_us);
	assert_true(most_us <= clock_mono_us() + US_PER_S / 2);
	fire_suspect_timer(b);
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		fate_on_delivered(&b->fate, pick(b, FAKE_ROUTER), "a1");
		assert_int_equal(the_fakes.n_accepted, i + 1);
	}
}

static void a_packet_that_fails_again_and_again_is_buried(void **state)
{
	struct bench *b = *state;
	struct packet *p;

	rng_init(&b->rng, 1);
	take_from_spill(b);
	p = pick(b, FAKE_ROUTER);
	for (int i = 0; i < SUSPICION_MAX_FAILURES; i++)
		fail_delivery(p);
	fate_on_unplaced(&b->fate, p);
	fate_on_buried(&b->fate, pick(b, FAKE_DEAD), REFUSAL_DEAD_FULL);
	assert_int_equal(b->fate.suspects.n_packets, 1); /* it is not delivered any more, */
	fire_suspect_timer(b);
	assert_int_equal(the_fakes.n[FAKE_ROUTER], 0);
	fate_on_buried(&b->fate, pick(b, FAKE_DEAD), REFUSAL_NONE); /* but buried again */
	assert_int_equal(amount(b, ACCOUNT_DEAD), 1);
	assert_int_equal(metrics_get(&b->shard, M_POISON_PACKETS, 0), 1);
	assert_int_equal(the_fakes.n_done, 1);
}

static void a_refusal_makes_the_node_unready_until_a_packet_is_accepted(void **state)
{
	struct bench *b = *state;

	rng_init(&b->rng, 1);
	the_fakes.can_place = false;
	receive(b);
	fate_on_refused(&b->fate, pick(b, FAKE_SPILL_IN), REFUSAL_SPILL_FULL);
	assert_true(atomic_load(&b->shared.health.unplaced_us) > 0);
	the_fakes.can_place = true;
	receive(b);
	fate_on_delivered(&b->fate, pick(b, FAKE_ROUTER), "a1");
	assert_int_equal(atomic_load(&b->shared.health.unplaced_us), 0);
}

static struct packet *given_back;

static void take_back(struct exchange *x, struct packet *p, enum refusal refusal)
{
	assert_ptr_equal(p->exchange, x);
	assert_int_equal(refusal, REFUSAL_SPILL_FULL);
	given_back = p;
}

static void what_came_in_no_request_is_given_back_when_it_is_refused(void **state)
{
	struct bench *b = *state;
	struct packet *p;

	rng_init(&b->rng, 1);
	the_fakes.can_place = false;
	receive(b);
	p = pick(b, FAKE_SPILL_IN);
	p->exchange->on_fate = take_back;
	fate_on_refused(&b->fate, p, REFUSAL_SPILL_FULL);
	assert_ptr_equal(given_back, p); /* its memory is still its own */
	assert_int_equal(the_fakes.n_refused, 0);
	assert_int_equal(amount(b, ACCOUNT_REFUSED), 1);
	the_fakes.can_place = true;
	fate_on_packet(&b->fate, p);
	fate_on_delivered(&b->fate, pick(b, FAKE_ROUTER), "a1");
	assert_int_equal(the_fakes.n_accepted, 1);
	assert_int_equal(amount(b, ACCOUNT_RECEIVED), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accounts_hold_in_any_sequence),
		TEST(ack_received_answers_before_the_delivery),
		TEST(a_packet_out_of_the_spill_is_given_up_after_a_while),
		TEST(a_worker_that_ends_gives_up_at_once_what_nobody_takes),
		TEST(a_held_packet_is_answered_once_and_done_when_it_is_delivered),
		TEST(a_held_packet_that_nobody_takes_is_not_stored_again),
		TEST(a_large_packet_that_shrinks_stays_where_it_is_watched),
		TEST(an_unplaced_packet_that_is_due_is_stored_without_waiting),
		TEST(a_bad_packet_that_cannot_be_buried_is_refused),
		TEST(a_suspect_waits_and_its_agent_is_answered_meanwhile),
		TEST(the_agent_of_a_suspect_does_not_wait_for_an_analyzer_that_is_well),
		TEST(a_suspect_is_not_given_to_a_spill_that_would_take_it_later),
		TEST(suspects_wait_for_times_of_their_own),
		TEST(a_packet_that_fails_again_and_again_is_buried),
		TEST(a_refusal_makes_the_node_unready_until_a_packet_is_accepted),
		TEST(what_came_in_no_request_is_given_back_when_it_is_refused),
	};

	if (!freopen("/dev/null", "w", stderr)) /* each lost packet is logged */
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/fate", tests, NULL, NULL);
}
