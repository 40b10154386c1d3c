#ifndef WEIR_NODE_INGEST_API_H
#define WEIR_NODE_INGEST_API_H
/*
 * What a request on the ingest port asks for, decided by its header section alone. Pure.
 */
#include <stdint.h>

#include "node/health.h"
#include "node/ingest/answer.h"
#include "node/ingest/request_form.h"

struct token_book;
struct token_guard;

struct ingest_api {
	const struct token_book *tokens; /* of the whole node; borrowed; NULL: none is needed */
	const struct health *health;     /* borrowed */
	struct token_guard *guard;       /* of the whole node; borrowed */
	bool says_200;                   /* to packets, instead of 202 */
};

/* Whether packets need a token now. */
bool ingest_api_needs_token(const struct ingest_api *api);

/*
 * answer->token is the slot + 1 of a token for which the client's certificate stands; 0: for none.
 * answer->grpc is the method of a call of gRPC; GRPC_NONE: the request is none.
 * True: a packet follows in the body, and *form says what it should be. False: *answer says what to
 * answer; it is complete.
 */
bool ingest_api_decide(const struct ingest_api *api, const struct http_head *head, uint64_t now_us,
		       struct answer *answer, struct request_form *form);

#endif
