#include "common/h2/h2_head.h"

#include <ctype.h>
#include <strings.h>

#include "common/grpc/grpc_text.h"

void h2_head_begin(struct h2_head *h, uint32_t max_bytes)
{
	h2_head_deinit(h);
	h->max_bytes = max_bytes;
}

void h2_head_deinit(struct h2_head *h)
{
	buf_deinit(&h->apart);
	buf_deinit(&h->fields);
	*h = (struct h2_head){ 0 };
}

static bool is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* Where the value of such a field is kept; NULL: it stays a field line. */
static struct h2_part *find_part(struct h2_head *h, struct http_slice name)
{
	if (is(name, ":method"))
		return &h->method;
	if (is(name, ":path"))
		return &h->path;
	if (is(name, ":authority"))
		return &h->authority;
	if (is(name, "content-length"))
		return &h->length;
	if (is(name, "grpc-encoding"))
		return &h->grpc_encoding;
	return is(name, "grpc-timeout") ? &h->grpc_timeout : NULL;
}

static void take_line(struct h2_head *h, struct http_slice name, struct http_slice value)
{
	buf_append(&h->fields, name.data, name.len);
	buf_append(&h->fields, ": ", 2);
	buf_append(&h->fields, value.data, value.len);
	buf_append(&h->fields, "\r\n", 2);
}

/* The first bytes that are too many end it: a small block can be unpacked to many bytes. */
void h2_head_take(struct h2_head *h, struct http_slice name, struct http_slice value)
{
	size_t n_kept = h->apart.len + h->fields.len;
	struct h2_part *part;

	if (is(name, "content-type"))
		h->is_grpc = grpc_is_type(value);
	if (h->is_large || name.len + value.len + 4 > h->max_bytes - n_kept) {
		h->is_large = true;
		return;
	}
	part = find_part(h, name);
	if (part) {
		*part = (struct h2_part){ h->apart.len, value.len };
		buf_append(&h->apart, value.data, value.len);
	} else if (name.len > 0 && *name.data == ':') {
		return;
	} else if (!is(name, "host") || h->authority.len == 0) { /* or it says the same */
		take_line(h, name, value);
	}
}

struct http_slice h2_head_part(const struct h2_head *h, struct h2_part part)
{
	return (struct http_slice){ part.len > 0 ? h->apart.data + part.at : "", part.len };
}

static void write_part(const struct h2_head *h, struct h2_part part, struct buf *out)
{
	struct http_slice value = h2_head_part(h, part);

	buf_append(out, value.data, value.len);
}

static void write_line(const struct h2_head *h, const char *name, struct h2_part part,
		       struct buf *out)
{
	if (part.len == 0)
		return;
	buf_append_str(out, name);
	write_part(h, part, out);
	buf_append(out, "\r\n", 2);
}

static void write_framing(const struct h2_head *h, bool has_body, struct buf *out)
{
	if (h->length.len > 0 && !h->is_grpc)
		write_line(h, "content-length: ", h->length, out);
	else
		buf_append_str(out, has_body ? "transfer-encoding: chunked\r\n"
					     : "content-length: 0\r\n");
}

void h2_head_write(const struct h2_head *h, bool has_body, struct buf *out)
{
	out->failed |= h->apart.failed || h->fields.failed;
	write_part(h, h->method, out);
	buf_append(out, " ", 1);
	write_part(h, h->path, out);
	buf_append_str(out, " HTTP/1.1\r\n");
	write_line(h, "host: ", h->authority, out);
	if (h->fields.len > 0)
		buf_append(out, h->fields.data, h->fields.len);
	if (h->is_grpc)
		write_line(h, "content-encoding: ", h->grpc_encoding, out);
	write_framing(h, has_body, out);
	buf_append(out, "\r\n", 2);
}

/* ---- answers ---- */

static void add(struct h2_field *fields, size_t *np, struct http_slice name,
		struct http_slice value)
{
	assert(*np < H2_FIELDS_MAX);
	fields[(*np)++] = (struct h2_field){ name, value };
}

/* "Name: value". */
static void split_line(char *line, const char *eol, struct h2_field *fields, size_t *np)
{
	char *colon = memchr(line, ':', (size_t)(eol - line));
	struct http_slice name, value;

	assert(colon && eol - colon >= 2);
	for (char *at = line; at < colon; at++)
		*at = (char)tolower((unsigned char)*at);
	name = (struct http_slice){ line, (size_t)(colon - line) };
	value = (struct http_slice){ colon + 2, (size_t)(eol - colon - 2) };
	if (!is(name, "connection"))
		add(fields, np, name, value);
}

size_t h2_head_split(char *text, size_t len, struct h2_field fields[H2_FIELDS_MAX], size_t *np)
{
	static const char version[] = "HTTP/1.1 ";
	char *line = text, *end = text + len, *eol;

	assert(len > sizeof(version) + 3 && memcmp(text, version, sizeof(version) - 1) == 0);
	*np = 0;
	add(fields, np, (struct http_slice){ ":status", 7 },
	    (struct http_slice){ text + sizeof(version) - 1, 3 });
	for (;;) {
		eol = memmem(line, (size_t)(end - line), "\r\n", 2);
		assert(eol);
		if (eol == line)
			return (size_t)(eol + 2 - text);
		if (line != text)
			split_line(line, eol, fields, np);
		line = eol + 2;
	}
}
