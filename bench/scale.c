/*
 * weir-bench-scale: one measurement for bench/scale, as one line of JSON.
 *
 *   swarm    many workers on one Redis: what that costs it, and how far shares are off
 *   route    the cost of choosing an analyzer for one packet, on the credit of a lease
 *   settle   the cost of one settle call in a busy Redis
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "bench/settles.h"
#include "bench/swarm.h"
#include "common/clock.h"
#include "common/conf/conf.h"
#include "common/log.h"
#include "common/rng.h"
#include "node/route/ledger.h"

#define ROUTE_PACKETS 2000000u

enum measurement { MEASURE_SWARM, MEASURE_ROUTE, MEASURE_SETTLE, MEASUREMENTS };
static const char *const measurement_names[MEASUREMENTS + 1] = { "swarm", "route", "settle" };

struct options {
	int measure;
	char *redis, *sizes_text;
	int64_t workers, analyzers;
	double rate, warm_s, seconds;
	struct sizes sizes;
};

#define AT(field) offsetof(struct options, field)
static const struct conf_option table[] = {
	{ "measure", CONF_CHOICE, AT(measure), "swarm", NULL, "What.",
	  .choices = measurement_names },
	{ "redis", CONF_STRING, AT(redis), NULL, "URL", "Its data are deleted.",
	  .flags = CONF_REQUIRED },
	{ "workers", CONF_INT, AT(workers), "10", "N", "Simulated workers.", 1, 10000 },
	{ "analyzers", CONF_INT, AT(analyzers), "20", "N", "Analyzers of one pool.", 1,
	  ROSTER_MAX_SLOTS },
	{ "rate", CONF_DOUBLE, AT(rate), "1000", "PACKETS/S", "Of each worker.", 0.001, 1e7 },
	{ "messages", CONF_STRING, AT(sizes_text), "1-9", "SIZES",
	  "Messages in a packet, as weir-loadgen takes it." },
	{ "warm", CONF_DOUBLE, AT(warm_s), "2", "SECONDS", "Before figures count.", 0, 3600 },
	{ "seconds", CONF_DOUBLE, AT(seconds), "5", "SECONDS", "While they do.", 0.001, 3600 },
};

static const struct conf_program program = {
	.name = "weir-bench-scale",
	.summary = "One measurement for bench/scale, as one line of JSON.",
	.usage = "--redis URL [options]",
	.options = table,
	.n_options = ARRAY_LEN(table),
};

struct number {
	const char *name;
	double value;
};

static int print_json(const struct number *numbers, size_t n)
{
	cJSON *json = cJSON_CreateObject();
	char *text;

	for (size_t i = 0; i < n; i++)
		cJSON_AddNumberToObject(json, numbers[i].name, numbers[i].value);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	if (!text)
		return -ENOMEM;
	puts(text);
	cJSON_free(text);
	return 0;
}

static int measure_swarm(const struct options *o, struct bench_pool *pool)
{
	struct swarm_config config = { .pool = pool,
				       .n_workers = (unsigned)o->workers,
				       .rate = o->rate,
				       .sizes = o->sizes,
				       .warm_s = o->warm_s,
				       .seconds = o->seconds };
	struct swarm_figures f;
	int r = swarm_run(&config, &f);

	if (r != 0)
		return r;
	const struct number numbers[] = {
		{ "seconds", f.seconds },
		{ "packets_per_s", f.packets / f.seconds },
		{ "messages_per_s", f.messages / f.seconds },
		{ "largest_packet", f.largest_packet },
		{ "worst_deviation", f.worst },
		{ "mean_deviation", f.mean },
		{ "redis_calls_per_s", f.redis.calls / f.seconds },
		{ "route_calls_per_s", f.route_calls / f.seconds },
		{ "settle_calls_per_s", f.settle_calls / f.seconds },
		{ "redis_cpu_percent", 100 * f.redis.cpu_us / 1e6 / f.seconds },
		{ "us_per_call", f.redis.calls > 0 ? f.redis.script_us / f.redis.calls : 0 },
		{ "without_redis_percent",
		  f.packets > 0 ? 100 * f.packets_without_redis / f.packets : 0 },
		{ "leased", f.n_leased },
		{ "exact", f.n_exact },
		{ "away", f.n_away },
		{ "window_ms", f.window_ms },
		{ "window_least_ms", f.window_least_ms },
		{ "late_ms", f.late_ms },
	};
	return print_json(numbers, ARRAY_LEN(numbers));
}

static void set_shares(struct ledger *l, const struct roster *roster)
{
	double share[ROSTER_MAX_SLOTS] = { 0 };

	ledger_init(l, 1e12);
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		share[roster->analyzers[i].slot] = roster->analyzers[i].share;
	ledger_set_shares(l, roster->n_slots, share, NULL);
}

static int route_some(struct ledger *l, const struct sizes *sizes, struct rng *rng, unsigned n)
{
	static bool reach[ROSTER_MAX_SLOTS];
	uint32_t size[64]; /* drawn beforehand */

	memset(reach, true, sizeof(reach));
	for (unsigned i = 0; i < ARRAY_LEN(size); i++)
		size[i] = sizes_draw(sizes, rng);
	for (unsigned i = 0; i < n; i++)
		if (ledger_route(l, size[i % ARRAY_LEN(size)], reach) < 0)
			return -EINVAL;
	return 0;
}

static int measure_route(const struct options *o, struct bench_pool *pool)
{
	static struct ledger ledger;
	struct rng rng;
	uint64_t start;
	int r;

	rng_init(&rng, 7);
	set_shares(&ledger, pool->roster);
	start = clock_mono_us();
	r = route_some(&ledger, &o->sizes, &rng, ROUTE_PACKETS);
	if (r != 0)
		return r;
	return print_json(&(struct number){ "ns_per_packet", (double)(clock_mono_us() - start) *
								     1e3 / ROUTE_PACKETS },
			  1);
}

static int measure_settle(const struct options *o, struct bench_pool *pool)
{
	double us = 0;
	int r = settles_run(pool, &o->sizes, &us);

	return r != 0 ? r : print_json(&(struct number){ "us_in_redis", us }, 1);
}

static int (*const measurements[MEASUREMENTS])(const struct options *o, struct bench_pool *pool) = {
	[MEASURE_SWARM] = measure_swarm,
	[MEASURE_ROUTE] = measure_route,
	[MEASURE_SETTLE] = measure_settle,
};

static int run(struct options *o)
{
	struct bench_pool pool;
	int r;

	if (sizes_parse(&o->sizes, o->sizes_text) != 0) {
		fprintf(stderr,
			"weir-bench-scale: --messages %s: not N, LO-HI or pareto:SHAPE:MAX\n",
			o->sizes_text);
		return CONF_E_USAGE;
	}
	r = bench_pool_open(&pool, o->redis, "bench", (unsigned)o->analyzers);
	if (r == 0)
		r = measurements[o->measure](o, &pool);
	bench_pool_close(&pool);
	if (r != 0)
		fprintf(stderr, "weir-bench-scale: %s\n", r < 0 ? strerror(-r) : "failed");
	return r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o;
	int r = conf_load(&program, &o, argc, argv, NULL, NULL);

	if (r != 0)
		return r == CONF_E_DONE ? 0 : 2;
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, NULL);
	r = run(&o);
	conf_free(&program, &o);
	return r;
}
