#include "node/deliver/batch_call.h"

#include <stdlib.h>
#include <string.h>

#include "common/format/otlp_write.h"
#include "common/grpc/grpc_deliver.h"
#include "common/grpc/grpc_path.h"
#include "common/http/header_lines.h"

#define KEEP_BYTES (64u << 10) /* of an answer */
#define PACKED_LINE "grpc-encoding: gzip\r\n"

bool batch_call_exports(const struct packet *p)
{
	switch (packet_format(p)) {
	case FORMAT_OTLP_PROTO:
		return true;
	case FORMAT_OTLP_JSON:
	case FORMAT_JSON:
		return otlp_write_may_be(p->body, p->len);
	default:
		return false;
	}
}

/* ---- Export ---- */

/* False: it cannot become protobuf. */
static bool make_proto(struct batch *b, const struct packet *p)
{
	struct protobuf_out out = { .size = p->len };

	b->made = out.data = malloc(p->len);
	if (b->made && otlp_write_proto(p->body, p->len, &out) == 0) {
		b->parts[1] = (struct iovec){ b->made, out.len };
		return true;
	}
	free(b->made);
	b->made = NULL;
	return false;
}

static bool write_export(struct batch *b)
{
	struct packet *p = b->packets.head;

	if (b->packets.n_packets != 1 || !batch_call_exports(p))
		return false;
	b->parts = b->few;
	b->parts[0] = (struct iovec){ b->prefix, sizeof(b->prefix) };
	b->parts[1] = (struct iovec){ p->body, p->len };
	if (packet_format(p) != FORMAT_OTLP_PROTO && !make_proto(b, p))
		return false;
	batch_set_parts(b, 2);
	b->kind = BATCH_EXPORT;
	return true;
}

/* ---- Deliver ---- */

static struct http_slice http(struct format_slice slice)
{
	return (struct http_slice){ slice.data, slice.len };
}

/* A string of protobuf is UTF-8. What an agent said in other bytes is left out. */
static struct http_slice ascii(struct format_slice slice)
{
	for (size_t i = 0; i < slice.len; i++)
		if ((unsigned char)slice.data[i] > 0x7f)
			return (struct http_slice){ "", 0 };
	return http(slice);
}

static struct http_slice text(const char *string)
{
	return (struct http_slice){ string, strlen(string) };
}

/* The packet in its JSON form, or as its request came. */
static struct grpc_packet describe(const struct packet *p, bool is_request)
{
	struct packet_request request = packet_request(p);

	if (!is_request)
		return (struct grpc_packet){ .body = http(packet_json(p)),
					     .content_type = text(PACKET_MEDIA_TYPE),
					     .n_messages = p->n_messages };
	return (struct grpc_packet){ .body = { p->body, p->len },
				     .content_type = ascii(request.media_type),
				     .format = text(format_names[request.format]),
				     .method = text(request.is_put ? "PUT" : "POST"),
				     .path = ascii(request.path),
				     .query = ascii(request.query),
				     .tenant = ascii(request.tenant),
				     .n_messages = p->n_messages };
}

/* Of all packets, what stands before their bodies. */
static size_t heads_bytes(const struct batch *b, bool is_request)
{
	size_t n = 0;

	for (const struct packet *p = b->packets.head; p; p = p->next) {
		struct grpc_packet described = describe(p, is_request);

		n += grpc_packet_head_bytes(&described);
	}
	return n;
}

static int write_deliver(struct batch *b, bool is_request)
{
	struct protobuf_out heads = { .size = heads_bytes(b, is_request) };
	size_t n = 1;

	b->made = heads.data = malloc(heads.size);
	if (!b->made || batch_reserve_parts(b, 2 * (size_t)b->packets.n_packets + 1) != 0)
		return -ENOMEM;
	b->parts[0] = (struct iovec){ b->prefix, sizeof(b->prefix) };
	for (struct packet *p = b->packets.head; p; p = p->next) {
		struct grpc_packet described = describe(p, is_request);
		size_t at = heads.len;

		grpc_packet_write_head(&heads, &described);
		b->parts[n++] = (struct iovec){ heads.data + at, heads.len - at };
		b->parts[n++] = (struct iovec){ (char *)described.body.data, described.body.len };
	}
	assert(!heads.is_full && heads.len == heads.size);
	batch_set_parts(b, n);
	b->kind = BATCH_DELIVER;
	return 0;
}

/* ---- the message ---- */

/* Packs what stands behind the prefix, where the analyzer takes that, and writes the prefix. */
static int write_message(struct batch *b, const struct batch_style *style)
{
	struct transfer *t = &b->transfer;
	struct iovec *parts = b->parts;

	t->parts++;
	t->n_parts--;
	t->len -= sizeof(b->prefix);
	if (batch_pack(b, style) != 0)
		return -ENOMEM;
	if (t->len > UINT32_MAX)
		return -EINVAL;
	grpc_frame_write_prefix(b->prefix, (uint32_t)t->len);
	b->prefix[0] = b->packed != NULL;
	if (b->packed) {
		parts = b->few;
		parts[1] = (struct iovec){ b->packed, t->len };
	}
	parts[0] = (struct iovec){ b->prefix, sizeof(b->prefix) };
	t->parts = parts;
	t->n_parts++;
	t->len += sizeof(b->prefix);
	return 0;
}

static int write_headers(struct batch *b, const struct batch_style *style)
{
	static const struct http_slice tenant = { PACKET_TENANT, sizeof(PACKET_TENANT) - 1 };
	bool is_request = style->accepts == ACCEPTS_REQUEST;
	struct packet_request request = packet_request(b->packets.head);
	struct buf out = { 0 };

	if (is_request && request.tenant.len && !header_lines_have(style->lines, tenant))
		buf_printf(&out, PACKET_TENANT ": %.*s\r\n", (int)request.tenant.len,
			   request.tenant.data);
	if (b->packed)
		buf_append_str(&out, PACKED_LINE);
	batch_put_lines(&out, b, style, is_request ? format_names[request.format] : NULL);
	return batch_take_headers(b, &out);
}

int batch_write_call(struct batch *b, const struct batch_style *style)
{
	bool is_request = style->accepts == ACCEPTS_REQUEST;
	int r = 0;

	assert(b->packets.n_packets > 0);
	batch_count_attempt(b);
	if (!write_export(b)) {
		r = is_request ? 0 : batch_make_json(b, style->memory);
		if (r == 0)
			r = write_deliver(b, is_request);
	}
	if (r == 0)
		r = write_message(b, style);
	if (r == 0)
		r = write_headers(b, style);
	b->transfer.method = b->kind == BATCH_EXPORT ? GRPC_EXPORT_PATH : GRPC_DELIVER_PATH;
	b->transfer.keep_max = KEEP_BYTES;
	return r;
}
