/* keep, with register and deregister, on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "t/unit/redis_pool.h"

#define ENTRY(id, spec, news) "[\"" id "\",\"" spec "\"," news "]"

/* The answer, which the caller frees. */
static char *keep(struct redis_pool *pool, const char *node, const char *entries,
		  const char *unknown)
{
	struct script_args args = { 0 };
	redisReply *reply;
	char request[1000], *text;

	snprintf(request, sizeof(request),
		 "{\"instance\":\"of-%s\",\"entries\":[%s],\"unknown\":[%s]}", node, entries,
		 unknown);
	script_arg_str(&args, node);
	script_arg_str(&args, request);
	assert_int_equal(client_eval(pool->client, SCRIPT_KEEP, &args, &reply), 0);
	assert_int_equal(reply->type, REDIS_REPLY_STRING);
	text = strdup(reply->str);
	freeReplyObject(reply);
	return text;
}

static void assert_keep(struct redis_pool *pool, const char *node, const char *entries,
			const char *answer)
{
	AUTO_FREE char *got = keep(pool, node, entries, "");

	assert_non_null(strstr(got, answer));
}

static int join_as(struct redis_pool *pool, const char *id, const char *instance, const char *info)
{
	struct registration reg = { .id = id,
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = instance,
				    .info = info,
				    .weight = 1,
				    .ttl_ms = 60000 };
	uint64_t epoch;
	bool created;

	return membership_register(pool->client, &reg, &created, &epoch);
}

#define LISTED(spec) "{\"source\":\"static\",\"spec\":\"" spec "\"}"

static bool is_there(struct redis_pool *pool, const char *id)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);

	return roster_find(roster, id) != NULL;
}

/* Lists a1 by n1, and registers it. */
static void list_a1(struct redis_pool *pool)
{
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"register\":[[\"a1\",\"of-n1\"]]");
	assert_int_equal(join_as(pool, "a1", "of-n1", LISTED("s")), 0);
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"register\":{}");
}

static void expire(struct redis_pool *pool, const char *node)
{
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_KEPT), node,
		"{\"until_ms\":1,\"ids\":[\"a1\"]}");
}

static void test_all_nodes_keep_one_registration(void **state)
{
	struct redis_pool *pool = *state;

	list_a1(pool);
	assert_keep(pool, "n2", ENTRY("a1", "s", "1"), "\"register\":{}");
	assert_keep(pool, "n2", ENTRY("b1", "s", "1"), "\"register\":[[\"b1\",\"of-n1\"]]");
}

static void test_another_spec_is_taken_once(void **state)
{
	struct redis_pool *pool = *state;

	list_a1(pool);
	assert_keep(pool, "n2", ENTRY("a1", "t", "1"), "\"register\":[[\"a1\",\"of-n1\"]]");
	assert_int_equal(join_as(pool, "a1", "of-n1", LISTED("t")), 0);
	assert_keep(pool, "n1", ENTRY("a1", "s", "0"), "\"register\":{}");
}

static void test_leaves_when_no_node_lists_it(void **state)
{
	struct redis_pool *pool = *state;

	list_a1(pool);
	assert_keep(pool, "n2", ENTRY("a1", "s", "0"), "{}");
	assert_keep(pool, "n1", "", "{}");
	assert_true(is_there(pool, "a1"));
	assert_keep(pool, "n2", "", "{}");
	assert_false(is_there(pool, "a1"));
}

static void test_the_list_of_a_node_that_is_gone_ends(void **state)
{
	struct redis_pool *pool = *state;

	list_a1(pool);
	assert_keep(pool, "n2", "", "{}");
	assert_true(is_there(pool, "a1"));
	expire(pool, "n1");
	assert_keep(pool, "n2", "", "{}");
	assert_false(is_there(pool, "a1"));
}

/* An operator removes another one before any node has noticed. */
static void test_a_removal_hides_no_list_that_ended(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch;

	list_a1(pool);
	assert_keep(pool, "n2", "", "{}");
	assert_int_equal(join_as(pool, "b1", "own", "{}"), 0);
	expire(pool, "n1");
	assert_int_equal(membership_remove(pool->client, "b1", NULL, &epoch), 0);
	assert_true(is_there(pool, "a1"));
	assert_keep(pool, "n2", "", "{}");
	assert_false(is_there(pool, "a1"));
}

static void test_a_source_that_cannot_be_read_keeps_who_was_there(void **state)
{
	struct redis_pool *pool = *state;

	list_a1(pool);
	free(keep(pool, "n1", "", "\"static\""));
	assert_true(is_there(pool, "a1"));
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), "5", "a1");
	free(keep(pool, "n1", "", "\"static\""));
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	assert_true(roster_find(roster, "a1")->lease_ms > 0);
	assert_string_equal(roster_find(roster, "a1")->source, "static");
}

static void test_leaves_those_alone_that_registered_themselves(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(join_as(pool, "a1", "own", "{}"), 0);
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"others\":[\"a1\"]");
	assert_int_equal(join_as(pool, "a1", "of-n1", LISTED("s")), MEMBERSHIP_E_TAKEN);
	assert_keep(pool, "n1", "", "{}");
	assert_true(is_there(pool, "a1"));
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), "5", "a1");
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"register\":[[\"a1\",\"of-n1\"]]");
}

static void test_an_operator_wins_over_the_lists(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch;

	list_a1(pool);
	assert_int_equal(membership_remove(pool->client, "a1", NULL, &epoch), 0);
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"removed\":[\"a1\"]");
	assert_int_equal(join_as(pool, "a1", "of-n1", LISTED("s")), MEMBERSHIP_E_TAKEN);
	assert_keep(pool, "n1", "", "{}");
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"register\":[[\"a1\"");
}

static void test_who_was_removed_may_register_itself(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch;

	list_a1(pool);
	assert_int_equal(membership_remove(pool->client, "a1", NULL, &epoch), 0);
	assert_int_equal(join_as(pool, "a1", "own", "{}"), 0);
	assert_keep(pool, "n1", ENTRY("a1", "s", "1"), "\"others\":[\"a1\"]");
}

static void test_survives_what_others_wrote_there(void **state)
{
	struct redis_pool *pool = *state;
	const char *key = redis_pool_key(pool, KEY_KEPT);

	list_a1(pool);
	POOL_DO(pool, "HSET", key, "n7", "[[", "n8", "{\"until_ms\":\"x\",\"ids\":3}", "n9",
		"{\"until_ms\":99999999999999,\"ids\":[7]}");
	assert_keep(pool, "n1", "", "{}");
	assert_false(is_there(pool, "a1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_nodes_keep_one_registration, redis_pool_clear),
		cmocka_unit_test_setup(test_another_spec_is_taken_once, redis_pool_clear),
		cmocka_unit_test_setup(test_leaves_when_no_node_lists_it, redis_pool_clear),
		cmocka_unit_test_setup(test_the_list_of_a_node_that_is_gone_ends, redis_pool_clear),
		cmocka_unit_test_setup(test_a_removal_hides_no_list_that_ended, redis_pool_clear),
		cmocka_unit_test_setup(test_a_source_that_cannot_be_read_keeps_who_was_there,
				       redis_pool_clear),
		cmocka_unit_test_setup(test_leaves_those_alone_that_registered_themselves,
				       redis_pool_clear),
		cmocka_unit_test_setup(test_an_operator_wins_over_the_lists, redis_pool_clear),
		cmocka_unit_test_setup(test_who_was_removed_may_register_itself, redis_pool_clear),
		cmocka_unit_test_setup(test_survives_what_others_wrote_there, redis_pool_clear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
