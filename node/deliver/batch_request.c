#include "node/deliver/batch_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/format/format_route.h"
#include "common/http/header_lines.h"
#include "node/deliver/answers.h"

#define PATH_MAX_BYTES 1024
#define QUERY_MAX_BYTES 4096

static const char any_path[] = "/*";

/* "." and ".." as segments, also with their dots percent-encoded. */
static bool is_dots(const char *segment, size_t len)
{
	unsigned n_dots = 0;

	for (size_t i = 0; i < len; n_dots++) {
		if (segment[i] == '.')
			i++;
		else if (len - i >= 3 && strncasecmp(segment + i, "%2e", 3) == 0)
			i += 3;
		else
			return false;
	}
	return n_dots > 0 && n_dots <= 2;
}

static bool is_safe(struct format_slice path)
{
	const char *at = path.data, *end = path.data + path.len;

	if (path.len == 0 || path.len > PATH_MAX_BYTES || *at != '/' ||
	    memchr(at, '\\', path.len) || memchr(at, '#', path.len) || memchr(at, '?', path.len))
		return false;
	while (at < end) {
		const char *next = memchr(at + 1, '/', (size_t)(end - at - 1));

		if (!next)
			next = end;
		if (is_dots(at + 1, (size_t)(next - at - 1)))
			return false;
		at = next;
	}
	return true;
}

/* Where requests of this kind go, without what an agent put before it. */
static const char *own_path(struct format_slice path)
{
	enum format_family family;
	const char *name = path.len ? format_route_find(path.data, path.len, &family) : NULL;

	return name && name[strlen(name) - 1] != '/' ? name : PACKET_PATH;
}

static void write_target(struct buf *out, const struct packet_request *request)
{
	if (is_safe(request->path))
		buf_append(out, request->path.data, request->path.len);
	else
		buf_append_str(out, own_path(request->path));
	if (request->query.len == 0 || request->query.len > QUERY_MAX_BYTES ||
	    memchr(request->query.data, '#', request->query.len))
		return;
	buf_append(out, "?", 1);
	buf_append(out, request->query.data, request->query.len);
}

char *batch_request_url(const char *url, const struct packet_request *request)
{
	size_t len = strlen(url), n_star = sizeof(any_path) - 1;
	struct buf out = { 0 };

	if (len < n_star || strcmp(url + len - n_star, any_path) != 0)
		return strdup(url);
	buf_append(&out, url, len - n_star);
	write_target(&out, request);
	buf_append(&out, "", 1);
	if (out.failed)
		buf_deinit(&out);
	return out.data;
}

static void write_field(struct buf *out, const char *name, struct format_slice value)
{
	if (value.len == 0)
		return;
	buf_printf(out, "%s: ", name);
	buf_append(out, value.data, value.len);
	buf_append_str(out, "\r\n");
}

/* As the headers of other deliveries, and what the request said. */
static int write_headers(struct batch *b, const struct batch_style *style,
			 const struct packet_request *request)
{
	static const struct http_slice tenant = { PACKET_TENANT, sizeof(PACKET_TENANT) - 1 };
	struct buf out = { 0 };

	write_field(&out, "Content-Type", request->media_type);
	if (!header_lines_have(style->lines, tenant)) /* the analyzer's own goes before */
		write_field(&out, PACKET_TENANT, request->tenant);
	if (b->packed)
		buf_append_str(&out, BATCH_PACKED_LINE);
	batch_put_lines(&out, b, style, format_names[request->format]);
	return batch_take_headers(b, &out);
}

/* Loki takes protobuf in a block of snappy alone: its length, and then one literal (snappy's
 * format_description.txt). */
static size_t write_snappy_head(size_t len, char *out)
{
	size_t n = 0, left = len;

	for (; left >= 0x80; left >>= 7)
		out[n++] = (char)(left | 0x80);
	out[n++] = (char)left;
	out[n++] = (char)0xfc; /* a literal whose length has four bytes */
	for (unsigned i = 0; i < 4; i++)
		out[n++] = (char)((len - 1) >> 8 * i);
	return n;
}

static void write_parts(struct batch *b, enum format_id format)
{
	struct packet *p = b->packets.head;
	size_t n_head = format == FORMAT_LOKI_PROTO ? write_snappy_head(p->len, b->headers) : 0;

	static_assert(BATCH_HEADER_BYTES >= 16, "the head of a block fits");
	b->few[0] = (struct iovec){ b->headers, n_head };
	b->few[1] = (struct iovec){ p->body, p->len };
	b->parts = b->few;
	b->transfer.parts = n_head ? b->few : b->few + 1;
	b->transfer.n_parts = n_head ? 2 : 1;
	b->transfer.len = n_head + p->len;
}

int batch_write_request(struct batch *b, const struct batch_style *style)
{
	struct packet_request request;
	char *url;

	b->kind = BATCH_REQUEST;
	batch_count_attempt(b);
	if (b->packets.n_packets != 1)
		return -EINVAL;
	request = packet_request(b->packets.head);
	write_parts(b, request.format);
	if (request.format != FORMAT_LOKI_PROTO && batch_pack(b, style) != 0)
		return -ENOMEM;
	url = batch_request_url(b->transfer.url, &request);
	free(b->url);
	b->transfer.url = b->url = url;
	if (!url || write_headers(b, style, &request) != 0)
		return -ENOMEM;
	b->transfer.is_put = request.is_put;
	b->transfer.keep_max = answers_max_bytes(request.format, b->n_messages);
	return 0;
}
