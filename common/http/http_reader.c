#include "common/http/http_reader.h"

#include <string.h>

#include "common/http/http_head.h"
#include "common/http/http_text.h"

/* What a step answers besides an event: state or position have changed, take the next step. */
#define GO_ON (-1)

/* The bytes of one feed; those before `at` are consumed. */
struct input {
	const char *at;
	const char *end;
};

static int read_head(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int read_data(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int read_chunk_size(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int read_chunk_end(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int read_trailer(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int stay_done(struct http_reader *r, struct input *in, struct http_slice *slicep);
static int stay_failed(struct http_reader *r, struct input *in, struct http_slice *slicep);

static int (*const steps[])(struct http_reader *, struct input *, struct http_slice *) = {
	[HTTP_HEAD_WAIT] = read_head,
	[HTTP_BODY] = read_data,
	[HTTP_CHUNK_SIZE] = read_chunk_size,
	[HTTP_CHUNK_DATA] = read_data,
	[HTTP_CHUNK_END] = read_chunk_end,
	[HTTP_TRAILER] = read_trailer,
	[HTTP_DONE] = stay_done,
	[HTTP_FAILED] = stay_failed,
};
static_assert(ARRAY_LEN(steps) == HTTP_FAILED + 1, "a state without a step");

#define TO(state) (1u << (state))
static const unsigned legal_next[] = {
	[HTTP_HEAD_WAIT] = TO(HTTP_BODY) | TO(HTTP_CHUNK_SIZE) | TO(HTTP_DONE) | TO(HTTP_FAILED),
	[HTTP_BODY] = TO(HTTP_DONE),
	[HTTP_CHUNK_SIZE] = TO(HTTP_CHUNK_DATA) | TO(HTTP_TRAILER) | TO(HTTP_FAILED),
	[HTTP_CHUNK_DATA] = TO(HTTP_CHUNK_END),
	[HTTP_CHUNK_END] = TO(HTTP_CHUNK_SIZE) | TO(HTTP_FAILED),
	[HTTP_TRAILER] = TO(HTTP_DONE) | TO(HTTP_FAILED),
	[HTTP_DONE] = TO(HTTP_HEAD_WAIT),
	[HTTP_FAILED] = 0,
};

static void set_state(struct http_reader *r, enum http_state state)
{
	assert(legal_next[r->state] & TO(state));
	r->state = state;
}

/* The header section says why, or it was understood. */
static int refuse_head(struct http_reader *r, enum http_refusal why)
{
	r->refusal = why;
	set_state(r, HTTP_FAILED);
	return HTTP_REFUSED;
}

/* No part of a header section was understood, or it is long gone. */
static int refuse(struct http_reader *r, enum http_refusal why)
{
	*r->head = (struct http_head){ 0 };
	return refuse_head(r, why);
}

void http_reader_init(struct http_reader *r, struct http_head *head, uint32_t max_head_bytes,
		      uint64_t max_body_bytes)
{
	*r = (struct http_reader){
		.state = HTTP_HEAD_WAIT,
		.head = head,
		.max_head_bytes = max_head_bytes,
		.max_body_bytes = max_body_bytes,
	};
}

void http_reader_next(struct http_reader *r)
{
	set_state(r, HTTP_HEAD_WAIT);
	*r = (struct http_reader){ .state = HTTP_HEAD_WAIT,
				   .head = r->head,
				   .max_head_bytes = r->max_head_bytes,
				   .max_body_bytes = r->max_body_bytes,
				   .may_lack_length = r->may_lack_length };
}

enum http_event http_reader_feed(struct http_reader *r, const char *data, size_t len,
				 size_t *n_consumedp, struct http_slice *slicep)
{
	struct input in = { data, len > 0 ? data + len : data };
	int event;

	do {
		if (in.at == in.end && r->state < HTTP_DONE)
			event = HTTP_NEED_MORE;
		else
			event = steps[r->state](r, &in, slicep);
	} while (event == GO_ON);
	assert(in.at <= in.end);
	*n_consumedp = in.at - data;
	return event;
}

enum line { LINE_PARTIAL, LINE_WHOLE, LINE_BARE_LF, LINE_TOO_LONG };

/* The bytes that are there, but no more than `limit` of them. */
static inline size_t count_within(const struct input *in, size_t limit)
{
	size_t n_left = in->end - in->at;

	return n_left < limit ? n_left : limit;
}

/*
 * Looks on for the end of the line that begins at in->at. It must end within `limit` bytes, so that
 * the answer depends on the bytes alone and not on the pieces they come in.
 * LINE_WHOLE: *lenp is its length with its CRLF.
 */
static inline enum line find_line(struct http_reader *r, const struct input *in, size_t limit,
				  size_t *lenp)
{
	size_t n = count_within(in, limit);
	const char *lf;

	assert(r->n_searched <= n); /* what was searched is still there */
	lf = memchr(in->at + r->n_searched, '\n', n - r->n_searched);
	if (!lf) {
		r->n_searched = n;
		return n == limit ? LINE_TOO_LONG : LINE_PARTIAL;
	}
	r->n_searched = *lenp = lf + 1 - in->at;
	return *lenp >= 2 && lf[-1] == '\r' ? LINE_WHOLE : LINE_BARE_LF;
}

/*
 * The same for the lines behind the request line, up to the empty one that ends the header section.
 * LINE_WHOLE: *lenp is the length of the section.
 */
static inline enum line find_head_end(struct http_reader *r, const struct input *in, size_t *lenp)
{
	size_t n = count_within(in, r->max_head_bytes);
	const char *line = in->at + r->n_line_start;
	const char *at = in->at + r->n_searched;
	const char *end = in->at + n;
	const char *lf;

	assert(line <= at && at <= end);
	while ((lf = memchr(at, '\n', end - at)) && lf - line > 1 && lf[-1] == '\r')
		line = at = lf + 1;
	r->n_line_start = (uint32_t)(line - in->at);
	r->n_searched = *lenp = lf ? (size_t)(lf + 1 - in->at) : n;
	if (!lf)
		return n == r->max_head_bytes ? LINE_TOO_LONG : LINE_PARTIAL;
	return lf - line == 1 && *line == '\r' ? LINE_WHOLE : LINE_BARE_LF;
}

static int on_no_line(struct http_reader *r, enum line line, enum http_refusal if_bare_lf)
{
	if (line == LINE_PARTIAL)
		return HTTP_NEED_MORE;
	return refuse(r, line == LINE_TOO_LONG ? HTTP_HEADER_TOO_LARGE : if_bare_lf);
}

#define MAX_EMPTY_LINES 2

/* Empty lines before a request are consumed at once: behind them a connection is still idle. */
static bool skip_empty_lines(struct http_reader *r, struct input *in)
{
	while (in->end - in->at >= 2 && memcmp(in->at, "\r\n", 2) == 0) {
		if (++r->n_empty_lines > MAX_EMPTY_LINES)
			return false;
		in->at += 2;
		r->n_searched = 0;
	}
	return true;
}

static int begin_body(struct http_reader *r)
{
	if (r->head->content_length > r->max_body_bytes)
		return refuse_head(r, HTTP_BODY_TOO_LARGE);
	r->n_left = r->head->content_length;
	if (r->head->chunked)
		set_state(r, HTTP_CHUNK_SIZE);
	else
		set_state(r, r->n_left > 0 ? HTTP_BODY : HTTP_DONE);
	return HTTP_HEAD_DONE;
}

/* What begins with this byte is not HTTP/1.x, and often it is known what it is. */
static enum http_refusal check_first_byte(const struct http_reader *r, unsigned char byte)
{
	if (http_char_kinds[byte] & HTTP_TOKEN || byte == '\r' || byte == '\n')
		return HTTP_OK;
	if (byte == 0x16)
		return HTTP_SPOKE_TLS;
	if ((byte >= 0x80 && byte <= 0x9f) || (byte >= 0xdc && byte <= 0xdf)) /* array, map */
		return HTTP_SPOKE_MSGPACK;
	if (byte == 0 && r->n_empty_lines == MAX_EMPTY_LINES)
		return HTTP_SPOKE_PROXY;
	return HTTP_BAD_REQUEST_LINE;
}

/*
 * Looks at those bytes of a request line that were not checked yet. What can never become one is
 * refused at once: nobody need wait until the header section times out.
 */
static enum http_refusal check_request_line(struct http_reader *r, const struct input *in)
{
	const char *end = in->at + count_within(in, r->max_head_bytes);
	const char *at = http_skip_text(in->at + r->n_checked, end);

	r->n_checked = (uint32_t)(at - in->at);
	if (at == end || *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n')))
		return HTTP_OK;
	return HTTP_BAD_REQUEST_LINE;
}

static int on_no_head(struct http_reader *r, const struct input *in, enum line line)
{
	enum http_refusal refusal = check_request_line(r, in);

	if (refusal)
		return refuse(r, refusal);
	return on_no_line(r, line, r->n_line_start == 0 ? HTTP_BAD_REQUEST_LINE : HTTP_BAD_HEADER);
}

/* The request line is whole, with its CRLF. Other protocols begin with lines that look like one. */
static enum http_refusal check_other_protocols(struct http_reader *r, const struct input *in,
					       size_t len)
{
	static const char http2[] = "PRI * HTTP/2.0\r\n", proxy[] = "PROXY ";
	enum http_refusal refusal;

	if (in->at[0] != 'P' || in->at[1] != 'R')
		return HTTP_OK;
	refusal = check_request_line(r, in);
	if (!refusal && len == strlen(http2) && memcmp(in->at, http2, len) == 0)
		return HTTP_SPOKE_HTTP2;
	if (!refusal && len > strlen(proxy) && memcmp(in->at, proxy, strlen(proxy)) == 0)
		return HTTP_SPOKE_PROXY;
	return refusal;
}

/* The line of another protocol, "EHLO x", is refused before whoever sent it waits for an answer. */
static bool ends_as_request_line(const char *line, size_t len)
{
	static const char version[] = " HTTP/", whole[] = " HTTP/1.1\r\n";

	return len > strlen(whole) &&
	       memcmp(line + len - strlen(whole), version, strlen(version)) == 0;
}

/* Until it is whole and can be one of a request. Answers GO_ON then. */
static int read_request_line(struct http_reader *r, struct input *in)
{
	enum http_refusal refusal;
	enum line line;
	size_t len;

	if (!skip_empty_lines(r, in))
		return refuse(r, HTTP_BAD_REQUEST_LINE);
	if (in->at == in->end)
		return HTTP_NEED_MORE;
	refusal = r->n_searched == 0 ? check_first_byte(r, (unsigned char)*in->at) : HTTP_OK;
	if (refusal)
		return refuse(r, refusal);
	line = find_line(r, in, r->max_head_bytes, &len);
	if (line != LINE_WHOLE)
		return on_no_head(r, in, line);
	refusal = check_other_protocols(r, in, len);
	if (!refusal && !ends_as_request_line(in->at, len))
		refusal = HTTP_BAD_REQUEST_LINE;
	if (refusal)
		return refuse(r, refusal);
	r->n_line_start = (uint32_t)len;
	return GO_ON;
}

static int read_head(struct http_reader *r, struct input *in, struct http_slice *slicep UNUSED)
{
	int event = r->n_line_start == 0 ? read_request_line(r, in) : GO_ON;
	enum http_refusal refusal;
	enum line line;
	size_t len;

	if (event != GO_ON)
		return event;
	line = find_head_end(r, in, &len);
	if (line != LINE_WHOLE)
		return on_no_head(r, in, line);
	refusal = http_head_parse(r->head, in->at, len);
	if (refusal == HTTP_LENGTH_REQUIRED && r->may_lack_length)
		refusal = HTTP_OK;
	if (refusal)
		return refuse_head(r, refusal);
	in->at += len;
	r->n_searched = 0;
	return begin_body(r);
}

static int read_data(struct http_reader *r, struct input *in, struct http_slice *slicep)
{
	size_t n = in->end - in->at;

	if (n > r->n_left)
		n = r->n_left;
	assert(n > 0);
	*slicep = (struct http_slice){ in->at, n };
	in->at += n;
	r->n_body_bytes += n;
	r->n_left -= n;
	if (r->n_left == 0)
		set_state(r, r->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END);
	return HTTP_BODY_DATA;
}

/* A line of the chunk framing: from in->at, `*lenp` bytes with its CRLF. */
static enum line find_framing_line(struct http_reader *r, const struct input *in, size_t *lenp)
{
	enum line line = find_line(r, in, r->max_head_bytes - r->n_trailer_bytes, lenp);

	if (line == LINE_WHOLE) {
		r->n_searched = 0;
		r->n_trailer_bytes += *lenp;
	}
	return line;
}

static uint64_t hex_value(const char *at, const char *end)
{
	uint64_t value = 0;

	for (; at < end; at++)
		value = value << 4 | (*at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10);
	return value;
}

/* chunk-size [ chunk-ext ] CRLF; extensions are skipped. */
static bool parse_chunk_size(const char *line, size_t len, uint64_t *sizep)
{
	const char *eol = line + len - 2;
	const char *size_end = http_skip_kind(line, eol, HTTP_HEX);
	struct http_slice extension = http_trim(size_end, eol);

	if (size_end == line)
		return false;
	while (line < size_end - 1 && *line == '0')
		line++;
	if (size_end - line > 16) /* 16 digits are 64 bits */
		return false;
	if (size_end != eol && (extension.len == 0 || *extension.data != ';'))
		return false;
	*sizep = hex_value(line, size_end);
	return http_skip_text(size_end, eol) == eol;
}

static int read_chunk_size(struct http_reader *r, struct input *in,
			   struct http_slice *slicep UNUSED)
{
	size_t len;
	enum line line = find_framing_line(r, in, &len);

	if (line != LINE_WHOLE)
		return on_no_line(r, line, HTTP_BAD_CHUNK);
	if (!parse_chunk_size(in->at, len, &r->n_left))
		return refuse(r, HTTP_BAD_CHUNK);
	if (r->n_left > r->max_body_bytes - r->n_body_bytes)
		return refuse(r, HTTP_BODY_TOO_LARGE);
	in->at += len;
	set_state(r, r->n_left > 0 ? HTTP_CHUNK_DATA : HTTP_TRAILER);
	return GO_ON;
}

static int read_chunk_end(struct http_reader *r, struct input *in, struct http_slice *slicep UNUSED)
{
	size_t n = in->end - in->at < 2 ? 1 : 2;

	if (memcmp(in->at, "\r\n", n) != 0)
		return refuse(r, HTTP_BAD_CHUNK);
	if (n < 2)
		return HTTP_NEED_MORE;
	in->at += n;
	r->n_trailer_bytes = 0;
	set_state(r, HTTP_CHUNK_SIZE);
	return GO_ON;
}

static int read_trailer(struct http_reader *r, struct input *in, struct http_slice *slicep UNUSED)
{
	size_t len;
	enum line line = find_framing_line(r, in, &len);

	if (line != LINE_WHOLE)
		return on_no_line(r, line, HTTP_BAD_CHUNK);
	if (len == 2)
		set_state(r, HTTP_DONE);
	else if (!http_is_field_line(in->at, len))
		return refuse(r, HTTP_BAD_CHUNK);
	in->at += len;
	return GO_ON;
}

static int stay_done(struct http_reader *r UNUSED, struct input *in UNUSED,
		     struct http_slice *slicep UNUSED)
{
	return HTTP_MESSAGE_DONE;
}

static int stay_failed(struct http_reader *r UNUSED, struct input *in UNUSED,
		       struct http_slice *slicep UNUSED)
{
	return HTTP_REFUSED;
}
