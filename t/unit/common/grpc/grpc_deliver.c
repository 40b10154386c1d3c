/* What a node delivers, and what an analyzer says of it. */
#include "common/grpc/grpc_deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static void assert_slice(struct http_slice got, const char *text)
{
	assert_int_equal(got.len, strlen(text));
	assert_memory_equal(got.data, text, got.len);
}

static void put(struct buf *out, const struct grpc_packet *p)
{
	char room[512];
	struct protobuf_out head = { .data = room, .size = grpc_packet_head_bytes(p) };

	assert_in_range(head.size, 1, sizeof(room));
	grpc_packet_write_head(&head, p);
	assert_false(head.is_full);
	assert_int_equal(head.len, head.size);
	buf_append(out, room, head.len);
	buf_append(out, p->body.data, p->body.len);
}

static void packets_come_out_as_they_went_in(void **state)
{
	const struct grpc_packet plain = { .body = slice("{\"a\":1}"),
					   .content_type = slice("application/json"),
					   .n_messages = 1 };
	const struct grpc_packet empty = { .body = slice("") };
	const struct grpc_packet as_it_came = { .body = slice("line\n"),
						.content_type = slice("text/plain"),
						.format = slice("text"),
						.method = slice("POST"),
						.path = slice("/ingest"),
						.query = slice("a=b"),
						.tenant = slice("t"),
						.n_messages = 300 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor c;
	struct grpc_packet p;

	(void)state;
	put(&out, &plain);
	put(&out, &empty);
	put(&out, &as_it_came);
	c = protobuf_open(out.data, out.len);
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "{\"a\":1}");
	assert_slice(p.content_type, "application/json");
	assert_int_equal(p.n_messages, 1);
	assert_int_equal(p.path.len, 0);
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "");
	assert_int_equal(grpc_packet_next(&c, &p), 0);
	assert_slice(p.body, "line\n");
	assert_slice(p.content_type, "text/plain");
	assert_slice(p.format, "text");
	assert_slice(p.method, "POST");
	assert_slice(p.path, "/ingest");
	assert_slice(p.query, "a=b");
	assert_slice(p.tenant, "t");
	assert_int_equal(p.n_messages, 300);
	assert_int_equal(grpc_packet_next(&c, &p), GRPC_DELIVER_E_END);
}

/* The bytes are those that protoc's Python writes for docs/analyzer.proto, but for the order of fields. */
static void a_packet_has_the_fields_of_the_proto(void **state)
{
	static const char bytes[] = "\x0a\x0d\x10\x02\x1a\x06"
				    "a/json\x0a\x01x";
	const struct grpc_packet p = { .body = slice("x"),
				       .content_type = slice("a/json"),
				       .n_messages = 2 };
	struct buf out CLEANUP(buf_deinit) = { 0 };

	(void)state;
	put(&out, &p);
	assert_int_equal(out.len, sizeof(bytes) - 1);
	assert_memory_equal(out.data, bytes, out.len);
}

static void results_come_out_as_they_went_in(void **state)
{
	char long_text[300];
	const struct grpc_result results[] = { { .status = 200 },
					       { 422, slice("no field \"time\"") },
					       { 503, { long_text, sizeof(long_text) } } };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor c;
	struct grpc_result r;

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		grpc_result_write(&out, &results[i]);
	c = protobuf_open(out.data, out.len);
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		assert_int_equal(grpc_result_next(&c, &r), 0);
		assert_int_equal(r.status, results[i].status);
		assert_int_equal(r.error.len, results[i].error.len);
		assert_memory_equal(r.error.data, r.error.len ? results[i].error.data : "",
				    r.error.len);
	}
	assert_int_equal(grpc_result_next(&c, &r), GRPC_DELIVER_E_END);
}

static void unknown_fields_are_passed_over(void **state)
{
	static const char bytes[] = "\x12\x01z\x0a\x07\x78\x01\x08\xc8\x01\x1a\x00";
	struct protobuf_cursor c = { bytes, bytes + sizeof(bytes) - 1 };
	struct grpc_result r;

	(void)state;
	assert_int_equal(grpc_result_next(&c, &r), 0);
	assert_int_equal(r.status, 200);
	assert_int_equal(grpc_result_next(&c, &r), GRPC_DELIVER_E_END);
}

static void what_is_cut_off_is_refused(void **state)
{
	static const char bytes[] = "\x0a\x07\x0a\x03"
				    "abc\x10\x01";

	(void)state;
	for (size_t n = 1; n < sizeof(bytes) - 1; n++) {
		struct protobuf_cursor c = protobuf_open(bytes, n);
		struct protobuf_cursor same = c;
		struct grpc_packet p;
		struct grpc_result r;

		assert_int_equal(grpc_packet_next(&c, &p), GRPC_DELIVER_E_SYNTAX);
		assert_int_equal(grpc_result_next(&same, &r), GRPC_DELIVER_E_SYNTAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_out_as_they_went_in),
		cmocka_unit_test(a_packet_has_the_fields_of_the_proto),
		cmocka_unit_test(results_come_out_as_they_went_in),
		cmocka_unit_test(unknown_fields_are_passed_over),
		cmocka_unit_test(what_is_cut_off_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
