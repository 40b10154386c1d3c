#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/metrics/metrics.h"
#include "common/metrics/metrics_json.h"
#include "t/unit/near.h"

enum { PACKETS, TEMPERATURE, TIMES };

static const char *const results[] = { "good", "b\"a\\d\n" };
static const struct metrics_family families[] = {
	[PACKETS] = { "x_packets_total", METRICS_COUNTER, "Packets \\ all.", "result", results, 2,
		      .scale = 0 },
	[TEMPERATURE] = { "x_temperature", METRICS_GAUGE, "Now.", .scale = 0.1 },
	[TIMES] = { "x_seconds", METRICS_HISTOGRAM, "Times.", "result", results, 2 },
};

static cJSON *json;

static int setup(void **state)
{
	struct metrics *m = metrics_new(families, ARRAY_LEN(families));
	struct metrics_shard shard;
	const struct metrics_shard *shards[] = { &shard };
	struct buf text CLEANUP(buf_deinit) = { 0 };
	(void)state;

	if (!m || metrics_shard_init(&shard, m) != 0)
		return -1;
	metrics_add(&shard, PACKETS, 0, 3);
	metrics_add(&shard, PACKETS, 1, 4);
	metrics_set(&shard, TEMPERATURE, 0, -25);
	metrics_observe(&shard, TIMES, 0, 90);
	metrics_observe(&shard, TIMES, 0, 20000000);
	metrics_observe(&shard, TIMES, 1, 90);
	metrics_write(m, shards, 1, METRICS_CLASSIC, NULL, NULL, &text);
	buf_str(&text);
	json = metrics_json(text.data);
	metrics_shard_deinit(&shard);
	metrics_free(m);
	return json ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(json);
	return 0;
}

static const cJSON *value_at(const char *name, int i)
{
	return cJSON_GetArrayItem(
		cJSON_GetObjectItem(cJSON_GetObjectItemCaseSensitive(json, name), "values"), i);
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *label(const cJSON *value)
{
	return cJSON_GetStringValue(
		cJSON_GetObjectItem(cJSON_GetObjectItem(value, "labels"), "result"));
}

static void every_family_is_there_with_type_and_help(void **state)
{
	const cJSON *packets = cJSON_GetObjectItem(json, "x_packets_total");
	(void)state;

	assert_int_equal(cJSON_GetArraySize(json), 3);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(packets, "type")), "counter");
	assert_non_null(
		strstr(cJSON_GetStringValue(cJSON_GetObjectItem(packets, "help")), "Packets"));
}

static void values_have_their_labels_whatever_is_in_them(void **state)
{
	(void)state;
	assert_near(number(value_at("x_packets_total", 0), "value"), 3, 0);
	assert_string_equal(label(value_at("x_packets_total", 0)), "good");
	assert_near(number(value_at("x_packets_total", 1), "value"), 4, 0);
	assert_string_equal(label(value_at("x_packets_total", 1)), results[1]);
	assert_near(number(value_at("x_temperature", 0), "value"), -2.5, 1e-9);
}

static void a_histogram_is_one_value_for_its_labels(void **state)
{
	const cJSON *good = value_at("x_seconds", 0), *bad = value_at("x_seconds", 1);
	const cJSON *buckets = cJSON_GetObjectItem(good, "buckets");
	(void)state;

	assert_null(value_at("x_seconds", 2));
	assert_string_equal(label(good), "good");
	assert_string_equal(label(bad), results[1]);
	assert_int_equal(cJSON_GetArraySize(buckets), METRICS_N_BUCKETS + 1);
	assert_near(number(buckets, "0.0001"), 1, 0);
	assert_near(number(buckets, "+Inf"), 2, 0);
	assert_near(number(good, "count"), 2, 0);
	assert_near(number(good, "sum"), 20.00009, 1e-9);
	assert_near(number(bad, "count"), 1, 0);
}

static void what_is_no_such_text_is_refused(void **state)
{
	static const char *const texts[] = { "x 1\n", "# HELP x\n",
					     "# HELP x y\n# TYPE x gauge\ny 1\n",
					     "# HELP x y\n# TYPE x gauge\nx{a 1\n",
					     "# HELP x y\n# TYPE x gauge\nx{a=\"b 1\n" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char text[128];

		strcpy(text, texts[i]);
		assert_null(metrics_json(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_family_is_there_with_type_and_help),
		cmocka_unit_test(values_have_their_labels_whatever_is_in_them),
		cmocka_unit_test(a_histogram_is_one_value_for_its_labels),
		cmocka_unit_test(what_is_no_such_text_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
