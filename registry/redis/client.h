#ifndef WEIR_REGISTRY_CLIENT_H
#define WEIR_REGISTRY_CLIENT_H
/*
 * Redis for callers that may wait: one connection, made when needed, made again when it
 * broke, each time to where Redis is found to be then (finder.h). NOSCRIPT is handled here; LOADING
 * and READONLY drop the connection, so that the next call looks where the master is now. Not
 * thread-safe.
 */
#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "registry/redis/redis_url.h"
#include "registry/redis/script.h"

#define CLIENT_E_AWAY                                                                              \
	1 /* no connection, no answer in time, or Redis is not ready (client_error says) */
#define CLIENT_E_REPLY 2 /* Redis answered with an error (client_error) */

struct client;

/* Borrows url and what `scripts` points to. timeout_ms: of connecting, and of each call. NULL: out of memory. */
struct client *client_new(struct redis_url *url, struct script_set scripts, unsigned timeout_ms);
void client_free(struct client *client);
DEFINE_CLEANUP(struct client, client_free)

/* Where a connection that was open before breaks, the call is sent once more, by another one: the
 * script may run twice. Calls that are to be sent once are not, unless Redis said that it did not
 * run them; nobody knows then whether they ran. *replyp is the caller's to free with
 * freeReplyObject; never an error reply. */
int client_eval(struct client *client, unsigned id, const struct script_args *args,
		redisReply **replyp) MUST_CHECK;
int client_command(struct client *client, redisReply **replyp, unsigned n,
		   const char *const *words) MUST_CHECK;
/* The next message of the channel of events; the first call subscribes, and from then on the
 * client is for nothing else. *textp: the caller's to free; NULL: none came in this time. */
int client_event(struct client *client, unsigned ms, char **textp) MUST_CHECK;
/* Why the last call failed: one line, "" if it did not. */
const char *client_error(const struct client *client);
/* That is what Redis said; else nothing came from it. */
bool client_was_answered(const struct client *client);
/* A sentence about `error`, which a call of this module has returned: whether Redis answered, and what. */
void client_explain(const struct client *client, int error, char *out, size_t size);

#endif
