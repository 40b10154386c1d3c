/* The claim of a node's id, on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/claim.h"
#include "t/unit/redis_pool.h"

#define FIRST "1111111100000000000000000000"
#define SECOND "2222222200000000000000000000"

static struct claim_holder holder;

static int claim(struct redis_pool *pool, const char *token, const char *info, const char *ended)
{
	struct claim claim = { .worker = "n1/0",
			       .token = token,
			       .lease_ms = WORKER_LEASE_MS,
			       .info = info,
			       .ended = ended };

	return claim_make(pool->client, &claim, &holder);
}

static void settle(struct redis_pool *pool, const char *token, uint64_t number)
{
	static struct answered answered;
	struct caller caller = redis_pool_caller("n1/0", token);
	struct settle_request request = { .unreachable = "", .leaving = number > 10 };

	caller.number = number;
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

static void the_second_is_told_who_has_the_id(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(claim(pool, FIRST, "{\"host\":\"h1\"}", ""), 0);
	assert_int_equal(claim(pool, SECOND, "{\"host\":\"h2\"}", ""), CLAIM_E_IN_USE);
	assert_string_equal(holder.run, "11111111");
	assert_string_equal(holder.info, "{\"host\":\"h1\"}");
	assert_true(holder.lease_ms > 0 && holder.lease_ms <= WORKER_LEASE_MS);
	assert_int_equal(claim(pool, FIRST, "{}", ""), 0); /* the same one again */
}

static void of_a_process_that_has_ended_the_id_is_free(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(claim(pool, FIRST, "{}", ""), 0);
	assert_int_equal(claim(pool, SECOND, "{}", "99999999"), CLAIM_E_IN_USE);
	assert_int_equal(claim(pool, SECOND, "{}", "11111111"), 0);
	assert_int_equal(claim(pool, FIRST, "{}", ""), CLAIM_E_IN_USE);
}

static void an_id_is_free_once_its_lease_has_ended_or_its_node_left(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(claim(pool, FIRST, "{}", ""), 0);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_NODES), "1000", "n1/0");
	assert_int_equal(claim(pool, SECOND, "{}", ""), 0);
	settle(pool, SECOND, 1);
	assert_int_equal(claim(pool, FIRST, "{}", ""), CLAIM_E_IN_USE);
	settle(pool, SECOND, 11); /* it leaves */
	assert_int_equal(claim(pool, FIRST, "{}", ""), 0);
}

static void the_first_call_after_a_claim_tells_that_the_node_joined(void **state)
{
	struct redis_pool *pool = *state;
	redisReply *reply;

	assert_int_equal(claim(pool, FIRST, "{\"mode\":\"away\"}", ""), 0);
	settle(pool, FIRST, 1);
	reply = POOL_COMMAND(pool, "XREVRANGE", redis_pool_key(pool, KEY_JOURNAL), "+", "-",
			     "COUNT", "1");
	assert_int_equal(reply->elements, 1);
	assert_string_equal(reply->element[0]->element[1]->element[1]->str, "node_joined");
	freeReplyObject(reply);
}

static unsigned journal_length(struct redis_pool *pool, const char *kind)
{
	redisReply *reply =
		POOL_COMMAND(pool, "XRANGE", redis_pool_key(pool, KEY_JOURNAL), "-", "+");
	unsigned n = 0;

	for (size_t i = 0; i < reply->elements; i++)
		n += strcmp(reply->element[i]->element[1]->element[1]->str, kind) == 0;
	freeReplyObject(reply);
	return n;
}

/* Both started while Redis was away, so neither claimed the id. */
static void two_that_use_one_id_are_told_of_and_do_not_flood_the_journal(void **state)
{
	struct redis_pool *pool = *state;

	redis_pool_join(pool, "a1", 1, 60000);
	settle(pool, FIRST, 1);
	settle(pool, SECOND, 1);
	assert_int_equal(journal_length(pool, "id_twice"), 0); /* it may have been a restart */
	for (uint64_t i = 2; i < 9; i++) {
		settle(pool, FIRST, i);
		settle(pool, SECOND, i);
	}
	assert_int_equal(journal_length(pool, "id_twice"), 1);
	assert_int_equal(journal_length(pool, "node_joined"), 1);
}

static void a_registry_of_a_newer_program_is_left_alone(void **state)
{
	struct redis_pool *pool = *state;

	redis_pool_join(pool, "a1", 1, 60000);
	redis_pool_set_header(pool, 1, 2);
	assert_int_equal(claim(pool, FIRST, "{}", ""), CLAIM_E_NEWER);
	assert_int_equal(holder.layout, 2);
	assert_int_equal(journal_length(pool, "node_joined"), 0);
	redis_pool_set_header(pool, 1, 1.5); /* this is junk, and no layout */
	assert_int_equal(claim(pool, FIRST, "{}", ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_second_is_told_who_has_the_id, redis_pool_clear),
		cmocka_unit_test_setup(of_a_process_that_has_ended_the_id_is_free,
				       redis_pool_clear),
		cmocka_unit_test_setup(an_id_is_free_once_its_lease_has_ended_or_its_node_left,
				       redis_pool_clear),
		cmocka_unit_test_setup(the_first_call_after_a_claim_tells_that_the_node_joined,
				       redis_pool_clear),
		cmocka_unit_test_setup(two_that_use_one_id_are_told_of_and_do_not_flood_the_journal,
				       redis_pool_clear),
		cmocka_unit_test_setup(a_registry_of_a_newer_program_is_left_alone,
				       redis_pool_clear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
