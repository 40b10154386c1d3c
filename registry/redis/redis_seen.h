#ifndef WEIR_REGISTRY_REDIS_SEEN_H
#define WEIR_REGISTRY_REDIS_SEEN_H
/*
 * How Redis is, as one thread finds it each second: written there, read by
 * any thread. A node takes the write of its report for the test: only a write tells that Redis takes writes.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "registry/redis/redis_state.h"

#define REDIS_SLOW_MS 100   /* a round trip that takes this long is slow */
#define REDIS_SLOW_TIMES 3  /* slow round trips in a row make Redis slow */
#define REDIS_BACK_MS 30000 /* how long it is told that data were lost */

struct redis_view {
	enum redis_state state;
	uint64_t since_ms;            /* wall clock; 0: since the node started */
	char error[REDIS_ERROR_SIZE]; /* the last answer or reason that led there; "": none */
};

struct redis_seen {
	pthread_mutex_t lock;
	struct redis_view view;
	unsigned n_slow, n_quick; /* round trips in a row */
	uint64_t lost_until_ms;   /* it is told until then; 0: nothing was lost */
	enum redis_state lost;    /* EMPTY or OLDER */
};

void redis_seen_init(struct redis_seen *seen);
void redis_seen_deinit(struct redis_seen *seen);

/* A call failed, or the connection did. */
void redis_seen_fail(struct redis_seen *seen, const char *error, uint64_t now_ms);
/* A write was answered after this time. */
void redis_seen_answer(struct redis_seen *seen, uint64_t round_trip_us, uint64_t now_ms);
/* Data were lost: all, or (is_empty false) what came last. */
void redis_seen_lose(struct redis_seen *seen, bool is_empty, uint64_t now_ms);
struct redis_view redis_seen_view(struct redis_seen *seen);

#endif
