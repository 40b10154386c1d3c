/* What nodes of a Redis Cluster say, without a cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/redis/cluster_map.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"

static struct cluster_map map;

static void slots_are_those_of_redis(void **state)
{
	(void)state;
	assert_int_equal(cluster_slot_of("123456789"), 0x31c3);
	assert_int_equal(cluster_slot_of("foo"), 12182);
	assert_int_equal(cluster_slot_of("weir:{foo}:epoch"), 12182);
	assert_int_equal(cluster_slot_of("{}foo"), cluster_slot_of("{}foo"));
	assert_int_not_equal(cluster_slot_of("{}foo"), 12182); /* an empty tag is none */
}

static void redirects_are_read(void **state)
{
	const struct redis_host here = { .name = "10.0.0.1", .port = 6379 };
	struct cluster_redirect r;

	(void)state;
	assert_true(cluster_redirect_parse("MOVED 3999 127.0.0.1:6381", &here, &r));
	assert_false(r.is_ask);
	assert_int_equal(r.slot, 3999);
	assert_string_equal(r.host.name, "127.0.0.1");
	assert_int_equal(r.host.port, 6381);
	assert_true(cluster_redirect_parse("ASK 0 ::1:7000", &here, &r));
	assert_true(r.is_ask);
	assert_string_equal(r.host.name, "::1");
	assert_true(cluster_redirect_parse("MOVED 1 :6381", &here, &r)); /* the same host */
	assert_string_equal(r.host.name, "10.0.0.1");
}

static void what_is_no_redirect_is_not_followed(void **state)
{
	static const char *const errors[] = {
		"ERR MOVED 1 a:1", "MOVED",           "MOVED ",       "MOVED x a:1",
		"MOVED 16384 a:1", "MOVED -1 a:1",    "MOVED 1",      "MOVED 1 a",
		"MOVED 1 a:0",     "MOVED 1 a:65536", "ASKING 1 a:1", "TRYAGAIN x y",
		"CLUSTERDOWN z",
	};
	const struct redis_host here = { .name = "h", .port = 1 };
	struct cluster_redirect r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		assert_false(cluster_redirect_parse(errors[i], &here, &r));
}

static void the_map_says_who_serves_the_slot(void **state)
{
	static const char text[] =
		A " 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460 [93-<-" B "]\n" B
		  " 127.0.0.1:7002@17002,b.example master - 0 1 2 connected 5461-10922 16383\n" C
		  " 127.0.0.1:7003@17003,,shard-id=x slave " A " 0 1 3 connected\n";

	(void)state;
	assert_true(cluster_map_parse(text, 5461, false, &map));
	assert_false(map.is_here || map.is_cut_off);
	assert_string_equal(map.owner.name, "127.0.0.1");
	assert_int_equal(map.owner.port, 7002);
	assert_int_equal(map.n_nodes, 3);
	assert_true(cluster_map_parse(text, 16383, true, &map));
	assert_string_equal(map.owner.name, "b.example");
	assert_string_equal(map.nodes[2].name, "127.0.0.1");
	assert_true(cluster_map_parse(text, 93, false, &map));
	assert_true(map.is_here);
	assert_true(cluster_map_parse(text, 12000, false, &map));
	assert_string_equal(map.owner.name, ""); /* nobody */
}

static void a_node_that_cannot_reach_most_masters_is_not_believed(void **state)
{
	static const char text[] =
		A " 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460\n" B
		  " 127.0.0.1:7002@17002 master,fail? - 0 1 2 connected 5461-10922\n" C
		  " 127.0.0.1:7003@17003 master,fail - 0 1 3 disconnected 10923-16383\n";

	(void)state;
	assert_true(cluster_map_parse(text, 0, false, &map));
	assert_true(map.is_cut_off);
	assert_int_equal(map.n_nodes, 1);
}

static void what_is_no_map_is_not_read(void **state)
{
	static const char *const texts[] = {
		"",     "\n\n",       "OK",
		A "\n", A " x y z\n", A " 127.0.0.1:7001@17001 master - 0 0 1 connected\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(cluster_map_parse(texts[i], 0, false, &map));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_those_of_redis),
		cmocka_unit_test(redirects_are_read),
		cmocka_unit_test(what_is_no_redirect_is_not_followed),
		cmocka_unit_test(the_map_says_who_serves_the_slot),
		cmocka_unit_test(a_node_that_cannot_reach_most_masters_is_not_believed),
		cmocka_unit_test(what_is_no_map_is_not_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
