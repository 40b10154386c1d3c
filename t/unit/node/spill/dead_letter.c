/* dead_letter.[ch] on a real Redis: what is buried, what is refused and why, and that no copy is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/spill/dead_letter.h"
#include "t/unit/node/spill/spill_bench.h"

#define TIMEOUT_US 300000
#define LARGE_BYTES (2 * SPILL_LARGE_BYTES)

struct bench {
	struct spill_bench env;
	struct dead_letters letters;
	unsigned n_ended, n_buried;
	enum refusal refusal; /* the last one */
	unsigned next_number;
};

static struct bench the_bench;

static void on_end(void *arg, struct packet *p, enum refusal refusal)
{
	struct bench *b = arg;

	b->n_ended++;
	b->n_buried += refusal == REFUSAL_NONE;
	b->refusal = refusal;
	packet_free_within(&b->env.memory, p);
}

static void turn(struct bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	dead_letters_turn(&b->letters, clock_mono_us());
}

static int setup(void **state)
{
	struct bench *b = &the_bench;
	struct spill_bench env = b->env;
	struct dead_letters_config config = {
		.node_id = "n1", .worker = "n1/0", .timeout_us = WAIT_US, .on_end = on_end, .arg = b
	};

	*b = (struct bench){ .env = env };
	spill_bench_setup(&b->env);
	config.base = b->env.base;
	config.link[SPILL_SMALL] = config.link[SPILL_LARGE] = b->env.link;
	assert_int_equal(dead_letters_init(&b->letters, &config), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	link_free(b->env.link);
	b->env.link = NULL;
	dead_letters_deinit(&b->letters);
	spill_bench_teardown(&b->env);
	return 0;
}

static void bury(struct bench *b, size_t n_bytes)
{
	dead_letters_bury(&b->letters, spill_bench_packet(&b->env, b->next_number++, n_bytes), "a1",
			  "status 422");
}

static void bury_and_wait(struct bench *b)
{
	unsigned n = b->n_ended;

	bury(b, 0);
	TURN_UNTIL(b, turn, b->n_ended > n);
}

static uint64_t n_letters(struct bench *b)
{
	redisReply *reply =
		POOL_COMMAND(&b->env.pool, "XLEN", redis_pool_key(&b->env.pool, KEY_DEAD));
	uint64_t n = (uint64_t)reply->integer;

	freeReplyObject(reply);
	return n;
}

static void letters_of_any_size_are_buried(void **state)
{
	struct bench *b = *state;

	for (unsigned i = 0; i < 5; i++)
		bury(b, i % 2 ? LARGE_BYTES : 0);
	TURN_UNTIL(b, turn, b->n_buried == 5);
	assert_int_equal(n_letters(b), 5);
}

static void what_redis_refuses_is_said_so(void **state)
{
	struct bench *b = *state;

	POOL_DO(&b->env.pool, "CONFIG", "SET", "maxmemory", "1");
	bury_and_wait(b);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "maxmemory", "0");
	assert_int_equal(b->refusal, REFUSAL_DEAD_REFUSED);
	b->letters.ways[SPILL_SMALL].refused_until_us = 0;
	bury_and_wait(b);
	assert_int_equal(b->n_buried, 1);
}

/* What was stored too late is taken back, and the next try is buried once. */
static void a_redis_that_hangs_costs_its_timeout_and_leaves_no_copy(void **state)
{
	struct bench *b = *state;

	b->letters.config.timeout_us = TIMEOUT_US;
	redis_server_freeze(&b->env.pool.server);
	bury_and_wait(b);
	assert_int_equal(b->refusal, REFUSAL_DEAD_SLOW);
	bury(b, 0);
	assert_int_equal(b->n_ended, 2); /* at once */
	assert_int_equal(b->refusal, REFUSAL_DEAD_SLOW);
	redis_server_thaw(&b->env.pool.server);
	b->letters.config.timeout_us = WAIT_US;
	TURN_UNTIL(b, turn, b->letters.ways[SPILL_SMALL].state == DEAD_IDLE);
	assert_int_equal(n_letters(b), 0);
	bury_and_wait(b);
	assert_int_equal(b->n_buried, 1);
	assert_int_equal(n_letters(b), 1);
}

static void so_does_one_that_hangs_until_the_connection_breaks(void **state)
{
	struct bench *b = *state;

	redis_server_freeze(&b->env.pool.server);
	bury_and_wait(b);
	assert_int_equal(b->refusal, REFUSAL_DEAD_AWAY);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, turn,
		   link_is_up(b->env.link) && b->letters.ways[SPILL_SMALL].state == DEAD_IDLE);
	bury_and_wait(b);
	assert_int_equal(b->n_buried, 1);
	assert_int_equal(n_letters(b), 1);
}

static void without_redis_nothing_waits(void **state)
{
	struct bench *b = *state;

	redis_server_kill(&b->env.pool.server);
	TURN_UNTIL(b, turn, !link_is_up(b->env.link));
	bury(b, 0);
	assert_int_equal(b->n_ended, 1);
	assert_int_equal(b->refusal, REFUSAL_DEAD_AWAY);
	spill_bench_restart_redis(&b->env);
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
		TEST(letters_of_any_size_are_buried),
		TEST(what_redis_refuses_is_said_so),
		TEST(a_redis_that_hangs_costs_its_timeout_and_leaves_no_copy),
		TEST(so_does_one_that_hangs_until_the_connection_breaks),
		TEST(without_redis_nothing_waits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/dead_letter", tests, start, stop);
}
