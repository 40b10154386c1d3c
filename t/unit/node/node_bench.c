#include "t/unit/node/node_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "node/node_metrics.h"

#define MEMORY_BYTES (64 << 20)
#define CLIENT_MS 5000

struct node_bench the_node_bench;

int node_bench_group_setup(void **state)
{
	struct node_bench *b = &the_node_bench;

	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	*state = b;
	return redis_pool_setup((void **)&b->pool);
}

int node_bench_group_teardown(void **state)
{
	(void)state;
	return redis_pool_teardown((void **)&the_node_bench.pool);
}

int node_bench_setup(void **state)
{
	struct node_bench *b = &the_node_bench;
	char *argv[] = { "weir-node",
			 "--redis",
			 b->pool->server.url,
			 "--pool",
			 "test",
			 "--node-id",
			 "n1",
			 "--listen",
			 "127.0.0.1:0",
			 "--workers",
			 "1",
			 "--spill-after",
			 "0ms",
			 "--redis-timeout",
			 "5s",
			 "--probe-interval",
			 "100ms",
			 "--drain-timeout",
			 "20s" };

	POOL_DO(b->pool, "FLUSHALL");
	memset(&b->config, 0, sizeof(b->config));
	memset(&b->shared, 0, sizeof(b->shared));
	assert_int_equal(conf_load(&node_program, &b->config, ARRAY_LEN(argv), argv, NULL, NULL),
			 0);
	b->shared.config = &b->config;
	b->shared.max_connections = (unsigned)b->config.max_connections;
	assert_int_equal(address_bound_init(&b->shared.address_bound, 100, 100), 0);
	token_guard_init(&b->shared.ingest_guard);
	token_book_init(&b->shared.ingest_tokens);
	assert_int_equal(node_config_allow(&b->config, &b->shared.allow), 0);
	assert_int_equal(redis_url_parse(&b->shared.redis, b->config.redis), 0);
	assert_int_equal(registry_keys_init(&b->shared.keys, b->config.pool), 0);
	b->shared.store = &b->shared.redis;
	b->shared.store_keys = &b->shared.keys;
	b->shared.refresh_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	b->shared.metrics = node_metrics_new();
	b->shared.memory.left_bytes = b->shared.memory_bytes = MEMORY_BYTES;
	*state = b;
	return 0;
}

int node_bench_teardown(void **state)
{
	struct node_bench *b = *state;

	address_bound_deinit(&b->shared.address_bound);
	redis_url_deinit(&b->shared.redis);
	metrics_free(b->shared.metrics);
	net_allow_free(b->shared.allow);
	close(b->shared.refresh_fd);
	conf_free(&node_program, &b->config);
	return 0;
}

char *node_bench_text(struct node_bench *b, const char *const *words)
{
	redisReply *reply = redis_pool_command(b->pool, words);
	char *text = reply->type == REDIS_REPLY_STRING ? strdup(reply->str) : NULL;

	freeReplyObject(reply);
	return text;
}

void node_bench_restart_redis(struct node_bench *b)
{
	struct redis_pool *pool = b->pool;

	assert_int_equal(redis_server_restart(&pool->server), 0);
	client_free(pool->client);
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), CLIENT_MS);
	assert_non_null(pool->client);
}
