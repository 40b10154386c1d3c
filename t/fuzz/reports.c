/*
 * A report as any program may have written it into Redis: what it says of lanes and breakers is
 * counted with the others', so no sum is below 0 or without an end, nor a percentile beyond the
 * buckets.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "registry/reports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct analyzer analyzers[] = { { .id = "a" }, { .id = "b", .slot = 1 } };
static struct roster_worker workers[] = { { .name = "n/0" } };
static const struct roster roster = {
	.n_slots = 2, .n_analyzers = 2, .analyzers = analyzers, .n_workers = 1, .workers = workers
};

static bool is_amount(double value)
{
	return isfinite(value) && value >= 0;
}

static void check_lanes(const struct lanes *lanes)
{
	double ms, ratio;

	assert(is_amount(lanes->queued) && is_amount(lanes->flying) && is_amount(lanes->paused));
	assert(is_amount(lanes->n_open) && is_amount(lanes->n_half_open));
	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		assert(is_amount(lanes->times[i]));
	if (lanes_error_ratio(lanes, &ratio))
		assert(ratio >= 0 && ratio <= 1);
	if (lanes_percentile(lanes, 99, &ms))
		assert(ms > 0 && ms <= 10000);
}

static const struct roster empty;

static void check(const redisReply *hash, const struct roster *of)
{
	struct reports reports;

	assert(reports_init(&reports, hash, NULL, of) == 0);
	for (unsigned i = 0; i < reports.n_lanes; i++)
		check_lanes(&reports.lanes[i]);
	assert(is_amount(reports.n_refused) && is_amount(reports.n_workers));
	reports_deinit(&reports);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *text = strndup((const char *)data, len);
	redisReply node = { .type = REDIS_REPLY_STRING, .str = "n" };
	redisReply report = { .type = REDIS_REPLY_STRING, .str = text };
	redisReply *elements[] = { &node, &report };
	redisReply hash = { .type = REDIS_REPLY_ARRAY, .elements = 2, .element = elements };

	check(&hash, &roster);
	check(&hash, &empty);
	return 0;
}
