#include "common/http/http_response.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_LENGTH_DIGITS 18
#define MAX_CHUNK_DIGITS 15

void http_response_init(struct http_response *r)
{
	r->state = HTTP_RESPONSE_STATUS_LINE;
	r->status = 0;
	r->keep_alive = true;
	r->retry_after_s = -1;
	r->any = false;
	r->has_length = r->chunked = false;
	r->n_left = 0;
	r->n_head_bytes = 0;
	r->line_len = 0;
	r->line_cut = false;
	r->last = 0;
	r->quote_len = 0;
	r->is_json = false;
	r->keeps_all_types = false;
	r->is_keep_cut = r->is_cut = false;
	r->keep = NULL;
}

void http_response_keep(struct http_response *r, struct buf *keep)
{
	buf_clear(keep);
	r->keep = keep;
	r->keep_max = HTTP_RESPONSE_KEEP_BYTES;
}

void http_response_keep_all(struct http_response *r, size_t max_bytes)
{
	r->keep_max = max_bytes;
	r->keeps_all_types = true;
}

/* It cannot be read on. */
static enum http_response_state fail(struct http_response *r)
{
	r->keep_alive = false;
	r->is_cut = true;
	return r->status >= 200 ? HTTP_RESPONSE_DONE : HTTP_RESPONSE_BAD;
}

/* All of `text` is 1 to max_digits digits of the base. */
static bool parse_number(const char *text, size_t len, int base, size_t max_digits,
			 uint64_t *valuep)
{
	uint64_t value = 0;

	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	if (!len || len > max_digits)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (base == 16 ? !isxdigit(c) : !isdigit(c))
			return false;
		value = value * (uint64_t)base +
			(uint64_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	*valuep = value;
	return true;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(text, word, len);
}

static void trim(const char **textp, size_t *lenp)
{
	while (*lenp && ((*textp)[0] == ' ' || (*textp)[0] == '\t')) {
		++*textp;
		--*lenp;
	}
	while (*lenp && ((*textp)[*lenp - 1] == ' ' || (*textp)[*lenp - 1] == '\t'))
		--*lenp;
}

static bool read_content_length(struct http_response *r, const char *value, size_t len)
{
	uint64_t length;

	if (!parse_number(value, len, 10, MAX_LENGTH_DIGITS, &length) ||
	    (r->has_length && length != r->n_left))
		return false;
	r->has_length = true;
	r->n_left = length;
	return true;
}

static bool read_transfer_encoding(struct http_response *r, const char *value, size_t len)
{
	if (r->chunked)
		return false;
	r->chunked = true;
	return is_word(value, len, "chunked");
}

static bool read_connection(struct http_response *r, const char *value, size_t len)
{
	while (len) {
		const char *comma = memchr(value, ',', len);
		size_t n = comma ? (size_t)(comma - value) : len, n_token = n;
		const char *token = value;

		trim(&token, &n_token);
		if (is_word(token, n_token, "close"))
			r->keep_alive = false;
		else if (is_word(token, n_token, "keep-alive"))
			r->keep_alive = true;
		value += n + (comma ? 1 : 0);
		len -= n + (comma ? 1 : 0);
	}
	return true;
}

static bool are_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)text[n]))
		n++;
	return len > 0 && n == len;
}

/* A number that is too large, or does not fit into the line, is the longest time. */
static bool read_retry_after(struct http_response *r, const char *value, size_t len)
{
	uint64_t seconds;

	if (parse_number(value, len, 10, MAX_LENGTH_DIGITS, &seconds))
		r->retry_after_s = (int64_t)seconds;
	else if (are_digits(value, len))
		r->retry_after_s = INT64_MAX;
	return true;
}

static bool read_content_type(struct http_response *r, const char *value, size_t len)
{
	static const char json[] = "application/json";
	size_t n = sizeof(json) - 1;

	r->is_json = len >= n && strncasecmp(value, json, n) == 0 &&
		     (len == n || value[n] == ';' || value[n] == ' ' || value[n] == '\t');
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct http_response *r, const char *value, size_t len); /* false: BAD */
	bool may_be_cut; /* the front of its value says enough */
} fields[] = {
	{ "content-length", read_content_length, false },
	{ "transfer-encoding", read_transfer_encoding, false },
	{ "connection", read_connection, false },
	{ "retry-after", read_retry_after, true },
	{ "content-type", read_content_type, true },
};

/* "HTTP/1.1 202 Accepted"; the reason is for people and may be missing. */
static bool read_status_line(struct http_response *r)
{
	uint64_t status;

	if (r->line_len < 12 || memcmp(r->line, "HTTP/1.", 7) != 0 ||
	    !isdigit((unsigned char)r->line[7]) || r->line[8] != ' ' ||
	    (r->line_len > 12 && r->line[12] != ' '))
		return false;
	if (!parse_number(r->line + 9, 3, 10, 3, &status) || status < 100 || status > 599)
		return false;
	r->status = (int)status;
	r->keep_alive = r->line[7] != '0';
	return true;
}

static bool is_token_char(unsigned char c)
{
	return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool read_field(struct http_response *r)
{
	const char *colon = memchr(r->line, ':', r->line_len), *value;
	size_t name_len, value_len;

	if (r->line[0] == ' ' || r->line[0] == '\t') /* the rest of a folded field */
		return true;
	if (!colon || colon == r->line)
		return false;
	name_len = (size_t)(colon - r->line);
	for (size_t i = 0; i < name_len; i++) {
		if (!is_token_char((unsigned char)r->line[i]))
			return false;
	}
	value = colon + 1;
	value_len = r->line_len - name_len - 1;
	trim(&value, &value_len);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (is_word(r->line, name_len, fields[i].name))
			return (!r->line_cut || fields[i].may_be_cut) &&
			       fields[i].read(r, value, value_len);
	}
	return true;
}

static enum http_response_state after_head(struct http_response *r)
{
	if ((r->chunked && r->has_length) || r->status == 101)
		return fail(r);
	if (r->status < 200) {
		uint32_t n_head_bytes = r->n_head_bytes;
		struct buf *keep = r->keep;
		bool keeps_all_types = r->keeps_all_types;

		http_response_init(r);
		r->keep = keep;
		r->keeps_all_types = keeps_all_types;
		r->any = true;
		r->n_head_bytes = n_head_bytes;
		return HTTP_RESPONSE_STATUS_LINE;
	}
	if (r->status == 204 || r->status == 304)
		return HTTP_RESPONSE_DONE;
	if (r->chunked)
		return HTTP_RESPONSE_CHUNK_SIZE;
	if (r->has_length)
		return r->n_left ? HTTP_RESPONSE_BODY : HTTP_RESPONSE_DONE;
	r->keep_alive = false;
	return HTTP_RESPONSE_UNTIL_CLOSE;
}

/* "1a" or "1a;extension" */
static enum http_response_state read_chunk_size(struct http_response *r)
{
	const char *semicolon = memchr(r->line, ';', r->line_len), *text = r->line;
	size_t len = semicolon ? (size_t)(semicolon - r->line) : r->line_len;

	trim(&text, &len);
	if (!parse_number(text, len, 16, MAX_CHUNK_DIGITS, &r->n_left))
		return fail(r);
	return r->n_left ? HTTP_RESPONSE_CHUNK_DATA : HTTP_RESPONSE_TRAILERS;
}

static enum http_response_state read_line(struct http_response *r)
{
	switch (r->state) {
	case HTTP_RESPONSE_STATUS_LINE:
		return read_status_line(r) ? HTTP_RESPONSE_FIELDS : fail(r);
	case HTTP_RESPONSE_FIELDS:
		if (!r->line_len)
			return after_head(r);
		return read_field(r) ? HTTP_RESPONSE_FIELDS : fail(r);
	case HTTP_RESPONSE_CHUNK_SIZE:
		return read_chunk_size(r);
	case HTTP_RESPONSE_CHUNK_END:
		return r->line_len ? fail(r) : HTTP_RESPONSE_CHUNK_SIZE;
	case HTTP_RESPONSE_TRAILERS:
		return r->line_len ? HTTP_RESPONSE_TRAILERS : HTTP_RESPONSE_DONE;
	default:
		return HTTP_RESPONSE_BAD;
	}
}

static void keep_line(struct http_response *r, const char *data, size_t n)
{
	size_t n_kept = n < sizeof(r->line) - r->line_len ? n : sizeof(r->line) - r->line_len;

	memcpy(r->line + r->line_len, data, n_kept);
	r->line_len += n_kept;
	r->line_cut |= n_kept < n;
	if (n)
		r->last = data[n - 1];
}

static size_t feed_line(struct http_response *r, const char *data, size_t len)
{
	const char *lf = memchr(data, '\n', len);
	size_t n = lf ? (size_t)(lf - data) : len;

	r->n_head_bytes += (uint32_t)(n < HTTP_RESPONSE_MAX_HEAD ? n : HTTP_RESPONSE_MAX_HEAD);
	if (r->n_head_bytes > HTTP_RESPONSE_MAX_HEAD) {
		r->state = fail(r);
		return n;
	}
	keep_line(r, data, n);
	if (!lf)
		return n;
	if (!r->line_cut && r->line_len > 0 && r->last == '\r')
		r->line_len--;
	r->state = read_line(r);
	r->line_len = 0;
	r->line_cut = false;
	r->last = 0;
	return n + 1;
}

static void keep_json(struct http_response *r, const char *data, size_t len)
{
	if (!r->keep || !(r->is_json || r->keeps_all_types))
		return;
	if (len <= r->keep_max - r->keep->len) {
		buf_append(r->keep, data, len);
		return;
	}
	if (r->keeps_all_types)
		buf_append(r->keep, data, r->keep_max - r->keep->len);
	else
		buf_clear(r->keep);
	r->keep = NULL; /* it is too long */
	r->is_keep_cut = true;
}

/* The sender of a request that failed wants to know why, or what became of its parts. */
static void quote(struct http_response *r, const char *data, size_t len)
{
	size_t room = sizeof(r->quote) - r->quote_len;

	if (r->status < 300) {
		keep_json(r, data, len);
		return;
	}
	len = len < room ? len : room;
	memcpy(r->quote + r->quote_len, data, len);
	r->quote_len += len;
}

static size_t feed_body(struct http_response *r, const char *data, size_t len)
{
	size_t n = len < r->n_left ? len : (size_t)r->n_left;

	quote(r, data, n);
	r->n_left -= n;
	if (!r->n_left) {
		r->state = r->state == HTTP_RESPONSE_BODY ? HTTP_RESPONSE_DONE
							  : HTTP_RESPONSE_CHUNK_END;
		r->n_head_bytes = 0;
	}
	return n;
}

size_t http_response_feed(struct http_response *r, const char *data, size_t len)
{
	size_t at = 0;

	r->any |= len > 0;
	while (at < len && r->state != HTTP_RESPONSE_DONE && r->state != HTTP_RESPONSE_BAD) {
		if (r->state == HTTP_RESPONSE_UNTIL_CLOSE) {
			quote(r, data + at, len - at);
			at = len;
		} else if (r->state == HTTP_RESPONSE_BODY || r->state == HTTP_RESPONSE_CHUNK_DATA) {
			at += feed_body(r, data + at, len - at);
		} else {
			at += feed_line(r, data + at, len - at);
		}
	}
	return at;
}

void http_response_end(struct http_response *r)
{
	if (r->state == HTTP_RESPONSE_UNTIL_CLOSE)
		r->state = HTTP_RESPONSE_DONE;
	http_response_cut(r);
}

void http_response_cut(struct http_response *r)
{
	if (r->state != HTTP_RESPONSE_DONE)
		r->state = fail(r);
}
