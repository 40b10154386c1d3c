#include "t/unit/node/spill/spill_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "node/node_metrics.h"
#include "registry/scripts.h"

#define MEMORY_BYTES (64 << 20)
#define BODY_HEAD_MAX 64
#define CLIENT_MS 5000

int spill_bench_start(struct spill_bench *b)
{
	struct redis_pool *pool = &b->pool;

	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	if (redis_server_start(&pool->server, true) != 0)
		return -1;
	if (redis_url_parse(&pool->url, pool->server.url) != 0 ||
	    registry_keys_init(&pool->keys, "test") != 0)
		return -1;
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), CLIENT_MS);
	return pool->client ? 0 : -1;
}

void spill_bench_stop(struct spill_bench *b)
{
	client_free(b->pool.client);
	redis_server_stop(&b->pool.server);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void turn(struct spill_bench *b)
{
	assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

void spill_bench_setup(struct spill_bench *b)
{
	struct timeval tv = clock_timeval(1000);
	struct link_config config = { .url = &b->pool.url,
				      .scripts = registry_scripts(&b->pool.keys),
				      .name = "n1/0/store",
				      .stall_ms = STALL_MS };

	POOL_DO(&b->pool, "FLUSHALL");
	b->base = event_base_new();
	b->tick = event_new(b->base, -1, EV_PERSIST, on_tick, NULL);
	assert_int_equal(event_add(b->tick, &tv), 0);
	b->metrics = node_metrics_new();
	assert_int_equal(metrics_shard_init(&b->shard, b->metrics), 0);
	b->memory_pool.left_bytes = MEMORY_BYTES;
	memory_init(&b->memory, &b->memory_pool);
	config.base = b->base;
	b->link = link_new(&config);
	assert_non_null(b->link);
	TURN_UNTIL(b, turn, link_is_up(b->link));
	spill_bench_reset_calls(b);
}

void spill_bench_teardown(struct spill_bench *b)
{
	link_free(b->link);
	event_free(b->tick);
	event_base_free(b->base);
	metrics_shard_deinit(&b->shard);
	metrics_free(b->metrics);
	assert_int_equal(b->memory.used_bytes, 0);
}

void spill_bench_restart_redis(struct spill_bench *b)
{
	struct redis_pool *pool = &b->pool;

	assert_int_equal(redis_server_restart(&pool->server), 0);
	client_free(pool->client);
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), CLIENT_MS);
	assert_non_null(pool->client);
}

struct packet *spill_bench_packet(struct spill_bench *b, unsigned number, size_t min_bytes)
{
	size_t len = min_bytes > BODY_HEAD_MAX ? min_bytes : BODY_HEAD_MAX;
	struct packet *p = packet_new_within(&b->memory, len);
	int n;

	assert_non_null(p);
	assert_int_equal(packet_reserve_within(&b->memory, &p, len, len), 0);
	memset(p->body, ' ', len);
	n = snprintf(p->body, BODY_HEAD_MAX, "{\"id\":\"p%u\",\"n\":%u}", number, number);
	p->body[n] = ' ';
	p->len = len;
	p->n_messages = number % 3 + 1;
	p->received_us = clock_mono_us();
	return p;
}

unsigned spill_bench_number(const char *body, size_t len)
{
	unsigned number = 0;

	assert_true(len >= BODY_HEAD_MAX);
	assert_int_equal(sscanf(body, "{\"id\":\"p%u\"", &number), 1);
	return number;
}

uint64_t spill_bench_length(struct spill_bench *b)
{
	redisReply *reply = POOL_COMMAND(&b->pool, "XLEN", redis_pool_key(&b->pool, KEY_SPILL));
	uint64_t n = (uint64_t)reply->integer;

	freeReplyObject(reply);
	return n;
}

uint64_t spill_bench_info(struct spill_bench *b, const char *section, const char *name)
{
	redisReply *reply = POOL_COMMAND(&b->pool, "INFO", section);
	const char *at = strstr(reply->str, name);
	uint64_t value = at ? strtoull(at + strlen(name), NULL, 10) : 0;

	freeReplyObject(reply);
	return value;
}

uint64_t spill_bench_calls(struct spill_bench *b)
{
	return spill_bench_info(b, "commandstats", "cmdstat_evalsha:calls=");
}

void spill_bench_reset_calls(struct spill_bench *b)
{
	POOL_DO(&b->pool, "CONFIG", "RESETSTAT");
}
