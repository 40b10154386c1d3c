#ifndef WEIR_REGISTRY_LINK_H
#define WEIR_REGISTRY_LINK_H
/*
 * Redis for event loops: one connection that is made again, with back-off, for as long as
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
 * (the connection broke: whether the script ran is not known). While calls wait for answers, the
 * connection breaks when no byte moves in either direction for stall_ms: a large call over a slow
 * connection takes its time.
 */
#include "registry/redis/link_config.h"

#define LINK_E_DOWN 1 /* not connected: the callback will not run */

struct link;

/* Starts connecting on the next turn of the loop. NULL: out of memory. */
struct link *link_new(const struct link_config *config);
/* Callbacks of calls under way run with NULL. It is never up again; nothing but link_free must follow. */
void link_close(struct link *link);
/* Closes it first. */
void link_free(struct link *link);

bool link_is_up(const struct link *link);
/* Up, and no call is under way. */
bool link_is_idle(const struct link *link);
/* Why it is down, or what the last call that failed was answered; "": neither since it came up. */
const char *link_error(const struct link *link);
/* Calls script `id` of the set. */
int link_call(struct link *link, unsigned id, const struct script_args *args, link_reply_fn fn,
	      void *arg) MUST_CHECK;
/* A plain command. words[0] must live until it is answered; the others are copied. */
int link_command(struct link *link, unsigned n_words, const char *const *words, link_reply_fn fn,
		 void *arg) MUST_CHECK;
/* When bytes last moved while calls waited for answers. */
uint64_t link_progress_us(struct link *link);
/* In a callback without a reply: the error that Redis answered; "": there was no answer. */
const char *link_refusal(const struct link *link);
const struct link_stats *link_stats(const struct link *link);

#endif
