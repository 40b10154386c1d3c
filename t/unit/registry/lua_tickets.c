/* Calls that store packets, and are taken back by their number: lua/lib/ticket.lua on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "registry/spill.h"
#include "t/unit/redis_pool.h"

#define WHO "n1/0#11223344:in"

/* What the script answers: "ok", "full", "void". */
static const char *answer_of(struct redis_pool *pool, enum script_id id,
			     const struct script_args *args)
{
	static char answer[16];
	redisReply *reply;

	assert_int_equal(client_eval(pool->client, id, args, &reply), 0);
	assert_int_equal(reply->element[0]->type, REDIS_REPLY_STRING);
	snprintf(answer, sizeof(answer), "%s", reply->element[0]->str);
	freeReplyObject(reply);
	return answer;
}

static const char *push(struct redis_pool *pool, uint64_t number)
{
	const struct spill_packet packet = {
		.form = "text/plain", .n_messages = 1, .n_failures = 3, .body = "body", .len = 4
	};
	static struct spill_push push;

	spill_push_begin(&push, "n1", 1u << 20);
	spill_push_add(&push, &packet);
	spill_push_number(&push, WHO, number);
	return answer_of(pool, SCRIPT_SPILL_PUSH, &push.args);
}

static const char *bury(struct redis_pool *pool, int64_t number)
{
	struct script_args args = { 0 };

	script_arg_str(&args, "body");
	script_arg_int(&args, 1);
	script_arg_str(&args, "a1");
	script_arg_str(&args, "400");
	script_arg_str(&args, "n1");
	script_arg_int(&args, 10);
	script_arg_str(&args, "");
	script_arg_str(&args, "text/plain");
	script_arg_int(&args, 1);
	script_arg_int(&args, 1 << 20);
	script_arg_str(&args, WHO);
	script_arg_int(&args, number);
	return answer_of(pool, SCRIPT_BURY, &args);
}

static void take_back(struct redis_pool *pool, int64_t number, const char *stream)
{
	struct script_args args = { 0 };

	script_arg_str(&args, WHO);
	script_arg_int(&args, number);
	script_arg_str(&args, stream);
	assert_string_equal(answer_of(pool, SCRIPT_SPILL_VOID, &args), "ok");
}

static void assert_stored(struct redis_pool *pool, enum registry_key key, long long n)
{
	redisReply *reply = POOL_COMMAND(pool, "XLEN", redis_pool_key(pool, key));

	assert_int_equal(reply->integer, n);
	freeReplyObject(reply);
}

static void a_call_that_was_taken_back_runs_at_no_later_time(void **state)
{
	take_back(*state, 1, "spill");
	assert_string_equal(push(*state, 1), "void");
	assert_string_equal(push(*state, 2), "ok");
	assert_string_equal(push(*state, 1), "void");
	assert_stored(*state, KEY_SPILL, 1);
}

static void neither_does_a_burial(void **state)
{
	take_back(*state, 1, "dead");
	assert_string_equal(bury(*state, 2), "ok");
	assert_string_equal(bury(*state, 1), "void");
	assert_stored(*state, KEY_DEAD, 1);
}

static void who_takes_a_call_back_too_late_takes_no_other_back(void **state)
{
	take_back(*state, 1, "spill");
	assert_string_equal(push(*state, 2), "ok");
	take_back(*state, 1, "spill");
	assert_stored(*state, KEY_SPILL, 1);
	take_back(*state, 2, "spill");
	assert_stored(*state, KEY_SPILL, 0);
}

static void what_is_taken_back_leaves_nothing(void **state)
{
	redisReply *reply;

	assert_string_equal(push(*state, 1), "ok");
	take_back(*state, 1, "spill");
	reply = POOL_COMMAND(*state, "HKEYS", redis_pool_key(*state, KEY_SPILL_TOTAL));
	for (size_t i = 0; i < reply->elements; i++)
		assert_null(strstr(reply->element[i]->str, "failures:"));
	freeReplyObject(reply);
	assert_stored(*state, KEY_SPILL, 0);
}

#define TICKET_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TICKET_TEST(a_call_that_was_taken_back_runs_at_no_later_time),
		TICKET_TEST(neither_does_a_burial),
		TICKET_TEST(who_takes_a_call_back_too_late_takes_no_other_back),
		TICKET_TEST(what_is_taken_back_leaves_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
