#ifndef WEIR_NODE_SETTLER_H
#define WEIR_NODE_SETTLER_H
/*
 * The numbered calls of one worker to the registry, one at a time. A call whose answer never came
 * is sent again with its number until it is answered, so each is applied exactly once.
 *
 *   idle --settler_route, settler_settle--> under way --answer--> idle
 *                                           |       ^
 *                   no answer:              v       |
 *                   on_answer(FAILED)    waiting ---+ sent again when the link is up
 */
#include <event2/event.h>

#include "common/metrics/metrics.h"
#include "registry/keys.h"
#include "registry/redis/link.h"
#include "registry/settlement.h"

enum settler_call { CALL_NONE, CALL_ROUTE, CALL_SETTLE };
extern const char *const worker_script_names[2]; /* of the calls, for a metric */

struct settler_config {
	struct event_base *base; /* borrowed, as all of these */
	struct redis_url *url;
	const struct registry_keys *keys;
	struct metrics_shard *metrics;
	const char *worker; /* node/index */
	const char *token;  /* of this run of the worker; NULL or "": made here */
	double catchup_max_messages;
	/* OK and BEHIND end the call. FAILED: it will be sent again. `answer` is good for the time
	 * of the call. */
	void (*on_answer)(void *arg, enum settler_call call,
			  const struct settlement_answer *answer);
	void (*on_up)(void *arg, bool up);
	/* Slots, as settlement.h wants them. Called each time that a call is sent. */
	void (*write_not_now)(void *arg, struct buf *out);
	void (*write_unreachable)(void *arg, struct buf *out);
	void (*write_slow)(void *arg, struct buf *out);
	void *arg;
};

struct settler {
	struct settler_config config;
	struct link *link;
	struct event *again; /* sends the call once more */
	struct caller caller;
	enum settler_call call; /* not answered yet */
	bool is_out;            /* it is with Redis now */
	bool is_ending;
	const uint32_t *sizes; /* CALL_ROUTE */
	unsigned n_sizes;
	struct settle_request request;   /* CALL_SETTLE */
	struct buf slots, slow, scratch; /* of the call that is being sent */
	uint64_t started_us;             /* of the call under way */
};

int settler_init(struct settler *s, const struct settler_config *config) MUST_CHECK;
void settler_deinit(struct settler *s);

bool settler_is_up(const struct settler *s);
/* No call under way, and the link is up. */
bool settler_is_idle(const struct settler *s);

/* Only while idle. What they point to must stay until the call is answered. */
void settler_route(struct settler *s, const uint32_t *sizes, unsigned n_sizes);
void settler_settle(struct settler *s, const struct settle_request *request);

#endif
