#include "common/grpc/grpc_deliver.h"

/* Fields of docs/analyzer.proto. */
enum { BATCH_PACKETS = 1, RESULTS_RESULTS = 1, RESULT_STATUS = 1, RESULT_ERROR = 2 };
enum {
	PACKET_BODY = 1,
	PACKET_MESSAGES,
	PACKET_CONTENT_TYPE,
	PACKET_FORMAT,
	PACKET_METHOD,
	PACKET_PATH,
	PACKET_QUERY,
	PACKET_TENANT,
	PACKET_FIELDS
};

/* Where the text of each field is. */
static const size_t texts[PACKET_FIELDS] = {
	[PACKET_BODY] = offsetof(struct grpc_packet, body),
	[PACKET_CONTENT_TYPE] = offsetof(struct grpc_packet, content_type),
	[PACKET_FORMAT] = offsetof(struct grpc_packet, format),
	[PACKET_METHOD] = offsetof(struct grpc_packet, method),
	[PACKET_PATH] = offsetof(struct grpc_packet, path),
	[PACKET_QUERY] = offsetof(struct grpc_packet, query),
	[PACKET_TENANT] = offsetof(struct grpc_packet, tenant),
};

static bool is_text(uint32_t field)
{
	return field == PACKET_BODY || (field > PACKET_MESSAGES && field < PACKET_FIELDS);
}

static const struct http_slice *text_of(const struct grpc_packet *p, uint32_t field)
{
	return (const struct http_slice *)((const char *)p + texts[field]);
}

/* All fields but the bytes of the body, which are last. */
static void put_fields(struct protobuf_out *out, const struct grpc_packet *p)
{
	if (p->n_messages)
		protobuf_put_number(out, PACKET_MESSAGES, p->n_messages);
	for (uint32_t i = PACKET_CONTENT_TYPE; i < PACKET_FIELDS; i++) {
		const struct http_slice *text = text_of(p, i);

		if (text->len)
			protobuf_put_bytes(out, i, text->data, text->len);
	}
	protobuf_put_head(out, PACKET_BODY, p->body.len);
}

#define FIELD_BYTES(len) (1 + protobuf_varint_bytes(len) + (len))

static size_t fields_bytes(const struct grpc_packet *p)
{
	size_t n = p->n_messages ? 1 + protobuf_varint_bytes(p->n_messages) : 0;

	for (uint32_t i = PACKET_CONTENT_TYPE; i < PACKET_FIELDS; i++) {
		size_t len = text_of(p, i)->len;

		n += len ? FIELD_BYTES(len) : 0;
	}
	return n + FIELD_BYTES(p->body.len) - p->body.len;
}

size_t grpc_packet_head_bytes(const struct grpc_packet *p)
{
	size_t n = fields_bytes(p);

	return FIELD_BYTES(n + p->body.len) - p->body.len;
}

void grpc_packet_write_head(struct protobuf_out *out, const struct grpc_packet *p)
{
	protobuf_put_head(out, BATCH_PACKETS, fields_bytes(p) + p->body.len);
	put_fields(out, p);
}

/* The next element of a message that has one repeated field of messages. */
static int next_element(struct protobuf_cursor *c, uint32_t number, struct protobuf_cursor *foundp)
{
	struct protobuf_field field;

	while (c->at < c->end) {
		if (protobuf_next(c, &field) != 0)
			return GRPC_DELIVER_E_SYNTAX;
		if (field.number == number && field.wire == PROTOBUF_BYTES) {
			*foundp = protobuf_open(field.data, field.len);
			return 0;
		}
	}
	return GRPC_DELIVER_E_END;
}

int grpc_packet_next(struct protobuf_cursor *batch, struct grpc_packet *p)
{
	struct protobuf_cursor c;
	struct protobuf_field field;
	int r = next_element(batch, BATCH_PACKETS, &c);

	*p = (struct grpc_packet){ .body = { "", 0 } };
	while (r == 0 && c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return GRPC_DELIVER_E_SYNTAX;
		if (field.wire == PROTOBUF_BYTES && is_text(field.number))
			*(struct http_slice *)((char *)p + texts[field.number]) =
				(struct http_slice){ field.data, field.len };
		else if (field.number == PACKET_MESSAGES && field.wire == PROTOBUF_VARINT)
			p->n_messages = (uint32_t)field.value;
	}
	return r;
}

static void put_result(struct protobuf_out *out, const struct grpc_result *result)
{
	protobuf_put_number(out, RESULT_STATUS, result->status);
	if (result->error.len)
		protobuf_put_head(out, RESULT_ERROR, result->error.len);
}

/* The length of the result stands before it. */
void grpc_result_write(struct buf *out, const struct grpc_result *result)
{
	char room[2 * PROTOBUF_HEAD_BYTES], head_room[PROTOBUF_HEAD_BYTES];
	struct protobuf_out fields = { .data = room, .size = sizeof(room) };
	struct protobuf_out head = { .data = head_room, .size = sizeof(head_room) };

	put_result(&fields, result);
	protobuf_put_head(&head, RESULTS_RESULTS, fields.len + result->error.len);
	assert(!fields.is_full && !head.is_full);
	buf_append(out, head.data, head.len);
	buf_append(out, fields.data, fields.len);
	buf_append(out, result->error.data, result->error.len);
}

int grpc_result_next(struct protobuf_cursor *results, struct grpc_result *result)
{
	struct protobuf_cursor c;
	struct protobuf_field field;
	int r = next_element(results, RESULTS_RESULTS, &c);

	*result = (struct grpc_result){ .error = { "", 0 } };
	while (r == 0 && c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return GRPC_DELIVER_E_SYNTAX;
		if (field.number == RESULT_STATUS && field.wire == PROTOBUF_VARINT)
			result->status = field.value <= UINT32_MAX ? (uint32_t)field.value : 0;
		else if (field.number == RESULT_ERROR && field.wire == PROTOBUF_BYTES)
			result->error = (struct http_slice){ field.data, field.len };
	}
	return r;
}
