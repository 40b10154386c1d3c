#ifndef WEIR_T_REDIS_POOL_H
#define WEIR_T_REDIS_POOL_H
/*
 * A pool on a private redis-server: the fixture of the tests of lua/. Its functions fail the
 * running test where something does not work.
 */
#include "registry/keys.h"
#include "registry/membership.h"
#include "registry/settlement.h"

#include "t/unit/redis_server.h"

struct redis_pool {
	struct redis_server server;
	struct redis_url url;
	struct registry_keys keys;
	struct client *client;
};

/* For cmocka: *state is a struct redis_pool. */
int redis_pool_setup(void **state);
int redis_pool_teardown(void **state);
int redis_pool_clear(void **state); /* per test: FLUSHALL */

/* The reply is the caller's to free; words end with NULL. */
redisReply *redis_pool_command(struct redis_pool *pool, const char *const *words);
#define POOL_COMMAND(pool, ...) redis_pool_command(pool, (const char *const[]){ __VA_ARGS__, NULL })
void redis_pool_do(struct redis_pool *pool,
		   const char *const *words); /* its reply does not matter */
#define POOL_DO(pool, ...) redis_pool_do(pool, (const char *const[]){ __VA_ARGS__, NULL })
const char *redis_pool_key(const struct redis_pool *pool, enum registry_key key);

/* Shared vectors as they lie in `hot` (see lua/lib/hot.lua), and what all workers hold together. */
struct hot {
	double valid_until_ms, seen_ms;
	unsigned n_slots;
	double share[ROSTER_MAX_SLOTS], credit[ROSTER_MAX_SLOTS], routed[ROSTER_MAX_SLOTS];
	double delivered[ROSTER_MAX_SLOTS], delivered_packets[ROSTER_MAX_SLOTS],
		forgiven[ROSTER_MAX_SLOTS];
	double held[ROSTER_MAX_SLOTS];
};
void redis_pool_hot(struct redis_pool *pool, struct hot *hot);
/* Header field `index` (from 1, as in lua/lib/hot.lua) of `hot`. */
void redis_pool_set_header(struct redis_pool *pool, unsigned index, double value);

/* "a7" at its default URL, with a lease of ttl_ms: the new epoch. */
uint64_t redis_pool_join(struct redis_pool *pool, const char *id, double weight, int64_t ttl_ms);
struct roster *redis_pool_roster(struct redis_pool *pool);
/* Per test: an empty pool, then a1, a2, a3 with weights 5, 3, 2 in slots 0, 1, 2 and a lease of a minute. */
int redis_pool_three(void **state);
/* What the three have in the pot; and in the pot and with workers together. */
void redis_pool_assert_credit(struct redis_pool *pool, double a1, double a2, double a3);
void redis_pool_assert_pot_and_held(struct redis_pool *pool, double a1, double a2, double a3);

/* A worker's calls, without a ledger. */
struct answered {
	struct settlement_answer answer; /* its `packed` is not to be used */
	double credit[ROSTER_MAX_SLOTS];
	unsigned choices[ROUTE_MAX_PACKETS];
};
struct caller redis_pool_caller(const char *worker, const char *token);
void redis_pool_settle(struct redis_pool *pool, const struct caller *caller,
		       const struct settle_request *request, struct answered *out);
void redis_pool_route(struct redis_pool *pool, const struct caller *caller, const uint32_t *sizes,
		      unsigned n_sizes, const char *not_now, struct answered *out);

#endif
