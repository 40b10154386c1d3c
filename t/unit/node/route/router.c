#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/route/router.h"
#include "t/unit/node/deliver/fake_analyzer.h"
#include "t/unit/redis_pool.h"

#define N_FAKES 3
#define REDIS_TIMEOUT_US 200000
#define WAIT_US (20 * US_PER_S)

/* A worker without its front: a router on a real Redis, and analyzers "a0" and "a1"; "a2" joins later. */
struct bench {
	struct redis_pool *pool;
	struct event_base *base;
	struct event *turn;
	struct metrics *metrics;
	struct metrics_shard shard;
	struct sender *sender;
	struct router router;
	struct fake_analyzer fakes[N_FAKES];
	unsigned n_delivered[N_FAKES], n_unplaced, n_bad, n_behind;
};

static struct redis_pool *the_pool;

static void on_delivered(void *arg, struct packet *p, const char *analyzer)
{
	struct bench *b = arg;

	b->n_delivered[analyzer[1] - '0']++;
	packet_free(p);
}

static void on_unplaced(void *arg, struct packet *p)
{
	((struct bench *)arg)->n_unplaced++;
	packet_free(p);
}

static void on_bad(void *arg, struct packet *p, const char *analyzer, int status)
{
	(void)analyzer;
	assert_int_equal(status, 400);
	((struct bench *)arg)->n_bad++;
	packet_free(p);
}

static bool is_overdue(void *arg UNUSED, const struct packet *p UNUSED)
{
	return false;
}

static void write_accounts(void *arg UNUSED, struct buf *out)
{
	buf_append_str(out, "{\"received\":[0,0]}");
}

static void on_behind(void *arg)
{
	((struct bench *)arg)->n_behind++;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void turn(struct bench *b)
{
	router_turn(&b->router);
	assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

#define TURN_UNTIL(b, condition)                                                                   \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + WAIT_US;                                   \
                                                                                                   \
		while (!(condition) && clock_mono_us() < give_up_us)                               \
			turn(b);                                                                   \
		assert_true(condition);                                                            \
	} while (0)

static void set_roster(struct bench *b)
{
	struct roster *roster = redis_pool_roster(b->pool);

	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		struct analyzer *a = &roster->analyzers[i];

		snprintf(a->url, sizeof(a->url), "%s", b->fakes[a->id[1] - '0'].url);
	}
	router_set_roster(&b->router, roster);
	roster_unref(roster);
}

static void init_router(struct bench *b)
{
	struct router_config config = {
		.base = b->base,
		.url = &b->pool->url,
		.keys = &b->pool->keys,
		.metrics = &b->shard,
		.node_id = "n1",
		.worker = "n1/0",
		.lane = { .sender = b->sender,
			  .metrics = &b->shard,
			  .origin = { "n1", "default/1", "Weir-Node: n1\r\n" },
			  .connect_ms = 1000,
			  .timeout_ms = 10000 },
		.catchup_max_messages = 10000,
		.exact_messages = 64,
		.redis_timeout_us = REDIS_TIMEOUT_US,
		.on_delivered = on_delivered,
		.on_unplaced = on_unplaced,
		.is_overdue = is_overdue,
		.on_bad = on_bad,
		.write_accounts = write_accounts,
		.on_behind = on_behind,
		.arg = b,
	};

	assert_int_equal(router_init(&b->router, &config), 0);
	TURN_UNTIL(b, settler_is_idle(&b->router.settler));
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct timeval tv = clock_timeval(1000);

	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	b->pool = the_pool;
	redis_pool_clear((void **)&the_pool);
	b->base = event_base_new();
	b->turn = event_new(b->base, -1, EV_PERSIST, on_turn, NULL);
	event_add(b->turn, &tv);
	b->metrics = node_metrics_new();
	assert_int_equal(metrics_shard_init(&b->shard, b->metrics), 0);
	b->sender = sender_new(b->base, NULL);
	for (unsigned i = 0; i < N_FAKES; i++)
		fake_analyzer_init(&b->fakes[i], b->base);
	redis_pool_join(b->pool, "a0", 0.75, 60000);
	redis_pool_join(b->pool, "a1", 0.25, 60000);
	init_router(b);
	set_roster(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	router_end_deliveries(&b->router);
	sender_free(b->sender);
	router_deinit(&b->router);
	for (unsigned i = 0; i < N_FAKES; i++)
		fake_analyzer_deinit(&b->fakes[i]);
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

static unsigned n_fates(const struct bench *b)
{
	return b->n_delivered[0] + b->n_delivered[1] + b->n_delivered[2] + b->n_unplaced + b->n_bad;
}

static void submit(struct bench *b, unsigned n_messages)
{
	struct packet *p = packet_new(8);

	assert_non_null(p);
	memcpy(p->body, "{}", 2);
	p->len = 2;
	p->n_messages = n_messages;
	p->received_us = clock_mono_us();
	router_submit(&b->router, p);
}

static void submit_and_wait(struct bench *b, unsigned n_packets, unsigned n_messages)
{
	for (unsigned i = 0; i < n_packets; i++) {
		unsigned n = n_fates(b);

		submit(b, n_messages);
		TURN_UNTIL(b, n_fates(b) > n);
	}
}

/* What Redis has counted for each analyzer, once it has been told all. */
static void assert_counted(struct bench *b, double routed0, double routed1)
{
	struct hot hot;

	router_leave(&b->router);
	TURN_UNTIL(b, router_has_left(&b->router));
	redis_pool_hot(b->pool, &hot);
	assert_true(hot.routed[0] == routed0 && hot.routed[1] == routed1);
	assert_true(hot.delivered[0] == routed0 && hot.delivered[1] == routed1);
	assert_true(hot.credit[0] + hot.credit[1] < 1e-6 && hot.credit[0] + hot.credit[1] > -1e-6);
}

static void slow_packets_are_divided_exactly(void **state)
{
	struct bench *b = *state;

	submit_and_wait(b, 20, 2);
	assert_int_equal(b->n_delivered[0], 15);
	assert_int_equal(b->n_delivered[1], 5);
	assert_counted(b, 30, 10);
}

static void a_failed_delivery_is_refunded_and_goes_to_another(void **state)
{
	struct bench *b = *state;

	b->fakes[0].status = 500;
	submit_and_wait(b, 4, 3);
	assert_int_equal(b->n_delivered[1], 4);
	assert_int_equal(metrics_get(&b->shard, M_REROUTED_PACKETS, REROUTE_STATUS),
			 b->fakes[0].n_posts);
	assert_true(b->fakes[0].n_posts > 0);
	assert_counted(b, 0, 12);
}

static void when_all_fail_it_is_unplaced_and_counts_for_nobody(void **state)
{
	struct bench *b = *state;

	b->fakes[0].status = b->fakes[1].status = 500;
	submit_and_wait(b, 2, 5);
	assert_int_equal(b->n_unplaced, 2);
	assert_int_equal(b->fakes[0].n_posts + b->fakes[1].n_posts, 4);
	assert_counted(b, 0, 0);
}

static void what_is_refused_as_bad_counts_for_nobody(void **state)
{
	struct bench *b = *state;

	b->fakes[0].status = b->fakes[1].status = 400;
	submit_and_wait(b, 3, 7);
	assert_int_equal(b->n_bad, 3);
	assert_counted(b, 0, 0);
}

static void no_packet_waits_longer_for_redis_than_it_may(void **state)
{
	struct bench *b = *state;

	submit_and_wait(b, 1, 1);
	redis_server_freeze(&b->pool->server); /* it never answers: what is decided did not wait */
	submit(b, 1);
	submit(b, 100);
	TURN_UNTIL(b, n_fates(b) == 3);
	b->router.config.redis_timeout_us = 3 * WAIT_US;
	submit_and_wait(b, 5, 2); /* away: no wait at all */
	b->router.config.redis_timeout_us = REDIS_TIMEOUT_US;
	redis_server_thaw(&b->pool->server);
	TURN_UNTIL(b, b->router.mode != ROUTER_AWAY);
	assert_int_equal(b->n_unplaced, 0);
	assert_counted(b, (double)(metrics_get(&b->shard, M_ROUTED_MESSAGES, 0)),
		       (double)metrics_get(&b->shard, M_ROUTED_MESSAGES, 1));
}

static void a_packet_that_waits_for_redis_is_refused_in_time_when_nobody_can_take_it(void **state)
{
	static const uint64_t all_down[ROSTER_MAX_SLOTS / 64] = { 3 };
	static const uint64_t none_down[ROSTER_MAX_SLOTS / 64];
	struct bench *b = *state;

	redis_server_freeze(&b->pool->server);
	submit(b, 5);
	turn(b);
	dispatch_set_probes(&b->router.dispatch, all_down);
	TURN_UNTIL(b, b->n_unplaced == 1); /* though Redis never answers */
	redis_server_thaw(&b->pool->server);
	TURN_UNTIL(b, b->router.mode != ROUTER_AWAY);
	dispatch_set_probes(&b->router.dispatch, none_down);
	submit_and_wait(b, 4, 1);
	assert_counted(b, 3, 1); /* Redis had routed it, and has taken it back */
}

static void a_fast_stream_is_leased_and_divided_all_the_same(void **state)
{
	struct bench *b = *state;

	for (unsigned i = 0; b->router.mode != ROUTER_LEASED || n_fates(b) < 4000; i++) {
		assert_true(i < 100000);
		for (unsigned k = 0; k < 4; k++)
			submit(b, 2);
		turn(b);
	}
	TURN_UNTIL(b, router_n_packets(&b->router) == 0);
	assert_in_range(b->n_delivered[0] * 1000 / n_fates(b), 745, 755);
	assert_counted(b, b->n_delivered[0] * 2.0, b->n_delivered[1] * 2.0);
}

/* With 40 live workers a call costs 40 times its part of Redis' time. */
static void route_calls_leave_time_for_the_other_workers(void **state)
{
	struct settle_request request = { 0 };
	struct bench *b = *state;
	struct answered answered;
	unsigned n_calls = 0;
	uint64_t since_us;
	char name[32];

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%d/1", i);
		struct caller caller = redis_pool_caller(name, "t");

		redis_pool_settle(b->pool, &caller, &request, &answered);
	}
	submit_and_wait(b, 2, 1);
	assert_in_range(b->router.budget.call_us, 5000, 10000);
	since_us = clock_mono_us();
	for (uint64_t n; clock_mono_us() - since_us < 200000;
	     n_calls += b->router.settler.caller.number - n) {
		n = b->router.settler.caller.number;
		if (router_n_packets(&b->router) < 4)
			submit(b, 1);
		turn(b);
	}
	/* as many as there is time for, and some settle calls */
	assert_in_range(n_calls, 1, 20 + (clock_mono_us() - since_us) / 5000);
	TURN_UNTIL(b, router_n_packets(&b->router) == 0);
	assert_int_not_equal(b->router.mode, ROUTER_LEASED);
	TURN_UNTIL(b, b->router.mode ==
			      ROUTER_EXACT); /* AWAY: the machine paused Redis for too long */
	assert_counted(b, b->n_delivered[0], b->n_delivered[1]);
}

static void a_new_member_is_noticed_at_the_next_call(void **state)
{
	struct bench *b = *state;

	POOL_DO(b->pool, "FLUSHALL");
	redis_pool_join(b->pool, "a0", 0.75, 60000);
	redis_pool_join(b->pool, "a1", 0.25, 60000);
	redis_pool_join(b->pool, "a2", 1, 60000);
	submit_and_wait(b, 1, 1);
	TURN_UNTIL(b, b->n_behind > 0);
}

/*
 * Of 12 packets a0 has one under way, and 8 are queued for it. Then Redis is empty, and the others
 * have registered: a1 in the slot that was a0's, a2 in that of a1.
 */
static void lose_a0_from_redis(struct bench *b)
{
	b->fakes[0].status = 0;
	submit(b, 1);
	TURN_UNTIL(b, b->fakes[0].n_posts == 1);
	for (unsigned i = 0; i < 11; i++)
		submit(b, 1);
	TURN_UNTIL(b, b->n_delivered[1] == 3 && router_n_packets(&b->router) == 9);
	TURN_UNTIL(b, settler_is_idle(&b->router.settler) && !ledger_is_dirty(&b->router.ledger));
	POOL_DO(b->pool, "FLUSHALL");
	redis_pool_join(b->pool, "a1", 1, 60000);
	redis_pool_join(b->pool, "a2", 1, 60000);
	set_roster(b);
	TURN_UNTIL(b, n_fates(b) == 11);
	assert_int_equal(b->fakes[0].n_posts, 1);
	assert_int_equal(b->n_delivered[1], 3 + 4);
	assert_int_equal(b->n_delivered[2], 4);
}

static void what_was_queued_for_one_that_is_gone_is_divided_by_the_new_shares(void **state)
{
	struct bench *b = *state;

	lose_a0_from_redis(b);
	fake_analyzer_answer(&b->fakes[0], 200);
	TURN_UNTIL(b, b->n_delivered[0] == 1); /* which counts for none of the others */
	assert_counted(b, 4, 4);
}

static void nor_does_its_last_failure_count_for_who_has_its_slot(void **state)
{
	struct bench *b = *state;

	lose_a0_from_redis(b);
	fake_analyzer_answer(&b->fakes[0], 500);
	TURN_UNTIL(b, n_fates(b) == 12);
	assert_int_equal(metrics_get(&b->shard, M_BATCHES_FAILED,
				     metrics_pair(&b->shard, M_BATCHES_FAILED, 0, OUTCOME_STATUS)),
			 0);
	assert_counted(b, b->n_delivered[1] - 3, b->n_delivered[2]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(slow_packets_are_divided_exactly),
		TEST(a_failed_delivery_is_refunded_and_goes_to_another),
		TEST(when_all_fail_it_is_unplaced_and_counts_for_nobody),
		TEST(what_is_refused_as_bad_counts_for_nobody),
		TEST(no_packet_waits_longer_for_redis_than_it_may),
		TEST(a_packet_that_waits_for_redis_is_refused_in_time_when_nobody_can_take_it),
		TEST(a_fast_stream_is_leased_and_divided_all_the_same),
		TEST(route_calls_leave_time_for_the_other_workers),
		TEST(a_new_member_is_noticed_at_the_next_call),
		TEST(what_was_queued_for_one_that_is_gone_is_divided_by_the_new_shares),
		TEST(nor_does_its_last_failure_count_for_who_has_its_slot),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/router", tests, start_pool, stop_pool);
}
