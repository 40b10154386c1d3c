/*
 * Packets and results that are read lie within their message. Written and read again they are the same. A message is
 * read to its end, or is malformed.
 */
#include <string.h>

#include "common/grpc/grpc_deliver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void assert_same(struct http_slice a, struct http_slice b)
{
	assert(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
}

static void assert_within(struct http_slice s, const struct protobuf_cursor *message)
{
	assert(s.len == 0 || (s.data >= message->at && s.data + s.len <= message->end));
}

static void check_packet(const struct grpc_packet *p)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };
	size_t n_head = grpc_packet_head_bytes(p);
	struct protobuf_out head = { .data = malloc(n_head), .size = n_head };
	struct protobuf_cursor cursor;
	struct grpc_packet again;

	assert(head.data);
	grpc_packet_write_head(&head, p);
	assert(!head.is_full);
	buf_append(&text, head.data, head.len);
	if (p->body.len > 0)
		buf_append(&text, p->body.data, p->body.len);
	free(head.data);
	assert(!text.failed);
	cursor = protobuf_open(text.data, text.len);
	assert(grpc_packet_next(&cursor, &again) == 0 && cursor.at == cursor.end);
	assert(again.n_messages == p->n_messages);
	assert_same(again.body, p->body);
	assert_same(again.content_type, p->content_type);
	assert_same(again.format, p->format);
	assert_same(again.method, p->method);
	assert_same(again.path, p->path);
	assert_same(again.query, p->query);
	assert_same(again.tenant, p->tenant);
}

static void check_result(const struct grpc_result *result)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor cursor;
	struct grpc_result again;

	grpc_result_write(&text, result);
	assert(!text.failed);
	cursor = protobuf_open(text.data, text.len);
	assert(grpc_result_next(&cursor, &again) == 0 && cursor.at == cursor.end);
	assert(again.status == result->status);
	assert_same(again.error, result->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct protobuf_cursor message = protobuf_open((const char *)data, len);
	struct protobuf_cursor batch = message, results = message;
	struct grpc_packet p;
	struct grpc_result result;
	int r;

	while ((r = grpc_packet_next(&batch, &p)) == 0) {
		assert_within(p.body, &message);
		assert_within(p.path, &message);
		check_packet(&p);
	}
	assert(r == GRPC_DELIVER_E_SYNTAX || batch.at == batch.end);
	while ((r = grpc_result_next(&results, &result)) == 0) {
		assert_within(result.error, &message);
		check_result(&result);
	}
	assert(r == GRPC_DELIVER_E_SYNTAX || results.at == results.end);
	return 0;
}
