/* Packets leave in calls of gRPC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/codec/codec.h"
#include "common/grpc/grpc_deliver.h"
#include "common/grpc/grpc_path.h"
#include "node/deliver/batch_call.h"

#define OTLP_JSON "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}"
#define OTLP_PROTO "\x0a\x04\x12\x02\x12\x00"

static struct memory_pool pool = { .left_bytes = 1 << 20 };
static struct memory memory = { .pool = &pool };
static const struct batch_origin n1 = { "n1", "default/5e1f0a3b", "" };

static struct batch_style style_of(enum analyzer_accepts accepts)
{
	return (struct batch_style){ .accepts = accepts,
				     .origin = &n1,
				     .lines = "X-A: b\r\n",
				     .lines_len = 8,
				     .memory = &memory };
}

static void add(struct batch *b, const char *body, size_t len, const struct packet_request *request)
{
	struct packet *p = packet_new(len);

	assert_non_null(p);
	memcpy(p->body, body, len);
	p->len = len;
	p->n_messages = 1;
	assert_true(memory_take(&memory, packet_cost(p->capacity)));
	if (request)
		assert_int_equal(packet_set_form(&memory, p, request), 0);
	batch_add(b, p);
}

static struct batch *batch_of(const char *body, size_t len, const struct packet_request *request)
{
	struct batch *b = batch_new(NULL);

	assert_non_null(b);
	b->transfer.url = "grpc://h:1";
	add(b, body, len, request);
	return b;
}

static void emptied(struct batch *b)
{
	while (b->packets.n_packets)
		packet_free_within(&memory, packet_queue_pop(&b->packets));
	batch_free(b);
}

/* The message, behind its prefix. */
static void join(const struct batch *b, struct buf *out)
{
	struct http_slice input, bytes;
	struct grpc_frame frame = { .n_prefix = 0 };

	for (size_t i = 0; i < b->transfer.n_parts; i++)
		buf_append(out, b->transfer.parts[i].iov_base, b->transfer.parts[i].iov_len);
	assert_int_equal(out->len, b->transfer.len);
	input = (struct http_slice){ out->data, out->len };
	assert_int_equal(grpc_frame_feed(&frame, &input, &bytes), GRPC_FRAME_BEGINS);
	assert_int_equal(frame.len, input.len);
	assert_int_equal(frame.is_compressed, b->packed != NULL);
	buf_consume(out, GRPC_PREFIX_BYTES);
}

static void assert_slice(struct http_slice got, const char *text)
{
	assert_int_equal(got.len, strlen(text));
	assert_memory_equal(got.data, text, got.len);
}

static void packets_go_together_by_deliver(void **state UNUSED)
{
	const struct batch_style style = style_of(ACCEPTS_BATCH);
	struct batch *b = batch_of("{\"a\":1}", 7, NULL);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor c;
	struct grpc_packet p;

	for (int i = 0; i < 9; i++)
		add(b, "[2]", 3, NULL);
	assert_int_equal(batch_write_call(b, &style), 0);
	assert_int_equal(b->kind, BATCH_DELIVER);
	assert_string_equal(b->transfer.method, GRPC_DELIVER_PATH);
	assert_string_equal(
		b->transfer.headers,
		"Weir-Packets: 10\r\nWeir-Messages: 10\r\nWeir-Node: n1\r\nWeir-Pool: default/5e1f0a3b\r\n"
		"Weir-Hops: 1\r\nWeir-Attempt: 1\r\nX-A: b\r\n");
	assert_ptr_equal(b->transfer.parts[2].iov_base, b->packets.head->body);
	join(b, &out);
	c = (struct protobuf_cursor){ out.data, out.data + out.len };
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "{\"a\":1}");
	assert_slice(p.content_type, "application/json");
	assert_int_equal(p.n_messages, 1);
	assert_int_equal(p.format.len, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "[2]");
	assert_int_equal(grpc_packet_next(&c, &p), GRPC_DELIVER_E_END);
	emptied(b);
}

static void a_request_goes_as_it_came(void **state UNUSED)
{
	const struct packet_request request = { .format = FORMAT_BULK,
						.is_put = true,
						.path = { "/_bulk", 6 },
						.query = { "a=\xc3\xbc", 4 },
						.media_type = { "text/x", 6 },
						.tenant = { "shop", 4 } };
	const struct batch_style style = style_of(ACCEPTS_REQUEST);
	struct batch *b = batch_of("a\nb", 3, &request);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor c;
	struct grpc_packet p;

	assert_int_equal(batch_write_call(b, &style), 0);
	assert_non_null(strstr(b->transfer.headers, "X-Scope-OrgID: shop\r\n"));
	assert_non_null(strstr(b->transfer.headers, "Weir-Format: bulk\r\n"));
	join(b, &out);
	c = (struct protobuf_cursor){ out.data, out.data + out.len };
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "a\nb");
	assert_slice(p.content_type, "text/x");
	assert_slice(p.format, "bulk");
	assert_slice(p.method, "PUT");
	assert_slice(p.path, "/_bulk");
	assert_slice(p.query, ""); /* it is not ASCII */
	assert_slice(p.tenant, "shop");
	emptied(b);
}

/* Export takes no other format, and no other encoding of it. */
static void otlp_goes_by_export(void **state UNUSED)
{
	static const struct {
		const char *body;
		size_t len;
		enum format_id format;
	} cases[] = { { OTLP_PROTO, sizeof(OTLP_PROTO) - 1, FORMAT_OTLP_PROTO },
		      { OTLP_JSON, sizeof(OTLP_JSON) - 1, FORMAT_OTLP_JSON },
		      { OTLP_JSON, sizeof(OTLP_JSON) - 1, FORMAT_JSON } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (enum analyzer_accepts accepts = ACCEPTS_BATCH; accepts <= ACCEPTS_REQUEST;
		     accepts++) {
			const struct packet_request request = { .format = cases[i].format,
								.path = { "/v1/logs", 8 } };
			const struct batch_style style = style_of(accepts);
			struct batch *b =
				batch_of(cases[i].body, cases[i].len,
					 cases[i].format == FORMAT_JSON ? NULL : &request);
			struct buf out CLEANUP(buf_deinit) = { 0 };

			assert_true(batch_call_exports(b->packets.head));
			assert_int_equal(batch_write_call(b, &style), 0);
			assert_int_equal(b->kind, BATCH_EXPORT);
			assert_string_equal(b->transfer.method, GRPC_EXPORT_PATH);
			join(b, &out);
			assert_int_equal(out.len, sizeof(OTLP_PROTO) - 1);
			assert_memory_equal(out.data, OTLP_PROTO, out.len);
			emptied(b);
		}
}

/* It is delivered all the same. */
static void json_that_only_looks_like_otlp_goes_by_deliver(void **state UNUSED)
{
	static const char body[] =
		"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"traceId\":\"x\"}]}]}]}";
	const struct batch_style style = style_of(ACCEPTS_BATCH);
	struct batch *b = batch_of(body, sizeof(body) - 1, NULL);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor c;
	struct grpc_packet p;

	assert_true(batch_call_exports(b->packets.head));
	assert_int_equal(batch_write_call(b, &style), 0);
	assert_int_equal(b->kind, BATCH_DELIVER);
	join(b, &out);
	c = (struct protobuf_cursor){ out.data, out.data + out.len };
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, body);
	emptied(b);
}

static bool take(void *arg UNUSED, size_t n UNUSED)
{
	return true;
}

static void give(void *arg UNUSED, size_t n UNUSED)
{
}

static void a_message_may_be_packed(void **state UNUSED)
{
	struct batch_style style = style_of(ACCEPTS_BATCH);
	struct codec *codec = codec_new(&(struct codec_memory){ take, give, NULL });
	struct codec_names gzip = { 1, { CODEC_GZIP } };
	struct batch *b = batch_of("{\"a\":1}", 7, NULL);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct codec_bytes bytes;
	struct protobuf_cursor c;
	struct grpc_packet p;

	for (int i = 0; i < 20; i++)
		add(b, "[2]", 3, NULL);
	style.pack = codec_pack_new();
	assert_int_equal(batch_write_call(b, &style), 0);
	assert_non_null(strstr(b->transfer.headers, "grpc-encoding: gzip\r\n"));
	assert_int_equal(b->transfer.n_parts, 2);
	join(b, &out);
	assert_int_equal(codec_unpack(codec, out.data, out.len, &gzip, 1 << 20, &bytes), 0);
	c = (struct protobuf_cursor){ bytes.data, bytes.data + bytes.len };
	for (int i = 0; i < 21; i++)
		assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "[2]");
	emptied(b);
	codec_free(codec);
	codec_pack_free(style.pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_go_together_by_deliver),
		cmocka_unit_test(a_request_goes_as_it_came),
		cmocka_unit_test(otlp_goes_by_export),
		cmocka_unit_test(json_that_only_looks_like_otlp_goes_by_deliver),
		cmocka_unit_test(a_message_may_be_packed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
