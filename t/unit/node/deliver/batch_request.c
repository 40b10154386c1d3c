#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/deliver/batch_request.h"

static struct memory_pool pool = { .left_bytes = 1 << 20 };
static struct memory memory = { .pool = &pool };
static const struct batch_origin n1 = { "n1", "default/5e1f0a3b", "" };
static const struct batch_style style = {
	.accepts = ACCEPTS_REQUEST, .origin = &n1, .lines = "", .memory = &memory
};

static void check_url(const char *url, const char *path, const char *query, const char *expected)
{
	struct packet_request request = { .path = { path, strlen(path) },
					  .query = { query, strlen(query) } };
	char *made = batch_request_url(url, &request);

	assert_non_null(made);
	assert_string_equal(made, expected);
	free(made);
}

static void the_star_of_a_url_stands_for_the_agents_path(void **state UNUSED)
{
	check_url("http://h/*", "/loki/api/v1/push", "", "http://h/loki/api/v1/push");
	check_url("http://h:1/a/*", "/shop/_bulk", "x=1&y", "http://h:1/a/shop/_bulk?x=1&y");
	check_url("http://h/ingest", "/shop/_bulk", "x=1", "http://h/ingest");
	check_url("http://h/a*", "/x", "x=1", "http://h/a*");
}

static void no_path_leads_out_of_there(void **state UNUSED)
{
	static const char *const unsafe[] = { "/../x/_bulk", "/a/%2e%2E/_bulk", "/a/.%2e/_bulk",
					      "/./_bulk",    "/a\\..\\b/_bulk", "/a#b/_bulk",
					      "/a?b/_bulk",  "x/_bulk",         "/%2e/_bulk" };
	static char path[3000], query[6000];

	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		check_url("http://h/p/*", unsafe[i], "", "http://h/p/_bulk");
	check_url("http://h/*", "/..", "", "http://h/ingest");
	check_url("http://h/*", "", "", "http://h/ingest");
	check_url("http://h/*", "/../topics/a", "", "http://h/ingest");
	check_url("http://h/*", "/a..b/.../_bulk", "", "http://h/a..b/.../_bulk");
	memset(path, '/', sizeof(path) - 1);
	memset(query, 'q', sizeof(query) - 1);
	check_url("http://h/*", path, query, "http://h/ingest");
	check_url("http://h/*", "/ingest", "a#b", "http://h/ingest");
}

static struct batch *batch_of(const struct packet_request *request)
{
	struct batch *b = batch_new(NULL);
	struct packet *p = packet_new(64);

	assert_non_null(b);
	assert_non_null(p);
	memcpy(p->body, "a\nb", 3);
	p->len = 3;
	p->n_messages = 2;
	if (request)
		assert_int_equal(packet_set_form(&memory, p, request), 0);
	batch_add(b, p);
	b->transfer.url = "http://h/*";
	return b;
}

static void emptied(struct batch *b)
{
	packet_free_within(&memory, packet_queue_pop(&b->packets));
	batch_free(b);
}

static void a_request_leaves_as_it_came(void **state UNUSED)
{
	const struct packet_request request = { .format = FORMAT_TEXT,
						.is_put = true,
						.path = { "/logs", 5 },
						.query = { "a=b", 3 },
						.media_type = { "text/x; y=z", 11 },
						.tenant = { "shop", 4 } };
	struct batch *b = batch_of(&request);
	struct packet *p = b->packets.head;

	assert_true(memory_take(&memory, packet_cost(p->capacity)));
	assert_int_equal(batch_write_request(b, &style), 0);
	assert_string_equal(b->transfer.url, "http://h/logs?a=b");
	assert_true(b->transfer.is_put);
	assert_int_equal(b->transfer.n_parts, 1);
	assert_ptr_equal(b->transfer.parts[0].iov_base, p->body);
	assert_int_equal(b->transfer.len, 3);
	assert_string_equal(
		b->transfer.headers,
		"Content-Type: text/x; y=z\r\nX-Scope-OrgID: shop\r\nWeir-Packets: 1\r\n"
		"Weir-Messages: 2\r\nWeir-Format: text\r\nWeir-Node: n1\r\n"
		"Weir-Pool: default/5e1f0a3b\r\nWeir-Hops: 1\r\nWeir-Attempt: 1\r\n");
	assert_null(p->form->json);
	emptied(b);
}

static void so_does_plain_json(void **state UNUSED)
{
	struct batch *b = batch_of(NULL);

	assert_true(memory_take(&memory, packet_cost(b->packets.head->capacity)));
	assert_int_equal(batch_write_request(b, &style), 0);
	assert_string_equal(b->transfer.url, "http://h/ingest");
	assert_false(b->transfer.is_put);
	assert_non_null(strstr(b->transfer.headers, "Content-Type: application/json\r\n"));
	emptied(b);
}

static void lokis_protobuf_is_in_a_block_of_snappy(void **state UNUSED)
{
	const struct packet_request request = { .format = FORMAT_LOKI_PROTO,
						.path = { "/loki/api/v1/push", 17 } };
	struct batch *b = batch_of(&request);

	assert_true(memory_take(&memory, packet_cost(b->packets.head->capacity)));
	b->packets.head->len = 64;
	assert_int_equal(batch_write_request(b, &style), 0);
	assert_int_equal(b->transfer.n_parts, 2);
	assert_int_equal(b->transfer.len, 6 + 64);
	assert_memory_equal(b->transfer.parts[0].iov_base, "\x40\xfc\x3f\0\0\0", 6);
	b->packets.head->len = 3;
	emptied(b);
}

static void a_tenant_of_the_analyzer_goes_before_that_of_the_agent(void **state UNUSED)
{
	static const char lines[] = "x-scope-orgid: ours\r\n";
	const struct packet_request request = { .format = FORMAT_TEXT,
						.path = { "/logs", 5 },
						.tenant = { "shop", 4 } };
	struct batch_style own = style;
	struct batch *b = batch_of(&request);

	own.lines = lines;
	own.lines_len = sizeof(lines) - 1;
	assert_true(memory_take(&memory, packet_cost(b->packets.head->capacity)));
	assert_int_equal(batch_write_request(b, &own), 0);
	assert_null(strstr(b->transfer.headers, "shop"));
	assert_non_null(strstr(b->transfer.headers, "\r\nx-scope-orgid: ours\r\n"));
	emptied(b);
}

/* Loki takes protobuf in a block of snappy, and packed in no other way. */
static void a_request_is_packed_where_the_analyzer_takes_that(void **state UNUSED)
{
	static const enum format_id formats[] = { FORMAT_TEXT, FORMAT_LOKI_PROTO };
	struct batch_style packs = style;

	packs.pack = codec_pack_new();
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct packet_request request = { .format = formats[i],
							.path = { "/logs", 5 } };
		struct batch *b = batch_of(&request);
		bool is_packed = i == 0;

		assert_true(memory_take(&memory, packet_cost(b->packets.head->capacity)));
		assert_int_equal(batch_write_request(b, &packs), 0);
		assert_int_equal(!strstr(b->transfer.headers, "Content-Encoding: gzip\r\n"),
				 !is_packed);
		assert_int_equal(!memcmp(b->transfer.parts[0].iov_base, "\x1f\x8b", 2), is_packed);
		emptied(b);
	}
	codec_pack_free(packs.pack);
}

static void requests_are_not_batched(void **state UNUSED)
{
	struct batch *b = batch_of(NULL);
	struct packet *p = packet_new(1);

	assert_non_null(p);
	batch_add(b, p);
	assert_true(memory_take(&memory, 2 * packet_cost(64)));
	assert_int_equal(batch_write_request(b, &style), -EINVAL);
	packet_free_within(&memory, packet_queue_pop(&b->packets));
	emptied(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_star_of_a_url_stands_for_the_agents_path),
		cmocka_unit_test(no_path_leads_out_of_there),
		cmocka_unit_test(a_request_leaves_as_it_came),
		cmocka_unit_test(so_does_plain_json),
		cmocka_unit_test(lokis_protobuf_is_in_a_block_of_snappy),
		cmocka_unit_test(a_tenant_of_the_analyzer_goes_before_that_of_the_agent),
		cmocka_unit_test(a_request_is_packed_where_the_analyzer_takes_that),
		cmocka_unit_test(requests_are_not_batched),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/batch_request", tests, NULL, NULL);
}
