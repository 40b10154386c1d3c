#ifndef WEIR_REGISTRY_LINK_CONFIG_H
#define WEIR_REGISTRY_LINK_CONFIG_H
/* What a link is made of, and what it counts. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "registry/redis/redis_url.h"
#include "registry/redis/script.h"

/* `reply` is borrowed for the time of the call; NULL: no answer; never an error reply (those that
 * mean a fault of ours are logged and handed on as NULL). */
typedef void (*link_reply_fn)(void *arg, const redisReply *reply);

struct link_config {
	struct event_base *base;   /* borrowed */
	struct redis_url *url;     /* borrowed */
	struct script_set scripts; /* what it calls; loaded by each greeting */
	const char *name;          /* for the log and CLIENT SETNAME; borrowed; no spaces */
	unsigned stall_ms; /* calls wait and no byte has moved for so long: it is connected anew */
	bool subscribe;    /* only listens to the channel of events */
	void (*on_up)(void *arg, bool up);             /* NULL: not wanted */
	void (*on_event)(void *arg, const char *text); /* subscribe: one published message */
	void *arg;
};

/* Calls answered and failed so far, and the time of the last answered one. */
struct link_stats {
	uint64_t n_calls;
	uint64_t n_failed;
	uint64_t n_connects;
	uint64_t last_us;
};

#endif
