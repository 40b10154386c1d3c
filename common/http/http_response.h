#ifndef WEIR_COMMON_HTTP_RESPONSE_H
#define WEIR_COMMON_HTTP_RESPONSE_H
/*
 * An incremental reader of HTTP/1.x responses to GET and POST (RFC 9112). Pure: bytes in, verdict
 * out. The body is counted and dropped, but for the first bytes of one that is no
 * success, and for JSON of a success where the caller wants it. The caller keeps no bytes: what a line needs across reads is kept here.
 *
 *   STATUS_LINE -> FIELDS -> (BODY | UNTIL_CLOSE | CHUNK_SIZE -> CHUNK_DATA -> CHUNK_END -> ...
 *        ^            |       TRAILERS) -> DONE
 *        +-- 1xx -----+
 *
 * The status line decides: a server that has said 200 has taken the request, however wrong the rest
 * is. So a bare LF ends a line, folded fields are skipped, equal lengths may be repeated. What cannot
 * be read behind a final status line ends the answer: DONE, and nothing else comes on the connection.
 * Such are a length that is no number, two that differ, both length and chunked, any other transfer
 * coding, a head of more than HTTP_RESPONSE_MAX_HEAD, and an end before its time.
 *
 * BAD: no final status line came, or 101.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define HTTP_RESPONSE_MAX_HEAD 65536
#define HTTP_RESPONSE_QUOTE_BYTES 300
#define HTTP_RESPONSE_KEEP_BYTES 65536

enum http_response_state {
	HTTP_RESPONSE_STATUS_LINE,
	HTTP_RESPONSE_FIELDS,
	HTTP_RESPONSE_BODY,
	HTTP_RESPONSE_UNTIL_CLOSE, /* no length was given: the body ends with the connection */
	HTTP_RESPONSE_CHUNK_SIZE,
	HTTP_RESPONSE_CHUNK_DATA,
	HTTP_RESPONSE_CHUNK_END,
	HTTP_RESPONSE_TRAILERS,
	HTTP_RESPONSE_DONE,
	HTTP_RESPONSE_BAD,
	HTTP_RESPONSE_STATES
};

struct http_response {
	enum http_response_state state;
	int status;            /* valid in DONE, as are the next two */
	bool keep_alive;       /* the server will read another request on this connection */
	int64_t retry_after_s; /* Retry-After in seconds, INT64_MAX: more; -1: none, or a date */
	bool any;              /* a byte of it has been seen */
	bool has_length, chunked;
	uint64_t n_left;       /* BODY, CHUNK_DATA: bytes to come */
	uint32_t n_head_bytes; /* of lines since the start, or since the last chunk's data */
	size_t line_len;       /* of the line being read, as much as fits */
	bool line_cut;         /* it did not fit */
	char last;             /* its last byte so far */
	char line[256];
	size_t quote_len; /* of the body of an answer that is no success, as much as came and fits */
	char quote[HTTP_RESPONSE_QUOTE_BYTES];
	bool is_json;         /* by its media type */
	size_t keep_max;      /* bytes of it */
	bool keeps_all_types; /* not JSON alone */
	bool is_keep_cut;     /* it was longer, or is given up as too long */
	bool is_cut;          /* DONE: its end did not come, or could not be read */
	struct buf *keep;     /* borrowed; gets the JSON of a success; NULL: it is not wanted */
};

void http_response_init(struct http_response *r);
/* `keep` gets the body of a 2xx answer of application/json; longer than HTTP_RESPONSE_KEEP_BYTES: nothing. */
void http_response_keep(struct http_response *r, struct buf *keep);
/* After it: whatever the media type, and of a longer one the first max_bytes. */
void http_response_keep_all(struct http_response *r, size_t max_bytes);
/* Bytes used of `data`: all of it, but in DONE (the rest was not asked for) and BAD. */
size_t http_response_feed(struct http_response *r, const char *data, size_t len);
/* The server ended the connection: DONE if there is a final status, else BAD. */
void http_response_end(struct http_response *r);
/* It broke, or is closed here: the same, and one without a length is not whole, either. */
void http_response_cut(struct http_response *r);

#endif
