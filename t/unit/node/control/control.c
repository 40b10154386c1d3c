/* control.[ch] on its own thread, with a real Redis and a worker that does not run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/control/control.h"
#include "t/unit/node/node_bench.h"

#define TTL_MS 60000

static struct {
	struct worker worker;
	const struct metrics_shard *shards[1];
	struct watch *watch;
	struct control *control;
} it;

static int setup(void **state)
{
	struct node_shared *shared = &the_node_bench.shared;
	struct net_addr addr;
	int fd;

	if (node_bench_setup(state) != 0 || net_addr_parse(&addr, "127.0.0.1:0") != 0 ||
	    net_listen(&addr, true, 16, &fd) != 0)
		return -1;
	assert_int_equal(worker_init(&it.worker, shared, 0, fd, -1), 0);
	it.shards[0] = &it.worker.metrics;
	assert_int_equal(watch_new(shared, &it.watch), 0);
	it.control = control_new(shared, &it.worker, it.shards, 1, it.watch);
	assert_non_null(it.control);
	assert_int_equal(control_start(it.control), 0);
	NODE_BENCH_WAIT_UNTIL(atomic_load(&shared->health.has_roster));
	return 0;
}

static int teardown(void **state)
{
	control_free(it.control);
	watch_free(it.watch);
	worker_deinit(&it.worker);
	return node_bench_teardown(state);
}

static unsigned n_known(void)
{
	struct roster *roster = control_roster(it.control);
	unsigned n = roster ? roster->n_analyzers : 0;

	roster_unref(roster);
	return n;
}

/* What the worker's mailbox has; it is taken out. */
static bool has_mail(unsigned n_analyzers)
{
	struct roster *roster = atomic_exchange(&it.worker.mail, NULL);
	bool has = roster && roster->n_analyzers == n_analyzers;

	roster_unref(roster);
	return has;
}

static bool is_down(unsigned slot)
{
	return atomic_load(&the_node_bench.shared.probe_down[0]) >> slot & 1;
}

static void a_new_analyzer_is_in_the_workers_mailbox(void **state UNUSED)
{
	redis_pool_join(the_node_bench.pool, "a0", 1, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(has_mail(1));
	assert_int_equal(n_known(), 1);
}

static void a_roster_that_is_no_news_goes_to_nobody(void **state UNUSED)
{
	redis_pool_join(the_node_bench.pool, "a0", 1, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(has_mail(1));
	for (unsigned i = 0; i < 50; i++) {
		control_refresh(it.control);
		usleep(2000);
		assert_null(atomic_load(&it.worker.mail));
	}
}

/* As Redis has it now; NULL: it is empty. */
static struct roster *restored_roster(void)
{
	struct roster *roster = redis_pool_roster(the_node_bench.pool);

	if (roster->n_analyzers)
		return roster;
	roster_unref(roster);
	return NULL;
}

static void what_an_emptied_redis_has_lost_is_registered_again(void **state UNUSED)
{
	struct roster *roster;

	redis_pool_join(the_node_bench.pool, "a0", 3, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(n_known() == 1);
	POOL_DO(the_node_bench.pool, "FLUSHALL");
	control_refresh(it.control);
	NODE_BENCH_WAIT_UNTIL((roster = restored_roster()));
	assert_string_equal(roster->analyzers[0].id, "a0");
	assert_true(roster->analyzers[0].weight == 3);
	roster_unref(roster);
}

static uint64_t n_calls_of_scripts(void)
{
	redisReply *reply = POOL_COMMAND(the_node_bench.pool, "INFO", "commandstats");
	const char *at = strstr(reply->str, "cmdstat_evalsha:calls=");
	uint64_t n = at ? strtoull(strchr(at, '=') + 1, NULL, 10) : 0;

	freeReplyObject(reply);
	return n;
}

/* It is one loss, and no flood of attempts. */
static void what_redis_does_not_take_back_is_registered_once_it_does(void **state UNUSED)
{
	struct node_bench *b = &the_node_bench;
	struct roster *roster;
	uint64_t n_before = atomic_load(&b->shared.n_registry_losses);
	uint64_t from_us, n_calls, n_losses;

	redis_pool_join(b->pool, "a0", 3, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(n_known() == 1);
	POOL_DO(b->pool, "MULTI");
	POOL_DO(b->pool, "FLUSHALL");
	POOL_DO(b->pool, "CONFIG", "SET", "min-replicas-to-write", "1");
	POOL_DO(b->pool, "CONFIG", "RESETSTAT");
	POOL_DO(b->pool, "EXEC");
	control_refresh(it.control);
	NODE_BENCH_WAIT_UNTIL(atomic_load(&b->shared.n_registry_losses) > n_before);
	from_us = clock_mono_us();
	NODE_BENCH_WAIT_UNTIL(clock_mono_us() - from_us > US_PER_S);
	n_calls = n_calls_of_scripts();
	n_losses = atomic_load(&b->shared.n_registry_losses) - n_before;
	POOL_DO(b->pool, "CONFIG", "SET", "min-replicas-to-write", "0");
	NODE_BENCH_WAIT_UNTIL((roster = restored_roster()));
	roster_unref(roster);
	assert_in_range(n_calls, 1, 200);
	assert_int_equal(n_losses, 1);
}

/* Nobody listens on the port of redis_pool_join's analyzers. */
static void an_analyzer_that_fails_its_probes_is_marked_down_until_it_leaves(void **state UNUSED)
{
	uint64_t epoch;

	redis_pool_join(the_node_bench.pool, "a0", 1, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(is_down(0));
	assert_int_equal(membership_deregister(the_node_bench.pool->client, "a0", "a0", 0, &epoch),
			 0);
	NODE_BENCH_WAIT_UNTIL(!is_down(0));
}

static void it_reports_each_second_what_the_node_sees(void **state UNUSED)
{
	struct node_bench *b = &the_node_bench;
	char *report = NULL;

	redis_pool_join(b->pool, "a0", 1, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(
		(report = NODE_BENCH_TEXT(b, "HGET", redis_pool_key(b->pool, KEY_REPORT), "n1")));
	assert_non_null(strstr(report, "\"workers\":1"));
	free(report);
	POOL_DO(b->pool, "HDEL", redis_pool_key(b->pool, KEY_REPORT), "n1");
	NODE_BENCH_WAIT_UNTIL(
		(report = NODE_BENCH_TEXT(b, "HGET", redis_pool_key(b->pool, KEY_REPORT), "n1")));
	free(report);
}

static void without_redis_it_knows_what_it_knew(void **state UNUSED)
{
	struct node_bench *b = &the_node_bench;

	redis_pool_join(b->pool, "a0", 1, TTL_MS);
	NODE_BENCH_WAIT_UNTIL(n_known() == 1 && atomic_load(&b->shared.health.redis_up));
	redis_server_kill(&b->pool->server);
	NODE_BENCH_WAIT_UNTIL(!atomic_load(&b->shared.health.redis_up));
	assert_int_equal(n_known(), 1);
	node_bench_restart_redis(b);
	NODE_BENCH_WAIT_UNTIL(atomic_load(&b->shared.health.redis_up));
}

/* A node looks at its spill each second. Who asked must be there when the end of the link answers. */
static void it_ends_while_redis_owes_it_answers(void **state UNUSED)
{
	struct node_bench *b = &the_node_bench;

	redis_server_freeze(&b->pool->server);
	usleep(1300 * 1000); /* longer than a second, and shorter than a link waits for an answer */
	control_free(it.control);
	it.control = NULL;
	redis_server_thaw(&b->pool->server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_analyzer_is_in_the_workers_mailbox),
		TEST(a_roster_that_is_no_news_goes_to_nobody),
		TEST(what_an_emptied_redis_has_lost_is_registered_again),
		TEST(what_redis_does_not_take_back_is_registered_once_it_does),
		TEST(an_analyzer_that_fails_its_probes_is_marked_down_until_it_leaves),
		TEST(it_reports_each_second_what_the_node_sees),
		TEST(without_redis_it_knows_what_it_knew),
		TEST(it_ends_while_redis_owes_it_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/control/control", tests, node_bench_group_setup,
					   node_bench_group_teardown);
}
