#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/route/settler.h"
#include "t/unit/redis_pool.h"

#define WAIT_US (20 * US_PER_S)

/* A settler on a real Redis, with the analyzers "a0" and "a1". */
struct bench {
	struct redis_pool *pool;
	struct event_base *base;
	struct event *turn;
	struct metrics *metrics;
	struct metrics_shard shard;
	struct settler settler;
	struct settlement_delta deltas[2];
	unsigned n_answers[3]; /* by status */
	unsigned n_up, n_not_now, n_unreachable;
	enum settler_call last_call;
	unsigned choices[4]; /* of the last answered route call */
};

static struct redis_pool *the_pool;

static void on_answer(void *arg, enum settler_call call, const struct settlement_answer *answer)
{
	struct bench *b = arg;

	b->n_answers[answer->status]++;
	b->last_call = call;
	for (unsigned i = 0; call == CALL_ROUTE && i < ARRAY_LEN(b->choices); i++)
		b->choices[i] = settlement_choice(answer, i);
}

static void on_up(void *arg, bool up)
{
	((struct bench *)arg)->n_up += up;
}

static void write_not_now(void *arg, struct buf *out)
{
	((struct bench *)arg)->n_not_now++;
	buf_clear(out);
	buf_append_str(out, "1");
}

static void write_unreachable(void *arg, struct buf *out)
{
	((struct bench *)arg)->n_unreachable++;
	buf_clear(out);
}

static void write_slow(void *arg UNUSED, struct buf *out)
{
	buf_clear(out);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

#define TURN_UNTIL(b, condition)                                                                   \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + WAIT_US;                                   \
                                                                                                   \
		while (!(condition) && clock_mono_us() < give_up_us)                               \
			assert_int_equal(event_base_loop((b)->base, EVLOOP_ONCE), 0);              \
		assert_true(condition);                                                            \
	} while (0)

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct timeval tv = clock_timeval(1000);
	struct settler_config config = { .worker = "n1/0",
					 .catchup_max_messages = 10000,
					 .on_answer = on_answer,
					 .on_up = on_up,
					 .write_not_now = write_not_now,
					 .write_unreachable = write_unreachable,
					 .write_slow = write_slow,
					 .arg = b };

	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	b->pool = the_pool;
	redis_pool_clear((void **)&the_pool);
	redis_pool_join(b->pool, "a0", 0.5, 60000);
	b->base = event_base_new();
	b->turn = event_new(b->base, -1, EV_PERSIST, on_turn, NULL);
	event_add(b->turn, &tv);
	b->metrics = node_metrics_new();
	assert_int_equal(metrics_shard_init(&b->shard, b->metrics), 0);
	config.base = b->base;
	config.url = &b->pool->url;
	config.keys = &b->pool->keys;
	config.metrics = &b->shard;
	assert_int_equal(settler_init(&b->settler, &config), 0);
	b->settler.caller.epoch = redis_pool_join(b->pool, "a1", 0.5, 60000);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	if (b->settler.link)
		settler_deinit(&b->settler);
	event_free(b->turn);
	event_base_free(b->base);
	metrics_shard_deinit(&b->shard);
	metrics_free(b->metrics);
	free(b);
	return 0;
}

static int start_pool(void **state)
{
	int r = redis_pool_setup(state);

	the_pool = *state;
	return r;
}

static int stop_pool(void **state)
{
	*state = the_pool;
	return redis_pool_teardown(state);
}

static void settle(struct bench *b, double routed)
{
	struct settle_request request = {
		.deltas = b->deltas, .n_slots = 2, .counts = true, .node_info = ""
	};

	b->deltas[0].routed = routed;
	settler_settle(&b->settler, &request);
}

static double routed(struct bench *b)
{
	struct hot hot;

	redis_pool_hot(b->pool, &hot);
	return hot.routed[0];
}

static void it_is_idle_once_it_is_connected(void **state)
{
	struct bench *b = *state;

	assert_false(settler_is_idle(&b->settler));
	TURN_UNTIL(b, settler_is_idle(&b->settler));
	assert_true(settler_is_up(&b->settler));
	assert_int_equal(b->n_up, 1);
}

static void an_answer_ends_the_call_and_the_next_one_has_the_next_number(void **state)
{
	struct bench *b = *state;

	TURN_UNTIL(b, settler_is_idle(&b->settler));
	for (unsigned i = 1; i <= 3; i++) {
		settle(b, 2);
		assert_false(settler_is_idle(&b->settler));
		TURN_UNTIL(b, settler_is_idle(&b->settler));
		assert_int_equal(b->n_answers[SETTLEMENT_OK], i);
		assert_int_equal(b->settler.caller.number, i);
	}
	assert_int_equal(b->last_call, CALL_SETTLE);
	assert_int_equal(b->n_unreachable, 3);
	assert_true(routed(b) == 6);
	assert_int_equal(metrics_get(&b->shard, M_REDIS_CALLS, CALL_SETTLE - CALL_ROUTE), 3);
}

static void redis_chooses_none_that_can_take_nothing_now(void **state)
{
	static const uint32_t sizes[4] = { 1, 2, 3, 4 };
	struct bench *b = *state;

	TURN_UNTIL(b, settler_is_idle(&b->settler));
	settler_route(&b->settler, sizes, 4);
	TURN_UNTIL(b, settler_is_idle(&b->settler));
	assert_int_equal(b->last_call, CALL_ROUTE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(b->choices[i], 0);
	assert_int_equal(b->n_not_now, 1);
}

/* The server gets the call before it is frozen for good, and again over a new connection. */
static void a_call_without_an_answer_is_sent_again_and_applied_once(void **state)
{
	struct bench *b = *state;

	TURN_UNTIL(b, settler_is_idle(&b->settler));
	redis_server_freeze(&b->pool->server);
	settle(b, 5);
	TURN_UNTIL(b, b->n_answers[SETTLEMENT_FAILED] > 0);
	assert_false(settler_is_idle(&b->settler));
	redis_server_thaw(&b->pool->server);
	TURN_UNTIL(b, settler_is_idle(&b->settler));
	assert_int_equal(b->n_answers[SETTLEMENT_OK], 1);
	assert_int_equal(b->settler.caller.number, 1);
	assert_in_range(b->n_unreachable, 2, 1000); /* asked anew for each sending */
	assert_true(routed(b) == 5);
	assert_true(metrics_get(&b->shard, M_REDIS_FAILURES, 0) > 0);
}

static void a_redis_that_lost_the_epoch_ends_the_call_and_changes_nothing(void **state)
{
	struct bench *b = *state;

	TURN_UNTIL(b, settler_is_idle(&b->settler));
	POOL_DO(b->pool, "FLUSHALL");
	b->settler.caller.epoch += 10;
	settle(b, 5);
	TURN_UNTIL(b, settler_is_idle(&b->settler));
	assert_int_equal(b->n_answers[SETTLEMENT_BEHIND], 1);
	assert_int_equal(b->n_answers[SETTLEMENT_OK], 0);
}

static void in_the_end_a_call_under_way_has_no_answer(void **state)
{
	struct bench *b = *state;
	unsigned n = 0;

	TURN_UNTIL(b, settler_is_idle(&b->settler));
	redis_server_freeze(&b->pool->server);
	settle(b, 1);
	settler_deinit(&b->settler);
	redis_server_thaw(&b->pool->server);
	for (unsigned i = 0; i < 3; i++)
		n += b->n_answers[i];
	assert_int_equal(n, 0);
	b->settler = (struct settler){ 0 };
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_is_idle_once_it_is_connected),
		TEST(an_answer_ends_the_call_and_the_next_one_has_the_next_number),
		TEST(redis_chooses_none_that_can_take_nothing_now),
		TEST(a_call_without_an_answer_is_sent_again_and_applied_once),
		TEST(a_redis_that_lost_the_epoch_ends_the_call_and_changes_nothing),
		TEST(in_the_end_a_call_under_way_has_no_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/settler", tests, start_pool, stop_pool);
}
