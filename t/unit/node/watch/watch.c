/* watch.[ch] on its own thread, with a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/watch/watch.h"
#include "node/watch/watch_own.h"
#include "t/unit/node/node_bench.h"

#define TTL_MS 60000
#define MANY 200

static struct watch *it;

static int setup(void **state)
{
	if (node_bench_setup(state) != 0)
		return -1;
	redis_pool_join(the_node_bench.pool, "a0", 1, TTL_MS);
	assert_int_equal(watch_new(&the_node_bench.shared, &it), 0);
	return 0;
}

static int teardown(void **state)
{
	watch_free(it);
	return node_bench_teardown(state);
}

static struct view *view(void)
{
	struct view *v = NULL;

	NODE_BENCH_WAIT_UNTIL((v = watch_view(it)));
	return v;
}

static unsigned n_reads(void)
{
	redisReply *reply = POOL_COMMAND(the_node_bench.pool, "INFO", "commandstats");
	const char *at = strstr(reply->str, "cmdstat_hgetall:calls=");
	unsigned n = at ? (unsigned)strtoul(strchr(at, '=') + 1, NULL, 10) : 0;

	freeReplyObject(reply);
	return n;
}

static void a_view_shows_the_pool(void **state UNUSED)
{
	struct view *v = view();

	assert_non_null(strstr(buf_str(&v->text), "\"a0\""));
	assert_non_null(strstr(buf_str(&v->text), "\"pool\":\"test\""));
	assert_true(v->made_us >= v->seen_us);
	view_unref(v);
}

static void many_readers_cost_redis_no_more_than_one(void **state UNUSED)
{
	struct view *first = view(), *last = NULL;
	unsigned n_looks = 0;
	uint64_t made_us = first->made_us;

	view_unref(first);
	POOL_DO(the_node_bench.pool, "CONFIG", "RESETSTAT");
	for (unsigned i = 0; i < MANY; i++) {
		last = watch_view(it);
		assert_non_null(last);
		n_looks += last->made_us != made_us;
		made_us = last->made_us;
		view_unref(last);
	}
	assert_true(n_reads() <= n_looks + 1); /* one may be under way */
}

/* The next one after v; an older one is not worth the wait. */
static struct view *newer(const struct view *v)
{
	uint64_t until_us = clock_mono_us() + 20 * US_PER_S;
	struct view *next = watch_latest(it);

	while ((!next || next->made_us <= v->made_us) && clock_mono_us() < until_us) {
		view_unref(next);
		usleep(1000);
		next = watch_latest(it);
	}
	return next;
}

static void who_looks_again_gets_a_newer_view(void **state UNUSED)
{
	struct view *v = view(), *next = newer(v);

	assert_non_null(next);
	assert_true(next->made_us > v->made_us);
	view_unref(v);
	view_unref(next);
}

static void without_redis_the_last_view_says_so(void **state UNUSED)
{
	struct view *v = view(), *next;
	bool says_so = false;

	redis_server_kill(&the_node_bench.pool->server);
	while (!says_so) {
		next = newer(v);
		assert_non_null(next);
		says_so = strstr(buf_str(&next->text), "\"up\":false") != NULL;
		assert_non_null(strstr(buf_str(&next->text), "\"a0\""));
		view_unref(v);
		v = next;
	}
	view_unref(v);
	node_bench_restart_redis(&the_node_bench);
}

static void events_come_in_order_and_after_a_name(void **state UNUSED)
{
	cJSON *all, *later;
	const char *first;
	int n;

	redis_pool_join(the_node_bench.pool, "a1", 1, TTL_MS);
	view_unref(view());
	all = watch_events_json(it, NULL, RECENT_EVENTS);
	n = cJSON_GetArraySize(all);
	assert_true(n >= 2);
	first = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(all, 0), "id")->valuestring;
	later = watch_events_json(it, first, RECENT_EVENTS);
	assert_int_equal(cJSON_GetArraySize(later), n - 1);
	cJSON_Delete(later);
	later = watch_events_json(it, NULL, 1);
	assert_int_equal(cJSON_GetArraySize(later), 1);
	cJSON_Delete(later);
	cJSON_Delete(all);
}

static void a_large_pool_is_read_rarely_but_not_for_one_slow_answer(void **state UNUSED)
{
	struct watch w = { 0 };

	assert_int_equal(watch_idle_us(&w, 3000, 100), WATCH_IDLE_US);
	assert_int_equal(watch_idle_us(&w, 2000, 100), 20 * US_PER_S);
	assert_int_equal(watch_idle_us(&w, US_PER_S, 100), 20 * US_PER_S);
	assert_int_equal(watch_idle_us(&w, US_PER_S, 100), WATCH_IDLE_MOST_US);
	assert_int_equal(watch_idle_us(&w, 10, 100), WATCH_IDLE_US);
}

static void a_stop_wakes_who_waits(void **state UNUSED)
{
	struct view *v = view(), *last;
	uint64_t start_us;

	watch_stop(it);
	while (clock_mono_us() < v->made_us + 1300000) /* too old: another reader would wait */
		usleep(10000);
	start_us = clock_mono_us();
	last = watch_view(it);
	assert_true(clock_mono_us() - start_us < US_PER_S);
	view_unref(v);
	view_unref(last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_view_shows_the_pool),
		TEST(many_readers_cost_redis_no_more_than_one),
		TEST(who_looks_again_gets_a_newer_view),
		TEST(without_redis_the_last_view_says_so),
		TEST(events_come_in_order_and_after_a_name),
		TEST(a_large_pool_is_read_rarely_but_not_for_one_slow_answer),
		TEST(a_stop_wakes_who_waits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/watch/watch", tests, node_bench_group_setup,
					   node_bench_group_teardown);
}
