#ifndef WEIR_NODE_REFUSAL_H
#define WEIR_NODE_REFUSAL_H
/*
 * Every reason for which a packet is refused: one table gives the status, the name in log and
 * metrics, and the sentence in the answer. The reader's own reasons (enum http_refusal) come first.
 *
 * Most log agents drop what gets a 4xx, so those are only for what can never be accepted; whatever
 * may go well later is a 503, or for who must slow down a 429, with Retry-After.
 */
#include "node/http/http_reader.h"

enum refusal {
	REFUSAL_NONE = HTTP_OK,
	REFUSAL_BAD_JSON = HTTP_REFUSALS, /* 400 */
	REFUSAL_NOT_A_PACKET,             /* 400: a JSON scalar */
	REFUSAL_NO_MESSAGES,              /* 400: an empty array */
	REFUSAL_UNAUTHORIZED,             /* 401 */
	REFUSAL_WRONG_TOKENS,             /* 429: too many of them from one address */
	REFUSAL_NOT_FOUND,                /* 404 */
	REFUSAL_METHOD_NOT_ALLOWED,       /* 405 */
	REFUSAL_INCOMPLETE,               /* 400: the client closed its side within the request */
	REFUSAL_HEAD_TIMEOUT,             /* 408 */
	REFUSAL_BODY_TIMEOUT,             /* 408 */
	REFUSAL_MEDIA_TYPE,               /* 415 */
	REFUSAL_CONTENT_ENCODING,         /* 415 */
	REFUSAL_NO_ANALYZER,              /* 503: nobody could take it, and there is no spill */
	REFUSAL_SPILL_AWAY,               /* 503: nobody could take it, and Redis does not answer */
	REFUSAL_SPILL_FULL,               /* 503: nobody could take it, and the spill is full */
	REFUSAL_DEAD_FULL, /* 503: an analyzer refuses it as bad, and it cannot be kept as a dead
			      letter */
	REFUSAL_NO_MEMORY, /* 503: memory-max is reached */
	REFUSAL_TOO_MANY_CONNECTIONS, /* 503 */
	REFUSAL_SHUTTING_DOWN,        /* 503: the node ends before it could be delivered */
	REFUSALS
};

const struct http_refusal_info *refusal_info(enum refusal refusal);
/* Names in the order of the enum, for the label of a metric; NULL for REFUSAL_NONE. Before there
 * are threads. */
const char *const *refusal_names(void);

#endif
