#ifndef WEIR_ANALYZER_REQUEST_BODY_H
#define WEIR_ANALYZER_REQUEST_BODY_H
/*
 * A request as an agent sent it, in any of the formats that nodes take, compressed or not, becomes one packet
 * of JSON.
 * The node says the format (Weir-Format). Without that its path, its first bytes and its media type do.
 */
#include "analyzer/refusal.h"
#include "common/format/format_body.h"
#include "common/front/front_request.h"

/* How a packet came to its node. What is not known has no bytes. */
struct request_form {
	const char *format; /* NULL: it is not known */
	struct format_slice path, query, type;
};

/* Appends the JSON form of unpacked bytes. */
enum refusal request_body_convert(const struct request_form *form, const char *data, size_t len,
				  struct buf *json) MUST_CHECK;
/* What codec_unpack returned means. bad: where the bytes are none that can be unpacked. */
enum refusal request_body_refusal(int result, enum refusal bad) MUST_CHECK;
/* *body: of the request. Where that says gzip, the unpacked bytes take its place. */
enum refusal request_body_unpack(const struct front_request *rq, size_t max_bytes,
				 struct buf *body) MUST_CHECK;
/* *body: of the request, packed or not; its JSON form takes its place. */
enum refusal request_body_read(const struct front_request *rq, size_t max_bytes,
			       struct buf *body) MUST_CHECK;

#endif
