#ifndef WEIR_COMMON_HTTP_H
#define WEIR_COMMON_HTTP_H
/*
 * The words of HTTP requests: methods, header sections, and why a request is refused.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_PATCH,
	HTTP_OPTIONS,
	HTTP_CONNECT,
	HTTP_TRACE,
	HTTP_METHODS
};

/*
 * Why the reader refuses a request, one row each: X(id, status, name for log and counter, sentence
 * for the answer).
 */
/* clang-format off */
#define HTTP_REFUSAL_TABLE(X) \
	X(HTTP_BAD_REQUEST_LINE, 400, "bad_request_line", "The request line is not METHOD SP target SP HTTP/1.1 CRLF.") \
	X(HTTP_SPOKE_TLS, 400, "spoke_tls", "TLS was spoken to this port, which speaks plain HTTP/1.1.") \
	X(HTTP_SPOKE_HTTP2, 505, "spoke_http2", "HTTP/2 was spoken where only HTTP/1.1 was expected.") \
	X(HTTP_SPOKE_MSGPACK, 400, "spoke_msgpack", "MessagePack (Fluentd's forward protocol) was spoken to this port, which speaks HTTP/1.1.") \
	X(HTTP_SPOKE_PROXY, 400, "spoke_proxy", "A PROXY header came from an address that trusted-proxy does not have.") \
	X(HTTP_BAD_HEADER, 400, "bad_header", "A header field is malformed, repeated, or not allowed here.") \
	X(HTTP_BAD_HOST, 400, "bad_host", "There must be exactly one Host field, naming a host.") \
	X(HTTP_BAD_LENGTH, 400, "bad_length", "Content-Length must be one decimal number below 2^63.") \
	X(HTTP_LENGTH_AND_CHUNKED, 400, "length_and_chunked", "Content-Length and Transfer-Encoding exclude each other.") \
	X(HTTP_BAD_CHUNK, 400, "bad_chunk", "The chunked body is malformed.") \
	X(HTTP_HEADER_TOO_LARGE, 431, "header_too_large", "The header section, a chunk's line or the trailers are too large.") \
	X(HTTP_BODY_TOO_LARGE, 413, "body_too_large", "The body is larger than allowed here.") \
	X(HTTP_LENGTH_REQUIRED, 411, "length_required", "Content-Length or a chunked body is needed.") \
	X(HTTP_UNKNOWN_EXPECTATION, 417, "unknown_expectation", "The only expectation that is met here is 100-continue.") \
	X(HTTP_UNKNOWN_ENCODING, 501, "unknown_encoding", "The only transfer coding known here is chunked, once.") \
	X(HTTP_UNKNOWN_METHOD, 501, "unknown_method", "The method is not known here.") \
	X(HTTP_UNKNOWN_VERSION, 505, "unknown_version", "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
/* clang-format on */

enum http_refusal {
	HTTP_OK, /* not refused */
#define HTTP_ID(id, status, name, detail) id,
	HTTP_REFUSAL_TABLE(HTTP_ID)
#undef HTTP_ID
		HTTP_REFUSALS
};

struct http_refusal_info {
	int status;
	const char *name;   /* "bad_header" */
	const char *detail; /* a sentence for the problem+json body */
};
/* [HTTP_OK]: a well-formed request. */
extern const struct http_refusal_info http_refusals[HTTP_REFUSALS];
extern const char *const http_method_names[HTTP_METHODS];

/* Borrowed: from the bytes given to the http_reader_feed that returned HTTP_HEAD_DONE. */
struct http_slice {
	const char *data;
	size_t len;
};

/*
 * The header section. Slices are good until the caller's buffer moves. Absent fields: len 0, data
 * NULL. After a refusal it holds what was understood until then.
 */
struct http_head {
	enum http_method method;
	int minor_version;       /* 0 or 1 */
	struct http_slice path;  /* without the query; from absolute-form too */
	struct http_slice query; /* after '?' */
	struct http_slice content_type, content_encoding, authorization;
	struct http_slice tenant;                          /* X-Scope-OrgID */
	struct http_slice forwarded_for;                   /* the last X-Forwarded-For */
	struct http_slice weir_node, weir_pool, weir_hops; /* of a packet that a node delivers */
	bool keep_alive;      /* what the client wants: version and Connection considered */
	bool expect_continue; /* Expect: 100-continue, and HTTP/1.1 */
	bool chunked;
	bool has_length;         /* Content-Length was there */
	uint64_t content_length; /* 0 unless has_length */
};

#endif
