#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/metrics/metrics.h"

enum {
	M_PACKETS,
	M_RESULTS,
	M_OPEN,
	M_CPU,
	M_ROUTED,
	M_LATENCY,
	M_WORST,
	M_TIMES,
	M_STATES,
	M_BUILD,
	M_FAMILIES
};

static const char *const results[] = { "ok", "bad \"json\"\\\n" };
static const char *const states[] = { "good", "b\"ad", NULL };
static const struct metrics_family families[M_FAMILIES] = {
	[M_PACKETS] = { "weir_packets_total", METRICS_COUNTER, "Packets received." },
	[M_RESULTS] = { "weir_results_total", METRICS_COUNTER, "By \"result\".\nBack\\slash.",
			"result", results, 2, .scale = 1 },
	[M_OPEN] = { "weir_open", METRICS_GAUGE, "Open now." },
	[M_CPU] = { "weir_cpu_seconds_total", METRICS_COUNTER, "CPU.", .scale = 1e-6 },
	[M_ROUTED] = { "weir_routed_total", METRICS_COUNTER, "Per analyzer.", "analyzer", NULL, 4 },
	[M_LATENCY] = { "weir_latency_seconds", METRICS_HISTOGRAM, "Latency." },
	[M_WORST] = { "weir_worst", METRICS_GAUGE_MAX, "The worst." },
	[M_TIMES] = { "weir_times_seconds", METRICS_HISTOGRAM, "By analyzer.", "analyzer", NULL,
		      4 },
	[M_STATES] = { "weir_states", METRICS_GAUGE, "By analyzer and state.", "analyzer", NULL, 4,
		       "state", states, 3 },
	[M_BUILD] = { "weir_build_info", METRICS_INFO, "Build.", "version", states, 1 },
};

struct fixture {
	struct metrics *metrics;
	struct metrics_shard a, b;
	struct buf out;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->metrics = metrics_new(families, M_FAMILIES);
	*state = f;
	return !f->metrics || metrics_shard_init(&f->a, f->metrics) ||
	       metrics_shard_init(&f->b, f->metrics);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	metrics_shard_deinit(&f->a);
	metrics_shard_deinit(&f->b);
	metrics_free(f->metrics);
	metrics_free(NULL);
	buf_deinit(&f->out);
	free(f);
	return 0;
}

/* Slot 1 has nobody. */
static const char *name_of(void *arg, unsigned family, unsigned index)
{
	static const char *const names[] = { "a1", NULL, "a\"3", "a4" };

	assert_string_equal(arg, "the arg");
	assert_true(family == M_ROUTED || family == M_TIMES || family == M_STATES);
	return names[index];
}

static const char *scrape_as(struct fixture *f, enum metrics_format format)
{
	const struct metrics_shard *shards[] = { &f->a, &f->b };

	buf_clear(&f->out);
	metrics_write(f->metrics, shards, 2, format, name_of, "the arg", &f->out);
	return buf_str(&f->out);
}

static const char *scrape(struct fixture *f)
{
	return scrape_as(f, METRICS_CLASSIC);
}

static void assert_has(const char *text, const char *lines)
{
	if (!strstr(text, lines))
		fail_msg("\"%s\" is not in:\n%s", lines, text);
}

static void a_fresh_shard_counts_zero(void **state)
{
	struct fixture *f = *state;

	assert_true(metrics_get(&f->a, M_PACKETS, 0) == 0);
	assert_true(metrics_get(&f->a, M_ROUTED, 3) == 0);
	assert_has(scrape(f), "\nweir_packets_total 0\n");
	assert_has(scrape(f), "weir_latency_seconds_count 0\n");
}

static void cells_are_independent(void **state)
{
	struct fixture *f = *state;

	metrics_add(&f->a, M_RESULTS, 1, 5);
	metrics_add(&f->a, M_ROUTED, 0, 7);
	metrics_observe(&f->a, M_LATENCY, 0, 1);
	assert_true(metrics_get(&f->a, M_RESULTS, 0) == 0);
	assert_true(metrics_get(&f->a, M_RESULTS, 1) == 5);
	assert_true(metrics_get(&f->a, M_OPEN, 0) == 0);
	assert_true(metrics_get(&f->a, M_ROUTED, 0) == 7);
	assert_true(metrics_get(&f->a, M_ROUTED, 1) == 0);
	assert_true(metrics_get(&f->b, M_RESULTS, 1) == 0);
}

static void shards_are_summed(void **state)
{
	struct fixture *f = *state;

	metrics_add(&f->a, M_PACKETS, 0, 40);
	metrics_add(&f->b, M_PACKETS, 0, 2);
	metrics_observe(&f->a, M_LATENCY, 0, 50);
	metrics_observe(&f->b, M_LATENCY, 0, 60);
	assert_has(scrape(f), "# TYPE weir_packets_total counter\nweir_packets_total 42\n");
	assert_has(scrape(f), "weir_latency_seconds_bucket{le=\"0.0001\"} 2\n");
}

static void gauges_go_down_and_below_zero(void **state)
{
	struct fixture *f = *state;

	metrics_set(&f->a, M_OPEN, 0, 10);
	metrics_add(&f->a, M_OPEN, 0, -3);
	metrics_set(&f->b, M_OPEN, 0, -20);
	assert_true(metrics_get(&f->a, M_OPEN, 0) == 7);
	assert_has(scrape(f), "# TYPE weir_open gauge\nweir_open -13\n");
}

static void large_counters_are_exact(void **state)
{
	struct fixture *f = *state;

	metrics_add(&f->a, M_PACKETS, 0, (1LL << 53) + 1);
	metrics_add(&f->a, M_CPU, 0, 86400LL * 365 * 1000000 + 1);
	assert_has(scrape(f), "\nweir_packets_total 9007199254740993\n");
	assert_has(scrape(f), "\nweir_cpu_seconds_total 31536000.000001\n");
}

static void a_scale_changes_the_unit_shown(void **state)
{
	struct fixture *f = *state;

	metrics_add(&f->a, M_CPU, 0, 1500000);
	assert_has(scrape(f), "\nweir_cpu_seconds_total 1.5\n");
}

static void labels_and_help_are_escaped(void **state)
{
	struct fixture *f = *state;

	metrics_add(&f->a, M_RESULTS, 1, 3);
	assert_has(scrape(f), "# HELP weir_results_total By \"result\".\\nBack\\\\slash.\n"
			      "# TYPE weir_results_total counter\n"
			      "weir_results_total{result=\"ok\"} 0\n"
			      "weir_results_total{result=\"bad \\\"json\\\"\\\\\\n\"} 3\n");
}

static void dynamic_labels_are_named_at_the_scrape(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 4; i++)
		metrics_add(&f->a, M_ROUTED, i, i + 1);
	assert_has(scrape(f), "# TYPE weir_routed_total counter\n"
			      "weir_routed_total{analyzer=\"a1\"} 1\n"
			      "weir_routed_total{analyzer=\"a\\\"3\"} 3\n"
			      "weir_routed_total{analyzer=\"a4\"} 4\n#");
}

static void a_histogram_is_cumulative_with_inclusive_bounds(void **state)
{
	struct fixture *f = *state;
	char expected[64];

	assert_true(metrics_bucket_us[0] == 100);
	assert_true(metrics_bucket_us[METRICS_N_BUCKETS - 1] == 10000000);
	metrics_observe(&f->a, M_LATENCY, 0, 0);
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		assert_true(i == 0 || metrics_bucket_us[i] > metrics_bucket_us[i - 1]);
		metrics_observe(&f->a, M_LATENCY, 0, metrics_bucket_us[i]);
	}
	metrics_observe(&f->a, M_LATENCY, 0, 10000001);
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		snprintf(expected, sizeof(expected), "_bucket{le=\"%g\"} %u\n",
			 (double)metrics_bucket_us[i] / 1e6, i + 2);
		assert_has(scrape(f), expected);
	}
	assert_has(scrape(f),
		   "weir_latency_seconds_bucket{le=\"+Inf\"} 18\nweir_latency_seconds_sum ");
	assert_has(scrape(f), "weir_latency_seconds_count 18\n");
}

static void a_histogram_sum_is_in_seconds(void **state)
{
	struct fixture *f = *state;

	metrics_observe(&f->a, M_LATENCY, 0, 1500000);
	metrics_observe(&f->b, M_LATENCY, 0, 250000);
	assert_has(scrape(f), "weir_latency_seconds_sum 1.75\n");
}

static void of_some_gauges_the_greatest_shard_is_shown(void **state)
{
	struct fixture *f = *state;

	metrics_set(&f->a, M_WORST, 0, -7);
	metrics_set(&f->b, M_WORST, 0, -9);
	assert_has(scrape(f), "# TYPE weir_worst gauge\nweir_worst -7\n");
	metrics_set(&f->b, M_WORST, 0, 5);
	assert_has(scrape(f), "\nweir_worst 5\n");
}

static void a_histogram_by_label_is_one_for_each_that_has_seen_something(void **state)
{
	struct fixture *f = *state;

	assert_has(scrape(f), "# TYPE weir_times_seconds histogram\n# HELP weir_states ");
	metrics_observe(&f->a, M_TIMES, 1, 100); /* nobody */
	metrics_observe(&f->a, M_TIMES, 2, 100);
	metrics_observe(&f->b, M_TIMES, 2, 20000000);
	metrics_observe(&f->b, M_TIMES, 3, 0);
	assert_has(scrape(f), "# TYPE weir_times_seconds histogram\n"
			      "weir_times_seconds_bucket{analyzer=\"a\\\"3\",le=\"0.0001\"} 1\n");
	assert_has(scrape(f), "\nweir_times_seconds_bucket{analyzer=\"a\\\"3\",le=\"10\"} 1\n"
			      "weir_times_seconds_bucket{analyzer=\"a\\\"3\",le=\"+Inf\"} 2\n"
			      "weir_times_seconds_sum{analyzer=\"a\\\"3\"} 20.0001\n"
			      "weir_times_seconds_count{analyzer=\"a\\\"3\"} 2\n"
			      "weir_times_seconds_bucket{analyzer=\"a4\",le=\"0.0001\"} 1\n");
}

static void a_histogram_is_read_by_label_and_shard(void **state)
{
	struct fixture *f = *state;
	uint64_t counts[METRICS_N_BUCKETS + 1];

	metrics_observe(&f->a, M_TIMES, 2, 101);
	metrics_observe(&f->a, M_TIMES, 2, 250);
	metrics_observe(&f->a, M_TIMES, 2, 20000000);
	metrics_observe(&f->b, M_TIMES, 2, 1);
	metrics_read_histogram(&f->a, M_TIMES, 2, counts);
	assert_true(counts[0] == 0 && counts[1] == 2 && counts[METRICS_N_BUCKETS] == 1);
	metrics_read_histogram(&f->a, M_TIMES, 3, counts);
	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		assert_true(counts[i] == 0);
}

static void two_labels_make_a_value_for_each_pair(void **state)
{
	struct fixture *f = *state;

	metrics_set(&f->a, M_STATES, metrics_pair(&f->a, M_STATES, 0, 1), 3);
	metrics_add(&f->b, M_STATES, metrics_pair(&f->b, M_STATES, 3, 0), 4);
	assert_has(scrape(f), "\nweir_states{analyzer=\"a1\",state=\"good\"} 0\n"
			      "weir_states{analyzer=\"a1\",state=\"b\\\"ad\"} 3\n"
			      "weir_states{analyzer=\"a\\\"3\",state=\"good\"} 0\n"
			      "weir_states{analyzer=\"a\\\"3\",state=\"b\\\"ad\"} 0\n"
			      "weir_states{analyzer=\"a4\",state=\"good\"} 4\n"
			      "weir_states{analyzer=\"a4\",state=\"b\\\"ad\"} 0\n");
}

static void openmetrics_names_families_without_what_their_samples_add(void **state)
{
	struct fixture *f = *state;
	const char *text;

	metrics_set(&f->a, M_BUILD, 0, 1);
	metrics_add(&f->a, M_CPU, 0, 1500000);
	text = scrape_as(f, METRICS_OPEN);
	assert_has(text, "# HELP weir_packets Packets received.\n# TYPE weir_packets counter\n"
			 "weir_packets_total 0\n");
	assert_has(text, "# HELP weir_cpu_seconds CPU.\n# TYPE weir_cpu_seconds counter\n"
			 "# UNIT weir_cpu_seconds seconds\nweir_cpu_seconds_total 1.5\n");
	assert_has(text,
		   "# TYPE weir_latency_seconds histogram\n# UNIT weir_latency_seconds seconds\n"
		   "weir_latency_seconds_bucket{le=\"0.0001\"} 0\n");
	assert_has(text, "# TYPE weir_build info\nweir_build_info{version=\"good\"} 1\n");
	assert_has(text, "# HELP weir_results By \\\"result\\\".\\nBack\\\\slash.\n");
	assert_null(strstr(text, "# UNIT weir_open"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	assert_has(scrape(f),
		   "# TYPE weir_build_info gauge\nweir_build_info{version=\"good\"} 1\n");
	assert_null(strstr(scrape(f), "# UNIT"));
	assert_null(strstr(scrape(f), "# EOF"));
}

static void a_scraper_gets_the_format_that_it_prefers(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
		{ NULL, METRICS_CLASSIC },
		{ "", METRICS_CLASSIC },
		{ "*/*", METRICS_CLASSIC },
		{ "text/plain", METRICS_CLASSIC },
		{ "application/openmetrics-text", METRICS_OPEN },
		{ "application/openmetrics-text; version=1.0.0; charset=utf-8", METRICS_OPEN },
		{ "Application/OpenMetrics-Text ; Version=\"1.0.0\"", METRICS_OPEN },
		{ "application/openmetrics-text;version=0.0.1", METRICS_CLASSIC },
		{ "application/openmetrics-text;version=2.0.0,*/*", METRICS_CLASSIC },
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
		  "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  METRICS_OPEN },
		{ "text/plain;version=0.0.4;q=0.5 ,\tapplication/openmetrics-text;q=0.4",
		  METRICS_CLASSIC },
		{ "application/openmetrics-text;q=0", METRICS_CLASSIC },
		{ "application/openmetrics-textual", METRICS_CLASSIC },
		{ ",,;;,application/openmetrics-text,;", METRICS_OPEN },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (metrics_format_for(cases[i].accept) != cases[i].format)
			fail_msg("%s", cases[i].accept);
}

static void *count_to_100000(void *shard)
{
	for (int i = 0; i < 100000; i++)
		metrics_add(shard, M_PACKETS, 0, 1);
	return NULL;
}

static void a_scrape_during_counting_never_goes_back(void **state)
{
	struct fixture *f = *state;
	unsigned long long last = 0, now;
	pthread_t threads[2];

	assert_int_equal(pthread_create(&threads[0], NULL, count_to_100000, &f->a), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, count_to_100000, &f->b), 0);
	for (int i = 0; i < 100; i++) {
		const char *at = strstr(scrape(f), "\nweir_packets_total ");

		assert_non_null(at);
		assert_int_equal(sscanf(at, " weir_packets_total %llu", &now), 1);
		assert_true(now >= last);
		last = now;
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_has(scrape(f), "\nweir_packets_total 200000\n");
}

static void shards_share_no_cache_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal((uintptr_t)f->a.cells % 64, 0);
	assert_int_equal((uintptr_t)f->b.cells % 64, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fresh_shard_counts_zero),
		TEST(cells_are_independent),
		TEST(shards_are_summed),
		TEST(gauges_go_down_and_below_zero),
		TEST(large_counters_are_exact),
		TEST(a_scale_changes_the_unit_shown),
		TEST(labels_and_help_are_escaped),
		TEST(dynamic_labels_are_named_at_the_scrape),
		TEST(a_histogram_is_cumulative_with_inclusive_bounds),
		TEST(a_histogram_sum_is_in_seconds),
		TEST(of_some_gauges_the_greatest_shard_is_shown),
		TEST(a_histogram_by_label_is_one_for_each_that_has_seen_something),
		TEST(a_histogram_is_read_by_label_and_shard),
		TEST(two_labels_make_a_value_for_each_pair),
		TEST(openmetrics_names_families_without_what_their_samples_add),
		TEST(a_scraper_gets_the_format_that_it_prefers),
		TEST(a_scrape_during_counting_never_goes_back),
		TEST(shards_share_no_cache_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/metrics", tests, NULL, NULL);
}
