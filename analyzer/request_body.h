#ifndef WEIR_ANALYZER_REQUEST_BODY_H
#define WEIR_ANALYZER_REQUEST_BODY_H
/*
 * A request as an agent sent it, in any of the formats that nodes take, compressed or not, becomes one packet
 * of JSON.
 * The node says the format (Weir-Format). Without that its path, its first bytes and its media type do.
 */
#include "analyzer/refusal.h"
#include "common/front/front_request.h"

/* *body: of the request; its JSON form takes its place. */
enum refusal request_body_read(const struct front_request *rq, size_t max_bytes,
			       struct buf *body) MUST_CHECK;

#endif
