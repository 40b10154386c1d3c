/* What scripts write into the journal, on a real Redis, and how it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/journal.h"
#include "registry/scripts.h"
#include "t/unit/redis_pool.h"

#define TTL_MS 60000

static cJSON *journal_of(struct redis_pool *pool, const char *after, unsigned most)
{
	cJSON *list;

	assert_int_equal(journal_read(pool->client, &pool->keys, after, most, &list), 0);
	return list;
}

/* The sentences, a line each; the caller's to free. */
static char *sentences(struct redis_pool *pool)
{
	struct buf out = { 0 };
	cJSON *list = journal_of(pool, NULL, 100);
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list)
		buf_printf(&out, "%s\n", cJSON_GetObjectItem(entry, "text")->valuestring);
	cJSON_Delete(list);
	buf_str(&out);
	return out.data;
}

#define assert_journal(pool, ...)                                                                  \
	do {                                                                                       \
		char *text AUTO_FREE = sentences(pool);                                            \
		assert_string_equal(text ? text : "", __VA_ARGS__);                                \
	} while (0)

static void settle(struct redis_pool *pool, const char *worker, const char *unreachable,
		   bool leaving)
{
	static uint64_t number;
	static struct answered answered;
	struct caller caller = redis_pool_caller(worker, "t");
	struct settle_request request = { .unreachable = unreachable, .leaving = leaving };

	caller.number = ++number;
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

static void change(struct redis_pool *pool, const struct membership_change *change)
{
	uint64_t epoch;

	assert_int_equal(membership_set(pool->client, "a1", change, &epoch, NULL), 0);
}

static void an_analyzer_comes_is_changed_and_leaves(void **state)
{
	struct redis_pool *pool = *state;
	enum analyzer_state draining = ANALYZER_DRAINING;
	double weight = 2;
	uint64_t epoch;

	redis_pool_join(pool, "a1", 0.5, TTL_MS);
	change(pool, &(struct membership_change){ .weight = &weight });
	change(pool, &(struct membership_change){ .state = &draining });
	change(pool, &(struct membership_change){ .fault = "slow:200" });
	change(pool, &(struct membership_change){ .fault = "" });
	redis_pool_join(pool, "a1", 0.7, TTL_MS);
	assert_int_equal(membership_deregister(pool->client, "a1", "a1", -1, &epoch), 0);
	assert_journal(pool, "a1 joined\n"
			     "a1: weight 0.5 -> 2\n"
			     "a1: state active -> draining\n"
			     "a1: is to simulate slow:200\n"
			     "a1: simulates no fault any more\n"
			     "a1: weight 2 -> 0.7\n"
			     "a1 left\n");
}

static void an_analyzer_falls_silent_and_beats_again(void **state)
{
	struct redis_pool *pool = *state;
	char fault[64];
	uint64_t epoch;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	settle(pool, "n1/0", "", false);
	POOL_DO(pool, "EVAL",
		"redis.call('SETRANGE', KEYS[1], 16, struct.pack('<d', 0)) "
		"local t = redis.call('TIME') local now = t[1] * 1000 "
		"redis.call('SETRANGE', KEYS[1], 24, struct.pack('<d', now - 1000)) "
		"redis.call('ZADD', KEYS[2], now - 500, 'a1')",
		"2", redis_pool_key(pool, KEY_HOT), redis_pool_key(pool, KEY_EXPIRES));
	settle(pool, "n1/0", "", false);
	assert_int_equal(membership_renew(pool->client, "a1", "a1", -1, &epoch, fault), 0);
	assert_journal(pool,
		       "a1 joined\nn1/0 joined\na1 is silent: its lease ran out\na1 is back\n");
}

static void nodes_come_lose_analyzers_and_go(void **state)
{
	struct redis_pool *pool = *state;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	redis_pool_join(pool, "a2", 1, TTL_MS);
	settle(pool, "n1/0", "", false);
	settle(pool, "n1/0", "1", false);
	settle(pool, "n1/0", "~1", false); /* a trial is no news */
	settle(pool, "n1/0", "1", false);
	settle(pool, "n1/0", "", false);
	settle(pool, "n1/0", "!1", false);
	settle(pool, "n1/0", "~1", false);
	settle(pool, "n1/0", "", false);
	settle(pool, "n1/0", "", true);
	assert_journal(pool, "a1 joined\na2 joined\nn1/0 joined\n"
			     "n1/0 cannot reach a2: its breaker opened, or its probe fails\n"
			     "n1/0 sends nothing more to a2: it hangs, for it takes deliveries and "
			     "does not answer\n"
			     "n1/0 reaches a2 again ×2\n"
			     "n1/0 left\n");
}

static void many_that_change_alike_are_one_entry(void **state)
{
	struct redis_pool *pool = *state;
	char id[16];
	redisReply *reply;
	cJSON *list;

	for (int i = 10; i < 30; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		redis_pool_join(pool, id, 1, TTL_MS);
	}
	settle(pool, "n1/0", "", false);
	POOL_DO(pool, "DEL", redis_pool_key(pool, KEY_JOURNAL));
	POOL_DO(pool, "CONFIG", "RESETSTAT");
	settle(pool, "n1/0", "0,1,2,3,4,5,6,7,8,9,10,!11,!12,!13,!14,!15,!16,!17,!18", false);
	reply = POOL_COMMAND(pool, "INFO", "commandstats");
	assert_non_null(strstr(reply->str, "cmdstat_xrevrange:calls=1,"));
	freeReplyObject(reply);
	list = journal_of(pool, NULL, 100);
	assert_int_equal(cJSON_GetArraySize(list), 1 + 8);
	for (int i = 0; i < 9; i++) {
		const cJSON *entry = cJSON_GetArrayItem(list, i);
		const char *now = cJSON_GetObjectItem(entry, "now")->valuestring;

		if (strcmp(now, "hanging") == 0)
			continue;
		assert_string_equal(cJSON_GetObjectItem(entry, "cause")->valuestring,
				    "a10 a11 a12 a13 a14 a15 a16 a17 ...");
		assert_string_equal(cJSON_GetObjectItem(entry, "text")->valuestring,
				    "n1/0 cannot reach 11 analyzers: its breaker opened, or its "
				    "probe fails");
	}
	cJSON_Delete(list);
}

static void settle_slow(struct redis_pool *pool, const char *slow, uint64_t number)
{
	static struct answered answered;
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct settle_request request = { .unreachable = "", .slow = slow };

	caller.number = number;
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

static void one_that_is_slow_is_told_once(void **state)
{
	struct redis_pool *pool = *state;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	redis_pool_join(pool, "a2", 1, TTL_MS);
	settle_slow(pool, "", 1);
	settle_slow(pool, "1", 2);
	settle_slow(pool, "1", 3);
	settle_slow(pool, "", 4);
	assert_journal(pool, "a1 joined\na2 joined\nn1/0 joined\n"
			     "n1/0 gives a2 less than its share: it is slower than latency-limit\n"
			     "n1/0 gives a2 its whole share again\n");
}

static void a_dead_node_is_told_of_and_its_report_goes(void **state)
{
	struct redis_pool *pool = *state;
	redisReply *reply;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	settle(pool, "n1/0", "", false);
	settle(pool, "n2/0", "", false);
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_REPORT), "n1", "{}", "n2", "{}");
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_NODES), "1", "n1/0");
	redis_pool_join(pool, "a2", 1, TTL_MS);
	assert_journal(pool, "a1 joined\nn1/0 joined\nn2/0 joined\n"
			     "n1/0 is gone: its lease ran out\na2 joined\n");
	reply = POOL_COMMAND(pool, "HKEYS", redis_pool_key(pool, KEY_REPORT));
	assert_int_equal(reply->elements, 1);
	assert_string_equal(reply->element[0]->str, "n2");
	freeReplyObject(reply);
}

static void bury(struct redis_pool *pool)
{
	struct script_args args = { 0 };
	redisReply *reply;

	script_arg_str(&args, "{}");
	script_arg_int(&args, 1);
	script_arg_str(&args, "a1");
	script_arg_str(&args, "422");
	script_arg_str(&args, "n1");
	script_arg_int(&args, 100);
	assert_int_equal(client_eval(pool->client, SCRIPT_BURY, &args, &reply), 0);
	freeReplyObject(reply);
}

static void of_dead_letters_each_power_of_ten_is_told(void **state)
{
	struct redis_pool *pool = *state;

	for (int i = 0; i < 12; i++)
		bury(pool);
	assert_journal(pool, "a1 refused a packet as bad (status 422): 1 dead letter\n"
			     "a1 refused a packet as bad (status 422): 10 dead letters\n");
}

static void a_dead_letter_without_an_analyzer_is_told_too(void **state)
{
	POOL_DO(*state, "XADD", redis_pool_key(*state, KEY_JOURNAL), "*", "kind", "dead", "node",
		"n1/0", "now", "1", "cause", "not a packet: no body");
	assert_journal(*state, "a dead letter that no analyzer refused (not a packet: no body): "
			       "1 dead letter\n");
}

static void an_entry_says_when_who_and_why(void **state)
{
	struct redis_pool *pool = *state;
	cJSON *list, *first, *rest;
	const char *id;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	redis_pool_join(pool, "a2", 1, TTL_MS);
	list = journal_of(pool, NULL, 1); /* the last one */
	first = cJSON_GetArrayItem(list, 0);
	assert_int_equal(cJSON_GetArraySize(list), 1);
	assert_string_equal(cJSON_GetObjectItem(first, "kind")->valuestring, "joined");
	assert_string_equal(cJSON_GetObjectItem(first, "analyzer")->valuestring, "a2");
	assert_string_equal(cJSON_GetObjectItem(first, "cause")->valuestring, "it registered");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "node")));
	assert_true(cJSON_GetObjectItem(first, "time_ms")->valuedouble > 1e12);
	assert_int_equal(cJSON_GetObjectItem(first, "epoch")->valueint, 2);
	id = cJSON_GetObjectItem(first, "id")->valuestring;
	redis_pool_join(pool, "a3", 1, TTL_MS);
	rest = journal_of(pool, id, 100);
	assert_int_equal(cJSON_GetArraySize(rest), 1);
	cJSON_Delete(rest);
	cJSON_Delete(list);
}

static void a_breaker_that_flaps_is_one_entry_with_its_count(void **state)
{
	struct redis_pool *pool = *state;
	cJSON *list;
	const cJSON *last;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	redis_pool_join(pool, "a2", 1, TTL_MS);
	for (int i = 0; i < 20; i++) {
		settle(pool, "n1/0", "1", false);
		settle(pool, "n1/0", "", false);
	}
	assert_journal(pool, "a1 joined\na2 joined\nn1/0 joined\n"
			     "n1/0 cannot reach a2: its breaker opened, or its probe fails ×20\n"
			     "n1/0 reaches a2 again ×20\n");
	list = journal_of(pool, NULL, 1);
	last = cJSON_GetArrayItem(list, 0);
	assert_int_equal(cJSON_GetObjectItem(last, "count")->valueint, 20);
	assert_true(cJSON_GetObjectItem(last, "first_ms")->valuedouble <=
		    cJSON_GetObjectItem(last, "time_ms")->valuedouble);
	assert_true(cJSON_GetObjectItem(last, "first_ms")->valuedouble > 1e12);
	cJSON_Delete(list);
}

static void what_happened_long_ago_is_not_folded(void **state)
{
	struct redis_pool *pool = *state;

	POOL_DO(pool, "XADD", redis_pool_key(pool, KEY_JOURNAL), "1000-0", "kind", "joined",
		"analyzer", "a1", "cause", "it registered", "epoch", "1");
	redis_pool_join(pool, "a1", 1, TTL_MS);
	assert_journal(pool, "a1 joined\na1 joined\n");
}

static void what_an_operator_changes_is_never_folded(void **state)
{
	struct redis_pool *pool = *state;
	double one = 1, two = 2;

	redis_pool_join(pool, "a1", 1, TTL_MS);
	for (int i = 0; i < 2; i++) {
		change(pool, &(struct membership_change){ .weight = &two });
		change(pool, &(struct membership_change){ .weight = &one });
	}
	assert_journal(pool, "a1 joined\na1: weight 1 -> 2\na1: weight 2 -> 1\n"
			     "a1: weight 1 -> 2\na1: weight 2 -> 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_analyzer_comes_is_changed_and_leaves, redis_pool_clear),
		cmocka_unit_test_setup(an_analyzer_falls_silent_and_beats_again, redis_pool_clear),
		cmocka_unit_test_setup(nodes_come_lose_analyzers_and_go, redis_pool_clear),
		cmocka_unit_test_setup(one_that_is_slow_is_told_once, redis_pool_clear),
		cmocka_unit_test_setup(many_that_change_alike_are_one_entry, redis_pool_clear),
		cmocka_unit_test_setup(a_dead_node_is_told_of_and_its_report_goes,
				       redis_pool_clear),
		cmocka_unit_test_setup(of_dead_letters_each_power_of_ten_is_told, redis_pool_clear),
		cmocka_unit_test_setup(a_dead_letter_without_an_analyzer_is_told_too,
				       redis_pool_clear),
		cmocka_unit_test_setup(an_entry_says_when_who_and_why, redis_pool_clear),
		cmocka_unit_test_setup(a_breaker_that_flaps_is_one_entry_with_its_count,
				       redis_pool_clear),
		cmocka_unit_test_setup(what_happened_long_ago_is_not_folded, redis_pool_clear),
		cmocka_unit_test_setup(what_an_operator_changes_is_never_folded, redis_pool_clear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
