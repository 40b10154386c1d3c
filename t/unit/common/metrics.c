#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/metrics.h"

enum { M_PACKETS, M_RESULTS, M_OPEN, M_CPU, M_ROUTED, M_LATENCY, M_FAMILIES };

static const char *const results[] = { "ok", "bad \"json\"\\\n" };
static const struct metrics_family families[M_FAMILIES] = {
	[M_PACKETS] = { "weir_packets_total", METRICS_COUNTER, "Packets received." },
	[M_RESULTS] = { "weir_results_total", METRICS_COUNTER, "By \"result\".\nBack\\slash.",
			"result", results, 2, 1 },
	[M_OPEN] = { "weir_open", METRICS_GAUGE, "Open now.", NULL, NULL, 0, 1 },
	[M_CPU] = { "weir_cpu_seconds_total", METRICS_COUNTER, "CPU.", NULL, NULL, 0, 1e-6 },
	[M_ROUTED] = { "weir_routed_total", METRICS_COUNTER, "Per analyzer.", "analyzer", NULL, 4,
		       1 },
	[M_LATENCY] = { "weir_latency_seconds", METRICS_HISTOGRAM, "Latency." },
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
	assert_int_equal(family, M_ROUTED);
	return names[index];
}

static const char *scrape(struct fixture *f)
{
	const struct metrics_shard *shards[] = { &f->a, &f->b };

	buf_clear(&f->out);
	metrics_write(f->metrics, shards, 2, name_of, "the arg", &f->out);
	return buf_str(&f->out);
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
	metrics_observe(&f->a, M_LATENCY, 1);
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
	metrics_observe(&f->a, M_LATENCY, 50);
	metrics_observe(&f->b, M_LATENCY, 60);
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
	metrics_observe(&f->a, M_LATENCY, 0);
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		assert_true(i == 0 || metrics_bucket_us[i] > metrics_bucket_us[i - 1]);
		metrics_observe(&f->a, M_LATENCY, metrics_bucket_us[i]);
	}
	metrics_observe(&f->a, M_LATENCY, 10000001);
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

	metrics_observe(&f->a, M_LATENCY, 1500000);
	metrics_observe(&f->b, M_LATENCY, 250000);
	assert_has(scrape(f), "weir_latency_seconds_sum 1.75\n");
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
		TEST(a_scrape_during_counting_never_goes_back),
		TEST(shards_share_no_cache_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/metrics", tests, NULL, NULL);
}
