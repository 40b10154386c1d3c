/* spill_in.[ch] on a real Redis: what waits, what is stored, what is refused, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/exchange.h"
#include "node/node_metrics.h"
#include "node/spill/spill_in.h"
#include "registry/scripts.h"
#include "t/unit/node/spill/spill_bench.h"

#define AFTER_US 300000
#define TIMEOUT_US 300000        /* where it is about that; else a busy machine is waited for */
#define NEVER_US (60 * US_PER_S) /* longer than TURN_UNTIL waits */
#define MANY 200
#define MIB (1u << 20)
#define COST(body) ((body) + 128 + 40) /* of a packet in the spill, about */

struct bench {
	struct spill_bench env;
	struct spill_in in;
	bool can_place;
	unsigned n_again, n_stored, n_refused, next_number;
	enum refusal refusal;   /* the last one */
	unsigned numbers[MANY]; /* of those stored, in the order they were told */
};

static struct bench the_bench;
static struct exchange somebody; /* who waits for the fate of a packet */

static unsigned n_fates(const struct bench *b)
{
	return b->n_again + b->n_stored + b->n_refused;
}

static bool can_place(void *arg)
{
	return ((struct bench *)arg)->can_place;
}

static void on_again(void *arg, struct packet *p)
{
	struct bench *b = arg;

	b->n_again++;
	packet_free_within(&b->env.memory, p);
}

static void on_stored(void *arg, struct packet *p)
{
	struct bench *b = arg;

	if (b->n_stored < MANY)
		b->numbers[b->n_stored] = spill_bench_number(p->body, p->len);
	b->n_stored++;
	packet_free_within(&b->env.memory, p);
}

static void on_refused(void *arg, struct packet *p, enum refusal refusal)
{
	struct bench *b = arg;

	b->n_refused++;
	b->refusal = refusal;
	packet_free_within(&b->env.memory, p);
}

static void turn(struct bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	spill_in_turn(&b->in);
}

static void begin(struct bench *b, uint64_t after_us, uint64_t max_bytes, unsigned min_replicas)
{
	struct spill_in_config config = { .base = b->env.base,
					  .link = b->env.link,
					  .metrics = &b->env.shard,
					  .node_id = "n1",
					  .after_us = after_us,
					  .max_bytes = max_bytes,
					  .min_replicas = min_replicas,
					  .timeout_us = WAIT_US,
					  .can_place = can_place,
					  .on_again = on_again,
					  .on_stored = on_stored,
					  .on_refused = on_refused,
					  .arg = b };

	assert_int_equal(spill_in_init(&b->in, &config), 0);
}

static void end(struct bench *b)
{
	link_free(b->env.link);
	b->env.link = NULL;
	spill_in_deinit(&b->in);
}

static int setup(void **state)
{
	struct bench *b = &the_bench;
	struct spill_bench env = b->env;

	*b = (struct bench){ .env = env };
	spill_bench_setup(&b->env);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	if (b->env.link)
		end(b);
	spill_bench_teardown(&b->env);
	return 0;
}

static void add_large(struct bench *b, bool is_acknowledged, size_t n_bytes)
{
	struct packet *p = spill_bench_packet(&b->env, b->next_number++, n_bytes);

	p->exchange = is_acknowledged ? NULL : &somebody;
	spill_in_add(&b->in, p);
}

static void add(struct bench *b)
{
	add_large(b, false, 0);
}

/* One more packet; what became of it is told, but not sooner than min_us. */
static void add_and_wait(struct bench *b, uint64_t min_us)
{
	uint64_t since_us = clock_mono_us();
	unsigned n = n_fates(b);

	add(b);
	TURN_UNTIL(b, turn, n_fates(b) > n);
	assert_true(clock_mono_us() - since_us >= min_us);
}

/* It is on its way to Redis in the same turn, and stored. */
static void add_and_do_not_wait(struct bench *b)
{
	unsigned n = b->n_stored;

	assert_int_equal(b->in.state, SPILL_IN_IDLE);
	add(b);
	spill_in_turn(&b->in);
	assert_int_equal(b->in.state, SPILL_IN_PUSHING);
	TURN_UNTIL(b, turn, b->n_stored > n);
}

/* Refused from inside the call. */
static void assert_refused_at_once(struct bench *b, enum refusal refusal)
{
	unsigned n = b->n_refused;

	add(b);
	assert_int_equal(b->n_refused, n + 1);
	assert_int_equal(b->refusal, refusal);
}

static void what_nobody_takes_in_time_is_stored(void **state)
{
	struct bench *b = *state;
	redisReply *reply, *fields;
	uint64_t since_ms = clock_wall_us() / US_PER_MS, age_ms;

	begin(b, AFTER_US, MIB, 0);
	add_and_wait(b, AFTER_US);
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
	struct bench *b = *state;

	begin(b, AFTER_US, MIB, 0);
	add(b);
	turn(b);
	assert_int_equal(n_fates(b), 0);
	assert_int_equal(metrics_get(&b->env.shard, M_WAITING_PACKETS, 0), 1);
	b->can_place = true;
	turn(b);
	assert_int_equal(b->n_again, 1);
	assert_int_equal(metrics_get(&b->env.shard, M_WAITING_PACKETS, 0), 0);
	assert_int_equal(spill_bench_length(&b->env), 0);
}

static void where_nobody_has_taken_anything_for_long_nothing_waits(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, MIB, 0);
	add_and_wait(b, AFTER_US);
	add_and_do_not_wait(b);
	spill_in_note_delivery(&b->in);
	add_and_wait(b, AFTER_US);
	spill_in_note_delivery(&b->in);
	spill_in_hurry(&b->in);
	add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 4);
}

static void with_redis_down_nothing_waits(void **state)
{
	struct bench *b = *state;

	begin(b, NEVER_US, MIB, 0);
	add(b);
	turn(b);
	redis_server_kill(&b->env.pool.server);
	TURN_UNTIL(b, turn, b->n_refused == 1);
	assert_int_equal(b->refusal, REFUSAL_SPILL_AWAY);
	assert_refused_at_once(b, REFUSAL_SPILL_AWAY);
	spill_bench_restart_redis(&b->env);
	TURN_UNTIL(b, turn, link_is_up(b->env.link));
	spill_in_hurry(&b->in);
	add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

static void a_redis_that_hangs_costs_its_timeout_once(void **state)
{
	struct bench *b = *state;

	begin(b, 0, MIB, 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	add_and_wait(b, TIMEOUT_US);
	assert_int_equal(b->refusal, REFUSAL_SPILL_SLOW);
	assert_refused_at_once(b, REFUSAL_SPILL_SLOW);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, turn, b->in.state == SPILL_IN_IDLE);
	assert_int_equal(b->n_refused, 2); /* the late answer tells nobody anything, */
	TURN_UNTIL(b, turn,
		   spill_bench_length(&b->env) == 0); /* and what it stored is taken back */
	b->in.config.timeout_us = WAIT_US;
	add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

static void a_redis_that_hangs_for_long_is_used_again_too(void **state)
{
	struct bench *b = *state;

	begin(b, 0, MIB, 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	add_and_wait(b, TIMEOUT_US);
	TURN_UNTIL(b, turn, !link_is_up(b->env.link));
	assert_refused_at_once(b, REFUSAL_SPILL_AWAY);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, turn, link_is_up(b->env.link));
	b->in.config.timeout_us = WAIT_US;
	add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

static void as_many_are_stored_as_there_is_room_for(void **state)
{
	struct bench *b = *state;

	begin(b, 0, 10 * COST(1000), 0);
	for (unsigned i = 0; i < 20; i++)
		add_large(b, false, 1000);
	TURN_UNTIL(b, turn, n_fates(b) == 20);
	assert_in_range(b->n_stored, 9, 11);
	assert_int_equal(b->refusal, REFUSAL_SPILL_FULL);
	assert_int_equal(spill_bench_length(&b->env), b->n_stored);
	for (unsigned i = 0; i < b->n_stored; i++)
		assert_int_equal(b->numbers[i], i);
}

static void a_full_spill_is_not_asked_for_a_second(void **state)
{
	struct bench *b = *state;

	begin(b, 0, COST(500), 0);
	add_large(b, false, 1000);
	TURN_UNTIL(b, turn, b->n_refused == 1);
	spill_bench_reset_calls(&b->env);
	assert_in_range(b->in.full_until_us, US_PER_S, clock_mono_us() + US_PER_S);
	b->in.full_until_us += NEVER_US; /* however late it is */
	assert_refused_at_once(b, REFUSAL_SPILL_FULL);
	assert_refused_at_once(b, REFUSAL_SPILL_FULL);
	b->in.full_until_us -= NEVER_US;
	TURN_UNTIL(b, turn, clock_mono_us() > b->in.full_until_us);
	assert_int_equal(spill_bench_calls(&b->env), 0);
	add_and_do_not_wait(b); /* a small one, for which there is room */
	assert_int_equal(b->n_stored, 1);
}

static void what_is_acknowledged_is_never_refused(void **state)
{
	struct bench *b = *state;

	begin(b, 0, COST(500), 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	add_large(b, true, 64);
	TURN_UNTIL(b, turn, b->in.state == SPILL_IN_OVERDUE);
	turn(b);
	assert_int_equal(n_fates(b), 0);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, turn, b->n_stored == 1);
	add_large(b, true, 1000);
	TURN_UNTIL(b, turn, b->in.full_until_us);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	end(b);
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(b->refusal, REFUSAL_SHUTTING_DOWN);
}

static void what_waits_for_better_times_does_not_keep_the_loop_busy(void **state)
{
	struct bench *b = *state;
	unsigned n_turns = 0;

	begin(b, 0, COST(500), 0);
	event_del(b->env.tick);
	add_large(b, true, 1000);
	spill_in_turn(&b->in);
	while (!b->in.full_until_us)
		turn(b);
	while (clock_mono_us() < b->in.full_until_us) {
		turn(b);
		n_turns++;
	}
	assert_in_range(n_turns, 1, 30);
}

static void many_go_together(void **state)
{
	struct bench *b = *state;

	begin(b, 0, 100 * MIB, 0);
	for (unsigned i = 0; i < MANY; i++)
		add(b);
	TURN_UNTIL(b, turn, b->n_stored == MANY);
	assert_int_equal(spill_bench_calls(&b->env), (MANY + SPILL_PUSH_MAX - 1) / SPILL_PUSH_MAX);
	assert_int_equal(spill_bench_length(&b->env), MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(b->numbers[i], i);
}

static void large_ones_do_not_hold_redis_up(void **state)
{
	struct bench *b = *state;

	begin(b, 0, 100 * MIB, 0);
	for (unsigned i = 0; i < 6; i++)
		add_large(b, false, MIB / 8 - 100);
	add_large(b, false, 4 * MIB);
	TURN_UNTIL(b, turn, b->n_stored == 7);
	assert_int_equal(spill_bench_calls(&b->env), 4);
}

static void without_a_spill_there_is_no_analyzer(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, 0, 0);
	assert_refused_at_once(b, REFUSAL_NO_ANALYZER);
	add_large(b, true, 64);
	turn(b);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	b->can_place = true;
	turn(b);
	assert_int_equal(b->n_again, 1);
	assert_int_equal(spill_bench_calls(&b->env), 0);
}

static void a_replica_that_is_missing_is_waited_for_and_then_it_is_refused(void **state)
{
	struct bench *b = *state;

	begin(b, 0, MIB, 1);
	b->in.config.timeout_us = TIMEOUT_US;
	add_and_wait(b, 0);
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(b->refusal, REFUSAL_SPILL_AWAY);
	add_and_wait(b, 0);
	assert_int_equal(b->n_refused, 2);
}

static void what_is_acknowledged_is_not_stored_again_and_again_for_a_replica(void **state)
{
	struct bench *b = *state;

	begin(b, 0, MIB, 1);
	b->in.config.timeout_us = TIMEOUT_US;
	add_large(b, true, 0);
	TURN_UNTIL(b, turn, b->n_stored == 1);
	assert_int_equal(b->n_refused, 0);
	assert_refused_at_once(b, REFUSAL_SPILL_AWAY);
}

/* A write of the pool has come to a replica. */
static bool has_replica(struct redis_pool *pool)
{
	redisReply *reply;
	bool has_one;

	POOL_DO(pool, "SET", "written", "1");
	reply = POOL_COMMAND(pool, "WAIT", "1", "1000");
	has_one = reply->integer == 1;
	freeReplyObject(reply);
	return has_one;
}

static void with_a_replica_it_is_stored(void **state)
{
	struct bench *b = *state;
	struct redis_pool replica = { .keys = b->env.pool.keys };
	char port[8];

	assert_int_equal(redis_server_start(&replica.server, true), 0);
	assert_int_equal(redis_url_parse(&replica.url, replica.server.url), 0);
	replica.client = client_new(&replica.url, registry_scripts(&replica.keys), 5000);
	snprintf(port, sizeof(port), "%d", b->env.pool.server.port);
	begin(b, 0, MIB, 1);
	POOL_DO(&replica, "REPLICAOF", "127.0.0.1", port);
	TURN_UNTIL(b, turn, has_replica(&b->env.pool));
	add_and_wait(b, 0);
	assert_int_equal(b->n_stored, 1);
	redis_server_freeze(&replica.server);
	b->in.config.timeout_us = TIMEOUT_US;
	add_and_wait(b, 0);
	assert_int_equal(b->refusal, REFUSAL_SPILL_AWAY);
	b->in.config.timeout_us = WAIT_US;
	redis_server_thaw(&replica.server);
	TURN_UNTIL(b, turn, b->in.state == SPILL_IN_IDLE && clock_mono_us() >= b->in.lone_until_us);
	add_and_wait(b, 0);
	assert_int_equal(b->n_stored, 2);
	client_free(replica.client);
	redis_server_stop(&replica.server);
}

static void at_the_end_all_that_is_left_is_refused(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, MIB, 0);
	redis_server_freeze(&b->env.pool.server);
	add(b);
	TURN_UNTIL(b, turn, b->in.state == SPILL_IN_PUSHING);
	spill_in_note_delivery(&b->in);
	add_large(b, true, 64);
	add(b);
	end(b);
	redis_server_thaw(&b->env.pool.server);
	assert_int_equal(b->n_refused, 3);
}

static int start(void **state)
{
	(void)state;
	return spill_bench_start(&the_bench.env);
}

static int stop(void **state)
{
	(void)state;
	spill_bench_stop(&the_bench.env);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_takes_in_time_is_stored),
		TEST(what_somebody_can_take_meanwhile_goes_there),
		TEST(where_nobody_has_taken_anything_for_long_nothing_waits),
		TEST(with_redis_down_nothing_waits),
		TEST(a_redis_that_hangs_costs_its_timeout_once),
		TEST(a_redis_that_hangs_for_long_is_used_again_too),
		TEST(as_many_are_stored_as_there_is_room_for),
		TEST(a_full_spill_is_not_asked_for_a_second),
		TEST(what_is_acknowledged_is_never_refused),
		TEST(what_waits_for_better_times_does_not_keep_the_loop_busy),
		TEST(many_go_together),
		TEST(large_ones_do_not_hold_redis_up),
		TEST(without_a_spill_there_is_no_analyzer),
		TEST(a_replica_that_is_missing_is_waited_for_and_then_it_is_refused),
		TEST(what_is_acknowledged_is_not_stored_again_and_again_for_a_replica),
		TEST(with_a_replica_it_is_stored),
		TEST(at_the_end_all_that_is_left_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_in", tests, start, stop);
}
