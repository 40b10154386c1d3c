#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/cluster.h"

static const char good[] =
	"{\"pool\":\"default\",\"epoch\":7,\"analyzers\":["
	"{\"id\":\"a1\",\"url\":\"u\",\"weight\":0.5,\"state\":\"active\",\"health\":\"up\",\"share\":"
	"0.625,"
	"\"actual\":0.6,\"routed\":123456789012,\"delivered\":12,\"delivered_packets\":4,\"processed\":"
	"11,\"credit\":-0.4},"
	"{\"id\":\"a2\",\"weight\":0.3,\"share\":0.375,\"routed\":7}],\"nodes\":[]}";

static void the_numbers_of_each_analyzer_are_read(void **state UNUSED)
{
	CLEANUP(cluster_deinit) struct cluster c = { 0 };
	const struct cluster_analyzer *a;

	assert_int_equal(cluster_parse(&c, good, sizeof(good) - 1), 0);
	assert_int_equal(c.epoch, 7);
	assert_int_equal(c.n_analyzers, 2);
	a = cluster_find(&c, "a1");
	assert_non_null(a);
	assert_true(a->weight == 0.5 && a->share == 0.625);
	assert_int_equal(a->routed, 123456789012);
	assert_int_equal(a->delivered, 12);
	assert_int_equal(a->processed, 11);
	assert_null(cluster_find(&c, "a3"));
	assert_int_equal(c.total_routed, -1);
	assert_int_equal(c.total_delivered, -1);
}

static void the_totals_of_the_pool_are_read(void **state UNUSED)
{
	static const char text[] =
		"{\"epoch\":2,\"analyzers\":[],\"totals\":{\"packets\":3,\"messages\":11,\"routed\":12},"
		"\"accounts\":{\"delivered\":{\"packets\":4,\"messages\":11}}}";
	CLEANUP(cluster_deinit) struct cluster c = { 0 };

	assert_int_equal(cluster_parse(&c, text, sizeof(text) - 1), 0);
	assert_int_equal(c.total_routed, 12);
	assert_int_equal(c.total_delivered, 11);
	assert_int_equal(c.counted_packets, 3);
	assert_int_equal(c.accounted_packets, 4);
}

static void counters_that_are_not_there_are_0(void **state UNUSED)
{
	CLEANUP(cluster_deinit) struct cluster c = { 0 };

	assert_int_equal(cluster_parse(&c, good, sizeof(good) - 1), 0);
	assert_int_equal(cluster_find(&c, "a2")->routed, 7);
	assert_int_equal(cluster_find(&c, "a2")->delivered, 0);
}

static void no_analyzers_is_a_cluster_too(void **state UNUSED)
{
	static const char empty[] = "{\"epoch\":0,\"analyzers\":[]}";
	CLEANUP(cluster_deinit) struct cluster c = { 0 };

	assert_int_equal(cluster_parse(&c, empty, sizeof(empty) - 1), 0);
	assert_int_equal(c.n_analyzers, 0);
}

static void what_is_no_cluster_is_refused(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"epoch\":1",
		"{\"analyzers\":{}}",
		"{\"analyzers\":[1]}",
		"{\"epoch\":\"x\",\"analyzers\":[]}",
		"{\"analyzers\":[{\"weight\":1,\"share\":1}]}",
		"{\"analyzers\":[{\"id\":\"a\",\"share\":1}]}",
		"{\"analyzers\":[{\"id\":\"a\",\"weight\":1}]}",
		"{\"analyzers\":[{\"id\":\"a\",\"weight\":1,\"share\":1.5}]}",
		"{\"analyzers\":[{\"id\":\"a\",\"weight\":1,\"share\":1,\"routed\":\"x\"}]}",
	};
	struct cluster c;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (cluster_parse(&c, texts[i], strlen(texts[i])) != CLUSTER_E_SHAPE)
			fail_msg("read as a cluster: %s", texts[i]);
	}
}

static void an_id_longer_than_any_is_refused(void **state UNUSED)
{
	char text[1024], id[CLUSTER_ID_SIZE + 1];
	struct cluster c;

	memset(id, 'x', CLUSTER_ID_SIZE);
	id[CLUSTER_ID_SIZE] = 0;
	snprintf(text, sizeof(text), "{\"analyzers\":[{\"id\":\"%s\",\"weight\":1,\"share\":1}]}",
		 id);
	assert_int_equal(cluster_parse(&c, text, strlen(text)), CLUSTER_E_SHAPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_numbers_of_each_analyzer_are_read),
		cmocka_unit_test(counters_that_are_not_there_are_0),
		cmocka_unit_test(the_totals_of_the_pool_are_read),
		cmocka_unit_test(no_analyzers_is_a_cluster_too),
		cmocka_unit_test(what_is_no_cluster_is_refused),
		cmocka_unit_test(an_id_longer_than_any_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
