#ifndef WEIR_COMMON_HTTP_READER_H
#define WEIR_COMMON_HTTP_READER_H
/*
 * A strict, incremental reader of HTTP/1.x requests (RFC 9112). Pure: bytes in, events out; it owns
 * no memory, knows no sockets and no clock, and never looks at a byte twice.
 *
 *        +-> HEAD -> (BODY | CHUNK_SIZE -> CHUNK_DATA -> CHUNK_END -> ... TRAILER) -> DONE -+
 *        +----------------------------- http_reader_next ----------------------------------+
 *
 * The caller hands it all the unread bytes it has, from the start of what is not consumed. In HEAD
 * nothing is consumed until the whole header section is there (the caller keeps the bytes; how far
 * it was searched is remembered). Body bytes are handed on as slices of the caller's buffer.
 *
 * Strict: CRLF only; one space between the parts of the request line; no obs-fold; no space before
 * ':'; token characters in names; no control characters in values; exactly one Host in 1.1; one
 * Content-Length, digits only; both Content-Length and Transfer-Encoding are refused (request
 * smuggling), and so is Transfer-Encoding in HTTP/1.0. Content-Type, Content-Encoding and
 * Authorization at most once. HTTP/1.0 and 1.1 only. Targets in origin-form or absolute-form, and
 * "*" for OPTIONS. Empty lines before a request line are skipped (RFC 9112, 2.2), two at most.
 *
 * What can be no request is refused at its first byte that shows it: TLS, HTTP/2, MessagePack, a
 * PROXY header, anything binary. Nobody waits for a timeout then.
 *
 * What comes out depends on the bytes alone, never on how they were cut into pieces.
 */
#include "common/http/http.h"

enum http_state {
	HTTP_HEAD_WAIT,
	HTTP_BODY,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_DONE,
	HTTP_FAILED
};

struct http_reader {
	enum http_state state;
	enum http_refusal refusal; /* why it FAILED */
	uint32_t max_head_bytes;   /* header section with its final CRLF; also for trailers */
	uint64_t max_body_bytes;
	bool may_lack_length;   /* POST, PUT and PATCH without a length have no body; else 411 */
	size_t n_searched;      /* of a line not yet consumed: bytes searched for its LF */
	uint32_t n_line_start;  /* HEAD_WAIT: offset in the header section of that line */
	uint32_t n_checked;     /* HEAD_WAIT: bytes of the request line that can be part of one */
	uint32_t n_empty_lines; /* HEAD_WAIT: skipped before the request line */
	uint64_t n_left;        /* BODY, CHUNK_DATA: bytes to come */
	uint64_t n_body_bytes;  /* of the body so far, chunk framing not counted */
	/* Of chunk lines and trailers since the last chunk's data; bounded by max_head_bytes. */
	uint32_t n_trailer_bytes;
	struct http_head *head; /* borrowed, as http_reader_init says */
};

enum http_event {
	HTTP_NEED_MORE,    /* everything given was looked at; *n_consumedp of it may be dropped */
	HTTP_HEAD_DONE,    /* *reader->head is filled; decide, then feed on */
	HTTP_BODY_DATA,    /* *slicep is body */
	HTTP_MESSAGE_DONE, /* the request is whole; http_reader_next before feeding on */
	HTTP_REFUSED       /* reader->refusal says why; the connection cannot be used any further */
};

/*
 * `head` is where header sections are read into. It is valid after HTTP_HEAD_DONE and HTTP_REFUSED (as far as it
 * was understood). Readers of one thread may share it: then it is valid until another one is fed.
 */
void http_reader_init(struct http_reader *r, struct http_head *head, uint32_t max_head_bytes,
		      uint64_t max_body_bytes);
/*
 * One event at a time: call again with what is left, even if that is nothing, until HTTP_NEED_MORE,
 * HTTP_MESSAGE_DONE or HTTP_REFUSED. `data` may be NULL if `len` is 0.
 */
enum http_event http_reader_feed(struct http_reader *r, const char *data, size_t len,
				 size_t *n_consumedp, struct http_slice *slicep);
/* After HTTP_MESSAGE_DONE: with the same limits, ready for the next request on the connection. */
void http_reader_next(struct http_reader *r);

#endif
