#include "bench/bench_pool.h"

#include <stdio.h>
#include <string.h>

#include "registry/scripts.h"

#define TIMEOUT_MS 10000

static int complain(const struct bench_pool *pool, const char *what, int r)
{
	fprintf(stderr, "%s: %s (%d)\n", what, pool->client ? client_error(pool->client) : "", r);
	return r < 0 ? r : -EIO;
}

/* Three as in the examples; more of all kinds. */
static double weight_of(unsigned i, unsigned n_analyzers)
{
	static const double three[] = { 0.5, 0.3, 0.2 };

	return n_analyzers == ARRAY_LEN(three) ? three[i] : 1 + i * 7 % 10;
}

static int join(struct bench_pool *pool, unsigned i, unsigned n_analyzers)
{
	char id[16];
	struct registration reg = { .id = id,
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = id,
				    .info = "{}",
				    .weight = weight_of(i, n_analyzers),
				    .ttl_ms = MEMBERSHIP_TTL_MAX_MS };
	uint64_t epoch;
	bool created;

	snprintf(id, sizeof(id), "a%u", i + 1);
	return membership_register(pool->client, &reg, &created, &epoch);
}

/* FLUSHALL: the Redis is the benchmark's own. */
static int clear(struct bench_pool *pool)
{
	const char *const words[] = { "FLUSHALL" };
	redisReply *reply;
	int r = client_command(pool->client, &reply, 1, words);

	if (r == 0)
		freeReplyObject(reply);
	return r;
}

int bench_pool_open(struct bench_pool *pool, const char *redis, const char *name,
		    unsigned n_analyzers)
{
	int r;

	*pool = (struct bench_pool){ 0 };
	r = redis_url_parse(&pool->url, redis);
	if (r == 0)
		r = registry_keys_init(&pool->keys, name);
	if (r != 0)
		return complain(pool, redis, r);
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), TIMEOUT_MS);
	if (!pool->client)
		return -ENOMEM;
	r = clear(pool);
	for (unsigned i = 0; r == 0 && i < n_analyzers; i++)
		r = join(pool, i, n_analyzers);
	return r != 0 ? complain(pool, "registering analyzers", r) : bench_pool_refresh(pool);
}

void bench_pool_close(struct bench_pool *pool)
{
	roster_unref(pool->roster);
	client_free(pool->client);
}

int bench_pool_refresh(struct bench_pool *pool)
{
	struct roster *roster;
	int r = membership_roster(pool->client, &roster);

	if (r != 0)
		return complain(pool, "roster", r);
	roster_unref(pool->roster);
	pool->roster = roster;
	return 0;
}

/* The number behind `name` in what INFO says; 0: it is not there. */
static double number_after(const char *info, const char *name)
{
	const char *at = strstr(info, name);

	return at ? strtod(at + strlen(name), NULL) : 0;
}

int bench_pool_usage(struct bench_pool *pool, struct redis_usage *usage)
{
	const char *const words[] = { "INFO", "all" };
	redisReply *reply;
	int r = client_command(pool->client, &reply, ARRAY_LEN(words), words);
	const char *evalsha;

	if (r != 0)
		return complain(pool, "INFO", r);
	evalsha = strstr(reply->str, "cmdstat_evalsha:");
	*usage = (struct redis_usage){
		.calls = evalsha ? number_after(evalsha, "calls=") : 0,
		.script_us = evalsha ? number_after(evalsha, "usec=") : 0,
		.cpu_us = 1e6 * (number_after(reply->str, "used_cpu_sys:") +
				 number_after(reply->str, "used_cpu_user:")),
	};
	freeReplyObject(reply);
	return 0;
}
