#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/loops.h"

/* A pool "default" with two live nodes: this one, n1, and n2. */
struct pool {
	struct roster *roster;
	struct loops loops;
};

static int setup(void **state)
{
	static const char json[] =
		"{\"epoch\":1,\"now_ms\":1,\"slots\":0,\"analyzers\":[],\"gone\":[],\"retired\":[],"
		"\"workers\":[{\"worker\":\"n1/0\",\"info\":\"{\\\"mark\\\":\\\"11111111\\\"}\"},"
		"{\"worker\":\"n2/0\",\"info\":\"{\\\"mark\\\":\\\"22222222\\\"}\"},"
		"{\"worker\":\"n3/0\",\"info\":\"{}\"}]}";
	static struct pool pool;

	pool.loops = (struct loops){ .pool = "default", .node_id = "n1", .mark = "11111111" };
	assert_int_equal(roster_parse(json, &pool.roster), 0);
	loops_set_roster(&pool.loops, pool.roster);
	*state = &pool;
	return 0;
}

static int teardown(void **state)
{
	struct pool *pool = *state;

	loops_deinit(&pool->loops);
	roster_unref(pool->roster);
	return 0;
}

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, text ? strlen(text) : 0 };
}

static void packets_are_judged_by_where_they_have_been(void **state)
{
	static const struct {
		const char *node, *pool, *hops;
		enum refusal refusal;
		unsigned n_hops;
	} cases[] = {
		{ "x1", "edge/0badcafe", "1", REFUSAL_NONE, 1 },
		{ "x1", "edge/0badcafe, mid/1", "2", REFUSAL_NONE, 2 },
		{ "x1", "default/11111111", "1", REFUSAL_LOOP, 0 },       /* by this node */
		{ "x1", "default/22222222", "1", REFUSAL_LOOP, 0 },       /* by another one */
		{ "x1", "default/22222222,mid/1", "2", REFUSAL_LOOP, 0 }, /* some time ago */
		{ "x1", "edge/1 , default/11111111 ", "2", REFUSAL_LOOP, 0 },
		{ "x1", "default/33333333", "1", REFUSAL_NONE, 1 }, /* of another Redis */
		{ "x1", "default/", "1", REFUSAL_NONE, 1 },
		{ "x1", "default", "1", REFUSAL_LOOP, 0 },
		{ "x1", "defaults/11111111", "1", REFUSAL_NONE, 1 },
		{ "n1", "edge/1", "1", REFUSAL_NONE,
		  1 }, /* another pool may have a node of that name */
		{ "n1", NULL, NULL, REFUSAL_LOOP, 0 },
		{ "n2", NULL, "1", REFUSAL_LOOP, 0 },
		{ "n", NULL, "1", REFUSAL_NONE, 1 },
		{ "n22", NULL, "1", REFUSAL_NONE, 1 },
		{ NULL, NULL, "8", REFUSAL_NONE, 8 },
		{ NULL, NULL, "9", REFUSAL_TOO_MANY_HOPS, 9 },
		{ NULL, NULL, "99999999999999999999", REFUSAL_TOO_MANY_HOPS, 9 },
		{ NULL, NULL, "many", REFUSAL_NONE, 0 },
		{ NULL, "a,b,c,d,e,f,g,h", "1", REFUSAL_NONE, 8 },
		{ NULL, "a,b,c,d,e,f,g,h,i", "1", REFUSAL_TOO_MANY_HOPS, 9 },
		{ NULL, ", ,", NULL, REFUSAL_NONE, 0 },
	};
	struct pool *pool = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_head head = { .weir_node = slice(cases[i].node),
					  .weir_pool = slice(cases[i].pool),
					  .weir_hops = slice(cases[i].hops) };
		unsigned n_hops = 0;

		if (loops_judge(&pool->loops, &head, &n_hops) != cases[i].refusal)
			fail_msg("case %zu", i);
		if (cases[i].refusal != REFUSAL_LOOP && n_hops != cases[i].n_hops)
			fail_msg("case %zu: %u hops", i, n_hops);
	}
}

static void without_a_roster_a_node_knows_itself(void **state)
{
	struct pool *pool = *state;
	struct http_head head = { .weir_pool = slice("default/11111111") };
	unsigned n_hops;

	loops_deinit(&pool->loops);
	assert_int_equal(loops_judge(&pool->loops, &head, &n_hops), REFUSAL_LOOP);
	head.weir_pool = slice("default/22222222");
	assert_int_equal(loops_judge(&pool->loops, &head, &n_hops), REFUSAL_NONE);
}

static void no_more_is_kept_than_eight_pools_need(void **state)
{
	struct pool *pool = *state;
	char text[LOOPS_MAX_VIA + 2];
	struct http_head head = { 0 };
	unsigned n_hops;

	memset(text, 'x', sizeof(text));
	head.weir_pool = (struct http_slice){ text, LOOPS_MAX_VIA };
	assert_int_equal(loops_judge(&pool->loops, &head, &n_hops), REFUSAL_NONE);
	head.weir_pool.len++;
	assert_int_equal(loops_judge(&pool->loops, &head, &n_hops), REFUSAL_TOO_MANY_HOPS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packets_are_judged_by_where_they_have_been),
		TEST(without_a_roster_a_node_knows_itself),
		TEST(no_more_is_kept_than_eight_pools_need),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/ingest/loops", tests, NULL, NULL);
}
