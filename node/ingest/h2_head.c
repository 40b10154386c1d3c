#include "node/ingest/h2_head.h"

#include <ctype.h>
#include <strings.h>

void h2_head_begin(struct h2_head *h, uint32_t max_bytes)
{
	h2_head_deinit(h);
	h->max_bytes = max_bytes;
}

void h2_head_deinit(struct h2_head *h)
{
	buf_deinit(&h->pseudo);
	buf_deinit(&h->fields);
	*h = (struct h2_head){ 0 };
}

static bool is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

static void take_pseudo(struct h2_head *h, struct http_slice name, struct http_slice value)
{
	struct h2_part part = { h->pseudo.len, value.len };

	if (is(name, ":method"))
		h->method = part;
	else if (is(name, ":path"))
		h->path = part;
	else if (is(name, ":authority"))
		h->authority = part;
	else
		return;
	buf_append(&h->pseudo, value.data, value.len);
}

/* The first bytes that are too many end it: a small block can be unpacked to many bytes. */
void h2_head_take(struct h2_head *h, struct http_slice name, struct http_slice value)
{
	size_t n_kept = h->pseudo.len + h->fields.len;

	if (h->is_large || name.len + value.len + 4 > h->max_bytes - n_kept) {
		h->is_large = true;
		return;
	}
	if (name.len > 0 && *name.data == ':') {
		take_pseudo(h, name, value);
		return;
	}
	if (is(name, "host") && h->authority.len > 0) /* it says the same */
		return;
	if (is(name, "content-length"))
		h->has_length = true;
	buf_append(&h->fields, name.data, name.len);
	buf_append(&h->fields, ": ", 2);
	buf_append(&h->fields, value.data, value.len);
	buf_append(&h->fields, "\r\n", 2);
}

static void write_part(const struct h2_head *h, struct h2_part part, struct buf *out)
{
	if (part.len > 0)
		buf_append(out, h->pseudo.data + part.at, part.len);
}

void h2_head_write(const struct h2_head *h, bool has_body, struct buf *out)
{
	out->failed |= h->pseudo.failed || h->fields.failed;
	write_part(h, h->method, out);
	buf_append(out, " ", 1);
	write_part(h, h->path, out);
	buf_append_str(out, " HTTP/1.1\r\n");
	if (h->authority.len > 0) {
		buf_append_str(out, "host: ");
		write_part(h, h->authority, out);
		buf_append(out, "\r\n", 2);
	}
	if (h->fields.len > 0)
		buf_append(out, h->fields.data, h->fields.len);
	if (!h->has_length)
		buf_append_str(out, has_body ? "transfer-encoding: chunked\r\n"
					     : "content-length: 0\r\n");
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
