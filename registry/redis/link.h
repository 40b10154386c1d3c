#ifndef WEIR_REGISTRY_LINK_H
#define WEIR_REGISTRY_LINK_H
/*
 * The registry for event loops: one connection that is made again, with back-off, for as long as
 * the link lives. Where Redis is, is found out anew for each of them. Scripts are loaded before it
 * is called up.
 *
 *     DOWN --timer--> FINDING --found--> CONNECTING --greeting answered--> UP
 *      ^-----------------+----------------+-- error, stall, LOADING, READONLY --+
 *
 * FINDING, by a thread of its own (finder.h), is left out where the URL has an address. With
 * sentinels the greeting asks for the ROLE: whoever is not the primary is left at once.
 *
 * A call's callback runs exactly once, never from inside link_call, with NULL when no answer came
 * (the connection broke: whether the script ran is not known). An answer that does not come within
 * stall_ms breaks the connection.
 */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "registry/redis/redis_url.h"
#include "registry/scripts.h"

#define LINK_E_DOWN 1 /* not connected: the callback will not run */

struct link;

/* `reply` is borrowed for the time of the call; NULL: no answer; never an error reply (those that
 * mean a fault of ours are logged and handed on as NULL). */
typedef void (*link_reply_fn)(void *arg, const redisReply *reply);

struct link_config {
	struct event_base *base;          /* borrowed */
	struct redis_url *url;            /* borrowed */
	const struct registry_keys *keys; /* borrowed */
	const char *name;                 /* for the log and CLIENT SETNAME; borrowed; no spaces */
	unsigned stall_ms;
	bool subscribe;                                /* only listens to the pool's events */
	void (*on_up)(void *arg, bool up);             /* NULL: not wanted */
	void (*on_event)(void *arg, const char *text); /* subscribe: one published message */
	void *arg;
};

/* Starts connecting on the next turn of the loop. NULL: out of memory. */
struct link *link_new(const struct link_config *config);
/* Callbacks of calls under way run with NULL. */
void link_free(struct link *link);

bool link_is_up(const struct link *link);
int link_call(struct link *link, enum script_id id, const struct script_args *args,
	      link_reply_fn fn, void *arg) MUST_CHECK;
/* A plain command. words[0] must live until it is answered; the others are copied. */
int link_command(struct link *link, unsigned n_words, const char *const *words, link_reply_fn fn,
		 void *arg) MUST_CHECK;
/* Calls answered and failed so far, and the time of the last answered one. */
struct link_stats {
	uint64_t n_calls;
	uint64_t n_failed;
	uint64_t n_connects;
	uint64_t last_us;
};
const struct link_stats *link_stats(const struct link *link);

#endif
