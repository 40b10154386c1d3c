/* spill_in.[ch] on a real Redis: what waits, what is stored, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/spill/in_bench.h"

static void what_nobody_takes_in_time_is_stored(void **state)
{
	struct in_bench *b = *state;
	redisReply *reply, *fields;
	uint64_t since_ms = clock_wall_us() / US_PER_MS, age_ms;

	in_begin(b, AFTER_US, MIB, 0);
	in_add_and_wait(b, AFTER_US);
	assert_int_equal(b->n_stored, 1);
	assert_int_equal(spill_in_n_packets(&b->in), 0);
	reply = POOL_COMMAND(&b->env.pool, "XRANGE", redis_pool_key(&b->env.pool, KEY_SPILL), "-",
			     "+");
	assert_int_equal(reply->elements, 1);
	fields = reply->element[0]->element[1];
	assert_int_equal(fields->elements, 12);
	assert_string_equal(fields->element[1]->str, "p0");
	assert_string_equal(fields->element[3]->str, PACKET_MEDIA_TYPE);
	assert_string_equal(fields->element[5]->str, "1");
	age_ms = clock_wall_us() / US_PER_MS - strtoull(fields->element[7]->str, NULL, 10);
	assert_in_range(age_ms, AFTER_US / US_PER_MS - 1,
			clock_wall_us() / US_PER_MS - since_ms + 1);
	assert_string_equal(fields->element[9]->str, "n1");
	assert_int_equal(spill_bench_number(fields->element[11]->str, fields->element[11]->len), 0);
	freeReplyObject(reply);
}

static void what_somebody_can_take_meanwhile_goes_there(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, AFTER_US, MIB, 0);
	in_add(b);
	in_turn(b);
	assert_int_equal(in_n_fates(b), 0);
	assert_int_equal(metrics_get(&b->env.shard, M_WAITING_PACKETS, 0), 1);
	b->can_place = true;
	in_turn(b);
	assert_int_equal(b->n_again, 1);
	assert_int_equal(metrics_get(&b->env.shard, M_WAITING_PACKETS, 0), 0);
	assert_int_equal(spill_bench_length(&b->env), 0);
}

static void where_nobody_has_taken_anything_for_long_nothing_waits(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, AFTER_US, MIB, 0);
	in_add_and_wait(b, AFTER_US);
	in_add_and_do_not_wait(b);
	spill_in_note_delivery(&b->in);
	in_add_and_wait(b, AFTER_US);
	spill_in_note_delivery(&b->in);
	spill_in_hurry(&b->in);
	in_add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 4);
}

static void as_many_are_stored_as_there_is_room_for(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, 10 * COST(1000), 0);
	for (unsigned i = 0; i < 20; i++)
		in_add_large(b, false, 1000);
	TURN_UNTIL(b, in_turn, in_n_fates(b) == 20);
	assert_in_range(b->n_stored, 9, 11);
	assert_int_equal(b->refusal, REFUSAL_SPILL_FULL);
	assert_int_equal(spill_bench_length(&b->env), b->n_stored);
	for (unsigned i = 0; i < b->n_stored; i++)
		assert_int_equal(b->numbers[i], i);
}

static void a_full_spill_is_not_asked_for_a_second(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, COST(500), 0);
	in_add_large(b, false, 1000);
	TURN_UNTIL(b, in_turn, b->n_refused == 1);
	spill_bench_reset_calls(&b->env);
	assert_in_range(b->in.full_until_us, US_PER_S, clock_mono_us() + US_PER_S);
	b->in.full_until_us += NEVER_US; /* however late it is */
	in_assert_refused_at_once(b, REFUSAL_SPILL_FULL);
	in_assert_refused_at_once(b, REFUSAL_SPILL_FULL);
	b->in.full_until_us -= NEVER_US;
	TURN_UNTIL(b, in_turn, clock_mono_us() > b->in.full_until_us);
	assert_int_equal(spill_bench_calls(&b->env), 0);
	in_add_and_do_not_wait(b); /* a small one, for which there is room */
	assert_int_equal(b->n_stored, 1);
}

static void what_waits_for_better_times_does_not_keep_the_loop_busy(void **state)
{
	struct in_bench *b = *state;
	unsigned n_turns = 0;

	in_begin(b, 0, COST(500), 0);
	event_del(b->env.tick);
	in_add_large(b, true, 1000);
	spill_in_turn(&b->in);
	while (!b->in.full_until_us)
		in_turn(b);
	while (clock_mono_us() < b->in.full_until_us) {
		in_turn(b);
		n_turns++;
	}
	assert_in_range(n_turns, 1, 30);
}

static void many_go_together(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, 100 * MIB, 0);
	for (unsigned i = 0; i < MANY; i++)
		in_add(b);
	TURN_UNTIL(b, in_turn, b->n_stored == MANY);
	assert_int_equal(spill_bench_calls(&b->env), (MANY + SPILL_PUSH_MAX - 1) / SPILL_PUSH_MAX);
	assert_int_equal(spill_bench_length(&b->env), MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(b->numbers[i], i);
}

static void large_ones_do_not_hold_redis_up(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, 100 * MIB, 0);
	for (unsigned i = 0; i < 6; i++)
		in_add_large(b, false, MIB / 8 - 100);
	in_add_large(b, false, 4 * MIB);
	TURN_UNTIL(b, in_turn, b->n_stored == 7);
	assert_int_equal(spill_bench_calls(&b->env), 4);
}

static void without_a_spill_there_is_no_analyzer(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, AFTER_US, 0, 0);
	in_assert_refused_at_once(b, REFUSAL_NO_ANALYZER);
	in_add_large(b, true, 64);
	in_turn(b);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	b->can_place = true;
	in_turn(b);
	assert_int_equal(b->n_again, 1);
	assert_int_equal(spill_bench_calls(&b->env), 0);
}

static unsigned n_pushed;
void __real_packet_queue_push(struct packet_queue *q, struct packet *p);
void __wrap_packet_queue_push(struct packet_queue *q, struct packet *p);

void __wrap_packet_queue_push(struct packet_queue *q, struct packet *p)
{
	n_pushed++;
	__real_packet_queue_push(q, p);
}

static void what_cannot_be_refused_is_not_walked_through_in_each_turn(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, AFTER_US, 100 * MIB, 0);
	b->in.full_until_us = clock_mono_us() + NEVER_US;
	for (unsigned i = 0; i < MANY; i++)
		in_add_large(b, true, 64);
	in_turn(b);
	n_pushed = 0;
	for (unsigned i = 0; i < 10; i++)
		in_turn(b);
	assert_int_equal(n_pushed, 0);
	b->in.full_until_us = 0; /* agents come, and the spill is full again */
	in_add(b);
	b->in.full_until_us = clock_mono_us() + NEVER_US;
	in_turn(b);
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(spill_in_n_packets(&b->in), MANY);
	b->can_place = true;
	in_turn(b);
	assert_int_equal(b->n_again, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TEST(what_nobody_takes_in_time_is_stored),
		IN_TEST(what_somebody_can_take_meanwhile_goes_there),
		IN_TEST(where_nobody_has_taken_anything_for_long_nothing_waits),
		IN_TEST(as_many_are_stored_as_there_is_room_for),
		IN_TEST(a_full_spill_is_not_asked_for_a_second),
		IN_TEST(what_waits_for_better_times_does_not_keep_the_loop_busy),
		IN_TEST(many_go_together),
		IN_TEST(large_ones_do_not_hold_redis_up),
		IN_TEST(without_a_spill_there_is_no_analyzer),
		IN_TEST(what_cannot_be_refused_is_not_walked_through_in_each_turn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_in", tests, in_bench_start, in_bench_stop);
}
