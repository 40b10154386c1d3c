#include "t/unit/redis_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "t/unit/near.h"

#define TIMEOUT_MS 5000
#define MINUTE_MS 60000
#define HEADER 11 /* doubles before the columns */

static void expect(struct redis_pool *pool, int r, const char *what)
{
	if (r != 0)
		fail_msg("%s: %d %s", what, r, client_error(pool->client));
}

int redis_pool_setup(void **state)
{
	struct redis_pool *pool = calloc(1, sizeof(*pool));

	*state = pool;
	if (!pool || redis_server_start(&pool->server, false) != 0)
		return -1;
	if (redis_url_parse(&pool->url, pool->server.url) != 0 ||
	    registry_keys_init(&pool->keys, "test") != 0)
		return -1;
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), TIMEOUT_MS);
	return pool->client ? 0 : -1;
}

int redis_pool_teardown(void **state)
{
	struct redis_pool *pool = *state;

	client_free(pool->client);
	redis_server_stop(&pool->server);
	free(pool);
	return 0;
}

int redis_pool_clear(void **state)
{
	POOL_DO(*state, "FLUSHALL");
	return 0;
}

redisReply *redis_pool_command(struct redis_pool *pool, const char *const *words)
{
	redisReply *reply;
	unsigned n = 0;

	while (words[n])
		n++;
	expect(pool, client_command(pool->client, &reply, n, words), words[0]);
	return reply;
}

void redis_pool_do(struct redis_pool *pool, const char *const *words)
{
	freeReplyObject(redis_pool_command(pool, words));
}

const char *redis_pool_key(const struct redis_pool *pool, enum registry_key key)
{
	return pool->keys.names[key];
}

static void read_held(struct redis_pool *pool, struct hot *hot)
{
	static const char sum[] =
		"local sum = {}\n"
		"for _, packed in ipairs(redis.call('HVALS', KEYS[1])) do\n"
		"  local record = cmsgpack.unpack(packed)\n"
		"  local taken = type(record) == 'table' and record.taken or ''\n" /* a loss is noted there too */
		"  for i = 1, #taken / 8 do\n"
		"    sum[i] = (sum[i] or 0) + struct.unpack('<d', taken, 8 * i - 7)\n"
		"  end\n"
		"end\n"
		"return struct.pack('<' .. string.rep('d', #sum), unpack(sum))\n";
	redisReply *reply = POOL_COMMAND(pool, "EVAL", sum, "1", redis_pool_key(pool, KEY_HELD));

	assert_true((size_t)reply->len <= sizeof(hot->held));
	memcpy(hot->held, reply->str, (size_t)reply->len);
	freeReplyObject(reply);
}

void redis_pool_hot(struct redis_pool *pool, struct hot *hot)
{
	redisReply *reply = POOL_COMMAND(pool, "GET", redis_pool_key(pool, KEY_HOT));
	double *columns[] = {
		hot->share,   hot->credit, hot->routed, hot->delivered, hot->delivered_packets,
		hot->forgiven
	};
	double header[HEADER];

	memset(hot, 0, sizeof(*hot));
	assert_int_equal(reply->type, REDIS_REPLY_STRING);
	assert_true((size_t)reply->len >= sizeof(header));
	memcpy(header, reply->str, sizeof(header));
	hot->n_slots = (unsigned)header[1];
	hot->valid_until_ms = header[2];
	hot->seen_ms = header[3];
	assert_int_equal(reply->len,
			 sizeof(header) + ARRAY_LEN(columns) * hot->n_slots * sizeof(double));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		memcpy(columns[i], reply->str + sizeof(header) + i * hot->n_slots * sizeof(double),
		       hot->n_slots * sizeof(double));
	freeReplyObject(reply);
	read_held(pool, hot);
}

void redis_pool_set_header(struct redis_pool *pool, unsigned index, double value)
{
	static const char set[] = "return redis.call('SETRANGE', KEYS[1], (ARGV[1] - 1) * 8,"
				  " struct.pack('<d', ARGV[2]))";
	char at[16], number[32];

	snprintf(at, sizeof(at), "%u", index);
	snprintf(number, sizeof(number), "%.17g", value);
	POOL_DO(pool, "EVAL", set, "1", redis_pool_key(pool, KEY_HOT), at, number);
}

uint64_t redis_pool_join(struct redis_pool *pool, const char *id, double weight, int64_t ttl_ms)
{
	struct registration reg = { .id = id,
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = id,
				    .info = "{}",
				    .weight = weight,
				    .ttl_ms = ttl_ms };
	uint64_t epoch = 0;
	bool created;

	expect(pool, membership_register(pool->client, &reg, &created, &epoch), "register");
	return epoch;
}

struct roster *redis_pool_roster(struct redis_pool *pool)
{
	struct roster *roster = NULL;

	expect(pool, membership_roster(pool->client, &roster), "roster");
	return roster;
}

int redis_pool_three(void **state)
{
	redis_pool_clear(state);
	redis_pool_join(*state, "a1", 5, MINUTE_MS);
	redis_pool_join(*state, "a2", 3, MINUTE_MS);
	redis_pool_join(*state, "a3", 2, MINUTE_MS);
	return 0;
}

void redis_pool_assert_credit(struct redis_pool *pool, double a1, double a2, double a3)
{
	struct hot hot;

	redis_pool_hot(pool, &hot);
	assert_near(hot.credit[0], a1, 1e-9);
	assert_near(hot.credit[1], a2, 1e-9);
	assert_near(hot.credit[2], a3, 1e-9);
}

void redis_pool_assert_pot_and_held(struct redis_pool *pool, double a1, double a2, double a3)
{
	struct hot hot;

	redis_pool_hot(pool, &hot);
	assert_near(hot.credit[0] + hot.held[0], a1, 1e-9);
	assert_near(hot.credit[1] + hot.held[1], a2, 1e-9);
	assert_near(hot.credit[2] + hot.held[2], a3, 1e-9);
}

struct caller redis_pool_caller(const char *worker, const char *token)
{
	struct caller caller = { .number = 1, .lease_ms = 60000, .catchup_max_messages = 1e9 };

	snprintf(caller.worker, sizeof(caller.worker), "%s", worker);
	snprintf(caller.token, sizeof(caller.token), "%s", token);
	return caller;
}

void redis_pool_settle(struct redis_pool *pool, const struct caller *caller,
		       const struct settle_request *request, struct answered *out)
{
	struct settle_request full = *request;
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct script_args args;
	redisReply *reply;

	full.unreachable = full.unreachable ? full.unreachable : "";
	full.node_info = full.node_info ? full.node_info : "";
	settle_args(&args, caller, &full, &scratch);
	expect(pool, client_eval(pool->client, SCRIPT_SETTLE, &args, &reply), "settle");
	settle_answer(reply, &out->answer);
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		out->credit[i] = settlement_credit(&out->answer, i);
	freeReplyObject(reply);
}

void redis_pool_route(struct redis_pool *pool, const struct caller *caller, const uint32_t *sizes,
		      unsigned n_sizes, const char *not_now, struct answered *out)
{
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct script_args args;
	redisReply *reply;

	route_args(&args, caller, sizes, n_sizes, not_now, &scratch);
	expect(pool, client_eval(pool->client, SCRIPT_ROUTE, &args, &reply), "route");
	route_answer(reply, &out->answer);
	for (unsigned i = 0; i < n_sizes; i++)
		out->choices[i] = settlement_choice(&out->answer, i);
	freeReplyObject(reply);
}
