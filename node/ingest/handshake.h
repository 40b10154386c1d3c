#ifndef WEIR_NODE_HANDSHAKE_H
#define WEIR_NODE_HANDSHAKE_H
/*
 * What agents ask before they send, and the answers that make them go on. Nothing of Weir's is told,
 * so that no token is needed. Pure.
 */
#include "common/http/http.h"
#include "node/ingest/answer.h"

/* False: it is no such question. */
bool handshake_answer(const struct http_head *head, bool is_ready, struct answer *answer);

#endif
