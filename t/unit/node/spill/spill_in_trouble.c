/* spill_in.[ch] with a Redis that is away, hangs, refuses, or lacks replicas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/spill/in_bench.h"

static void with_redis_down_nothing_waits(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, NEVER_US, MIB, 0);
	in_add(b);
	in_turn(b);
	redis_server_kill(&b->env.pool.server);
	TURN_UNTIL(b, in_turn, b->n_refused == 1);
	assert_int_equal(b->refusal, REFUSAL_SPILL_AWAY);
	in_assert_refused_at_once(b, REFUSAL_SPILL_AWAY);
	spill_bench_restart_redis(&b->env);
	TURN_UNTIL(b, in_turn, link_is_up(b->env.link));
	spill_in_hurry(&b->in);
	in_add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

static void a_redis_that_hangs_costs_its_timeout_once(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, MIB, 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	in_add_and_wait(b, TIMEOUT_US);
	assert_int_equal(b->refusal, REFUSAL_SPILL_SLOW);
	in_assert_refused_at_once(b, REFUSAL_SPILL_SLOW);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, in_turn, b->in.state == SPILL_IN_IDLE);
	assert_int_equal(b->n_refused, 2); /* the late answer tells nobody anything, */
	TURN_UNTIL(b, in_turn,
		   spill_bench_length(&b->env) == 0); /* and what it stored is taken back */
	b->in.config.timeout_us = WAIT_US;
	in_add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

/* What was sent is in the socket of Redis, and comes to nothing when Redis reads it. */
static void a_redis_that_hangs_for_long_is_used_again_and_keeps_no_copy(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, MIB, 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	in_add_and_wait(b, TIMEOUT_US);
	TURN_UNTIL(b, in_turn, !link_is_up(b->env.link));
	in_assert_refused_at_once(b, REFUSAL_SPILL_AWAY);
	redis_server_thaw(&b->env.pool.server);
	b->in.config.timeout_us = WAIT_US;
	TURN_UNTIL(b, in_turn, link_is_up(b->env.link) && b->in.state == SPILL_IN_IDLE);
	in_add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
	assert_int_equal(spill_bench_length(&b->env), 1);
}

static void what_redis_refuses_is_said_so(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, MIB, 0);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "maxmemory", "1");
	in_add_and_wait(b, 0);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "maxmemory", "0");
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(b->refusal, REFUSAL_SPILL_REFUSED);
	in_assert_refused_at_once(b, REFUSAL_SPILL_REFUSED); /* it is not asked again at once */
	b->in.refused_until_us = 0;
	in_add_and_do_not_wait(b);
	assert_int_equal(b->n_stored, 1);
}

static void what_is_acknowledged_is_never_refused(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, COST(500), 0);
	b->in.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	in_add_large(b, true, 64);
	TURN_UNTIL(b, in_turn, b->in.state == SPILL_IN_OVERDUE);
	in_turn(b);
	assert_int_equal(in_n_fates(b), 0);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, in_turn, b->n_stored == 1);
	in_add_large(b, true, 1000);
	TURN_UNTIL(b, in_turn, b->in.full_until_us);
	assert_int_equal(spill_in_n_packets(&b->in), 1);
	in_end(b);
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(b->refusal, REFUSAL_SHUTTING_DOWN);
}

static void a_replica_that_is_missing_is_waited_for_and_then_it_is_refused(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, MIB, 1);
	b->in.config.timeout_us = TIMEOUT_US;
	in_add_and_wait(b, 0);
	assert_int_equal(b->n_refused, 1);
	assert_int_equal(b->refusal, REFUSAL_SPILL_REPLICAS);
	in_add_and_wait(b, 0);
	assert_int_equal(b->n_refused, 2);
	TURN_UNTIL(b, in_turn, spill_bench_length(&b->env) == 0); /* their agents come again */
}

static void what_is_acknowledged_is_not_stored_again_and_again_for_a_replica(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, 0, MIB, 1);
	b->in.config.timeout_us = TIMEOUT_US;
	in_add_large(b, true, 0);
	TURN_UNTIL(b, in_turn, b->n_stored == 1);
	assert_int_equal(b->n_refused, 0);
	in_assert_refused_at_once(b, REFUSAL_SPILL_REPLICAS);
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
	struct in_bench *b = *state;
	struct redis_pool replica = { .keys = b->env.pool.keys };
	char port[8];

	assert_int_equal(redis_server_start(&replica.server, true), 0);
	assert_int_equal(redis_url_parse(&replica.url, replica.server.url), 0);
	replica.client = client_new(&replica.url, registry_scripts(&replica.keys), 5000);
	snprintf(port, sizeof(port), "%d", b->env.pool.server.port);
	in_begin(b, 0, MIB, 1);
	POOL_DO(&replica, "REPLICAOF", "127.0.0.1", port);
	TURN_UNTIL(b, in_turn, has_replica(&b->env.pool));
	in_add_and_wait(b, 0);
	assert_int_equal(b->n_stored, 1);
	redis_server_freeze(&replica.server);
	b->in.config.timeout_us = TIMEOUT_US;
	in_add_and_wait(b, 0);
	assert_int_equal(b->refusal, REFUSAL_SPILL_REPLICAS);
	b->in.config.timeout_us = WAIT_US;
	redis_server_thaw(&replica.server);
	TURN_UNTIL(b, in_turn,
		   b->in.state == SPILL_IN_IDLE && clock_mono_us() >= b->in.lone_until_us);
	in_add_and_wait(b, 0);
	assert_int_equal(b->n_stored, 2);
	client_free(replica.client);
	redis_server_stop(&replica.server);
}

static void at_the_end_all_that_is_left_is_refused(void **state)
{
	struct in_bench *b = *state;

	in_begin(b, AFTER_US, MIB, 0);
	redis_server_freeze(&b->env.pool.server);
	in_add(b);
	TURN_UNTIL(b, in_turn, b->in.state == SPILL_IN_PUSHING);
	spill_in_note_delivery(&b->in);
	in_add_large(b, true, 64);
	in_add(b);
	in_end(b);
	redis_server_thaw(&b->env.pool.server);
	assert_int_equal(b->n_refused, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TEST(with_redis_down_nothing_waits),
		IN_TEST(a_redis_that_hangs_costs_its_timeout_once),
		IN_TEST(a_redis_that_hangs_for_long_is_used_again_and_keeps_no_copy),
		IN_TEST(what_redis_refuses_is_said_so),
		IN_TEST(what_is_acknowledged_is_never_refused),
		IN_TEST(a_replica_that_is_missing_is_waited_for_and_then_it_is_refused),
		IN_TEST(what_is_acknowledged_is_not_stored_again_and_again_for_a_replica),
		IN_TEST(with_a_replica_it_is_stored),
		IN_TEST(at_the_end_all_that_is_left_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_in_trouble", tests, in_bench_start,
					   in_bench_stop);
}
