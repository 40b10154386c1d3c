/* The accounts of all runs of workers, from settle.lua to roster.lua, on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define HEADER_SHOWN 5 /* 0: housekeeping is due */
#define HOUR_MS 3600000

static struct answered answered;

/* Packets of ten messages: received, delivered, in flight. */
static void tell(struct redis_pool *pool, const char *worker, const char *token, int received,
		 int delivered, int in_flight)
{
	static uint64_t number = 0;
	struct caller caller = redis_pool_caller(worker, token);
	struct settle_request request = { 0 };
	char accounts[256];

	snprintf(accounts, sizeof(accounts),
		 "{\"received\":[%d,%d],\"taken\":[0,0],\"delivered\":[%d,%d],\"spilled\":[0,0],"
		 "\"dead\":[0,0],\"refused\":[0,0],\"lost\":[0,0],\"in_flight\":[%d,%d]}",
		 received, 10 * received, delivered, 10 * delivered, in_flight, 10 * in_flight);
	request.accounts = accounts;
	caller.number = ++number;
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

/* A call that tells nothing new, with the housekeeping done. */
static void keep_house(struct redis_pool *pool)
{
	static uint64_t number = 0;
	struct caller caller = redis_pool_caller("keeper/0", "t");
	struct settle_request request = { .idle = true };

	caller.number = ++number;
	redis_pool_set_header(pool, HEADER_SHOWN, 0);
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

static void assert_accounts(struct redis_pool *pool, double received, double delivered,
			    double in_flight, double ended_in_flight)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	const struct amount *of = roster->accounts.of;

	assert_near(of[ACCOUNT_RECEIVED].packets, received, 0);
	assert_near(of[ACCOUNT_DELIVERED].packets, delivered, 0);
	assert_near(of[ACCOUNT_IN_FLIGHT].packets, in_flight, 0);
	assert_near(of[ACCOUNT_ENDED_IN_FLIGHT].packets, ended_in_flight, 0);
	assert_near(of[ACCOUNT_RECEIVED].messages, 10 * received, 0);
	assert_near(of[ACCOUNT_ENDED_IN_FLIGHT].messages, 10 * ended_in_flight, 0);
	assert_near(accounts_missing(&roster->accounts).packets, 0, 0);
	assert_near(accounts_missing(&roster->accounts).messages, 0, 0);
}

static void assert_fields(struct redis_pool *pool, long long n, const char *field, bool is_there)
{
	const char *key = redis_pool_key(pool, KEY_ACCOUNTS);
	redisReply *reply = POOL_COMMAND(pool, "HLEN", key);

	assert_int_equal(reply->integer, n);
	freeReplyObject(reply);
	reply = POOL_COMMAND(pool, "HEXISTS", key, field);
	assert_int_equal(reply->integer, is_there);
	freeReplyObject(reply);
}

static void end_lease(struct redis_pool *pool, const char *worker)
{
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_NODES), "1", worker);
}

/* As if a run had told its accounts so long ago. */
static void age(struct redis_pool *pool, const char *field, long long ms)
{
	static const char script[] =
		"local t = redis.call('TIME')\n"
		"local at = t[1] * 1000 + math.floor(t[2] / 1000) - ARGV[2]\n"
		"local json = string.gsub(redis.call('HGET', KEYS[1], ARGV[1]), '\"at_ms\":%d+',\n"
		"  string.format('\"at_ms\":%.0f', at))\n"
		"redis.call('HSET', KEYS[1], ARGV[1], json)";
	char text[32];

	snprintf(text, sizeof(text), "%lld", ms);
	POOL_DO(pool, "EVAL", script, "1", redis_pool_key(pool, KEY_ACCOUNTS), field, text);
}

static void the_accounts_of_all_workers_are_added_up(void **state)
{
	assert_accounts(*state, 0, 0, 0, 0);
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n1/1", "22222222aa", 5, 5, 0);
	assert_accounts(*state, 15, 12, 3, 0);
	assert_fields(*state, 2, "n1/0#11111111", true);
}

/* One such field kept the view of the cluster away from everybody. */
static void junk_that_somebody_wrote_is_left_out_counted_and_named(void **state)
{
	static const char *const junk[] = { "",
					    "no JSON",
					    "5",
					    "{\"received\":5}",
					    "{\"received\":[\"x\",1]}",
					    "{\"received\":[1]}",
					    "{\"received\":[1,1],\"lost\":{}}" };
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	const char *key = redis_pool_key(*state, KEY_ACCOUNTS);
	char field[32];

	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	for (unsigned i = 0; i < ARRAY_LEN(junk); i++) {
		snprintf(field, sizeof(field), "junk\r%u", i);
		POOL_DO(*state, "HSET", key, field, junk[i]);
	}
	POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_HELD), "junk", "no MessagePack");
	assert_accounts(*state, 10, 7, 3, 0);
	roster = redis_pool_roster(*state);
	assert_int_equal(roster->n_left_out, ARRAY_LEN(junk));
	assert_memory_equal(roster->left_out, "accounts junk?", strlen("accounts junk?"));
	keep_house(*state);
	assert_accounts(*state, 10, 7, 3, 0);
}

static void figures_are_absolute(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n1/0", "11111111aa", 12, 12, 0);
	assert_accounts(*state, 12, 12, 0, 0);
	keep_house(*state); /* a call without accounts leaves them as they are */
	assert_accounts(*state, 12, 12, 0, 0);
}

static void a_redis_that_was_emptied_has_them_again_with_the_next_call(void **state)
{
	tell(*state, "n1/0", "11111111aa", 1000, 990, 10);
	redis_pool_clear(state);
	assert_accounts(*state, 0, 0, 0, 0);
	tell(*state, "n1/0", "11111111aa", 1003, 1003, 0);
	assert_accounts(*state, 1003, 1003, 0, 0);
}

static void a_repeated_call_writes_no_older_accounts(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "11111111aa");
	struct settle_request request = { .accounts =
						  "{\"received\":[1,10],\"delivered\":[1,10]}" };

	caller.number = 1000000;
	redis_pool_settle(*state, &caller, &request, &answered);
	request.accounts = "{\"received\":[9,90],\"delivered\":[9,90]}";
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_accounts(*state, 1, 1, 0, 0);
	caller.epoch = 77; /* this Redis is behind */
	caller.number++;
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_BEHIND);
	assert_accounts(*state, 1, 1, 0, 0);
}

static void what_a_dead_node_had_in_flight_is_told_apart(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n2/0", "22222222aa", 10, 8, 2);
	end_lease(*state, "n1/0");
	assert_accounts(*state, 20, 15, 2, 3);
	keep_house(*state); /* reaped */
	assert_accounts(*state, 20, 15, 2, 3);
	tell(*state, "n1/0", "11111111aa", 11, 11, 0); /* it was only cut off */
	assert_accounts(*state, 21, 19, 2, 0);
}

static void a_new_process_of_the_same_name_has_accounts_of_its_own(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n1/0", "22222222aa", 4, 2, 2);
	assert_accounts(*state, 14, 9, 2, 3);
}

static void a_run_that_was_replaced_is_folded_after_a_minute(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n1/0", "22222222aa", 4, 2, 2);
	tell(*state, "n1/0", "33333333aa", 1, 1, 0);
	tell(*state, "n1/0", "44444444aa", 1, 1, 0);
	age(*state, "n1/0#11111111", 59000);
	age(*state, "n1/0#22222222", 61000);
	age(*state, "n1/0#44444444", 2 * HOUR_MS); /* alive, with nothing to tell */
	keep_house(*state);
	assert_fields(*state, 5, "gone", true);
	assert_fields(*state, 5, "n1/0#22222222", false);
	assert_fields(*state, 5, "~n1/0#22222222", true); /* it may yet come back */
	assert_accounts(*state, 16, 11, 0, 5);
	age(*state, "n1/0#33333333", 61000);
	age(*state, "n1/0#11111111", 61000);
	keep_house(*state); /* adds to what is there */
	assert_fields(*state, 5, "n1/0#44444444", true);
	assert_accounts(*state, 16, 11, 0, 5);
	age(*state, "~n1/0#11111111", HOUR_MS + 1000);
	age(*state, "~n1/0#22222222", HOUR_MS + 1000);
	age(*state, "~n1/0#33333333", HOUR_MS + 1000);
	keep_house(*state);
	assert_fields(*state, 2, "n1/0#44444444", true); /* now nobody comes any more */
	assert_accounts(*state, 16, 11, 0, 5);
}

/* Two processes with one id: each replaces the other again and again. */
static void a_run_that_was_replaced_and_comes_back_is_counted_once(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n1/0", "22222222aa", 4, 4, 0);
	tell(*state, "n1/0", "33333333aa", 1, 1, 0);
	tell(*state, "n1/0", "44444444aa", 1, 1, 0);
	age(*state, "n1/0#11111111", 61000);
	keep_house(*state);
	assert_fields(*state, 5, "n1/0#11111111", false);
	assert_accounts(*state, 16, 13, 0, 3);
	tell(*state, "n1/0", "11111111aa", 12, 12, 0);
	assert_accounts(*state, 18, 18, 0, 0);
}

static void a_run_that_ended_is_folded_after_an_hour(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n2/0", "22222222aa", 10, 10, 0);
	tell(*state, "n3/0", "33333333aa", 10, 10, 0);
	end_lease(*state, "n1/0");
	end_lease(*state, "n2/0");
	end_lease(*state, "n3/0");
	age(*state, "n1/0#11111111", HOUR_MS + 1000);
	age(*state, "n2/0#22222222", HOUR_MS - 5000);
	keep_house(*state);
	assert_fields(*state, 4, "n1/0#11111111", false);
	assert_fields(*state, 4, "n2/0#22222222", true);
	assert_accounts(*state, 30, 27, 0, 3);
}

static void a_run_that_comes_back_after_that_is_counted_once(void **state)
{
	tell(*state, "n1/0", "11111111aa", 10, 7, 3);
	tell(*state, "n2/0", "22222222aa", 5, 5, 0);
	tell(*state, "n3/0", "33333333aa", 0, 0, 0);
	end_lease(*state, "n1/0");
	end_lease(*state, "n2/0");
	end_lease(*state, "n3/0");
	age(*state, "n1/0#11111111", HOUR_MS + 1000);
	age(*state, "n2/0#22222222", HOUR_MS + 1000);
	keep_house(*state);
	assert_fields(*state, 4, "n1/0#11111111", false);
	tell(*state, "n1/0", "11111111aa", 12, 12, 0); /* it was frozen */
	assert_accounts(*state, 17, 17, 0, 0);
	tell(*state, "n1/0", "11111111aa", 13, 13, 0);
	assert_accounts(*state, 18, 18, 0, 0);
}

/* cjson writes 14 digits. */
static void large_figures_are_exact(void **state)
{
	static const char set[] = "return redis.call('SETRANGE', KEYS[1], 8 * ARGV[1], "
				  "struct.pack('<d', ARGV[2]))";
	static const char *const at[] = { "5", "13" }; /* routed: retired, and in slot 0 */
	static const char most[] = "9007199254740991";
	struct redis_pool *pool = *state;
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	const double exactly = 9007199254740991;

	redis_pool_join(pool, "a1", 1, 60000);
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		POOL_DO(pool, "EVAL", set, "1", redis_pool_key(pool, KEY_HOT), at[i], most);
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_PROCESSED), "a1", most);
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_ACCOUNTS), "n1/0#1",
		"{\"received\":[9007199254740991,9007199254740991],\"lost\":[1,2]}");
	roster = redis_pool_roster(pool);
	assert_near(roster->gone_routed, exactly, 0);
	assert_near(roster_find(roster, "a1")->routed, exactly, 0);
	assert_near(roster_find(roster, "a1")->processed, exactly, 0);
	assert_near(roster->accounts.of[ACCOUNT_RECEIVED].messages, exactly, 0);
	assert_near(roster->accounts.of[ACCOUNT_LOST].messages, 2, 0);
}

static void who_knows_an_epoch_gets_none(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	redisReply *reply = NULL;

	tell(pool, "n1/0", "11111111aa", 10, 10, 0);
	script_arg_int(&args, 77);
	assert_int_equal(client_eval(pool->client, SCRIPT_ROSTER, &args, &reply), 0);
	assert_non_null(strstr(reply->str, "\"workers\""));
	assert_null(strstr(reply->str, "\"accounts\""));
	freeReplyObject(reply);
}

#define ACCOUNTS_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACCOUNTS_TEST(the_accounts_of_all_workers_are_added_up),
		ACCOUNTS_TEST(junk_that_somebody_wrote_is_left_out_counted_and_named),
		ACCOUNTS_TEST(figures_are_absolute),
		ACCOUNTS_TEST(a_redis_that_was_emptied_has_them_again_with_the_next_call),
		ACCOUNTS_TEST(a_repeated_call_writes_no_older_accounts),
		ACCOUNTS_TEST(what_a_dead_node_had_in_flight_is_told_apart),
		ACCOUNTS_TEST(a_new_process_of_the_same_name_has_accounts_of_its_own),
		ACCOUNTS_TEST(a_run_that_was_replaced_is_folded_after_a_minute),
		ACCOUNTS_TEST(a_run_that_was_replaced_and_comes_back_is_counted_once),
		ACCOUNTS_TEST(large_figures_are_exact),
		ACCOUNTS_TEST(who_knows_an_epoch_gets_none),
		ACCOUNTS_TEST(a_run_that_ended_is_folded_after_an_hour),
		ACCOUNTS_TEST(a_run_that_comes_back_after_that_is_counted_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
