#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/header_lines.h"
#include "node/deliver/batch.h"

#define MANY 300

static const struct batch_origin n1 = {
	"n1", "default/5e1f0a3b", "Weir-Node: n1\r\nWeir-Pool: default/5e1f0a3b\r\nWeir-Hops: 1\r\n"
};

/* Of packets {"n":0}, {"n":1}, ... of 2 messages each. */
static struct batch *filled(unsigned n)
{
	struct batch *b = batch_new(NULL);

	assert_non_null(b);
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = packet_new(64);

		assert_non_null(p);
		p->len = (size_t)snprintf(p->body, 64, "{\"n\":%u}", i);
		p->n_messages = 2;
		p->n_attempts = i == 1 ? 4 : 0;
		batch_add(b, p);
	}
	return b;
}

static struct memory_pool pool = { .left_bytes = 1 << 20 };
static struct memory memory = { .pool = &pool };

static int write_batch(struct batch *b, enum analyzer_accepts accepts,
		       const struct batch_origin *origin, const char *lines)
{
	const struct batch_style style = { .accepts = accepts,
					   .origin = origin,
					   .lines = lines,
					   .lines_len = strlen(lines),
					   .memory = &memory };

	return batch_write(b, &style);
}

static void emptied(struct batch *b)
{
	struct packet *p;

	while ((p = packet_queue_pop(&b->packets)))
		packet_free(p);
	batch_free(b);
}

static void check_body(const struct batch *b, const char *expected)
{
	static char body[16384];
	size_t len = 0;

	for (size_t i = 0; i < b->transfer.n_parts; i++) {
		memcpy(body + len, b->transfer.parts[i].iov_base, b->transfer.parts[i].iov_len);
		len += b->transfer.parts[i].iov_len;
	}
	body[len] = '\0';
	assert_string_equal(body, expected);
	assert_int_equal(b->transfer.len, len);
}

static void the_body_is_an_array_of_packets(void **state UNUSED)
{
	static const char *const bodies[] = { "[{\"n\":0}]", "[{\"n\":0},{\"n\":1}]",
					      "[{\"n\":0},{\"n\":1},{\"n\":2}]" };

	for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
		struct batch *b = filled(i + 1);

		assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, ""), 0);
		check_body(b, bodies[i]);
		emptied(b);
	}
}

static void what_came_in_another_format_is_delivered_as_json(void **state UNUSED)
{
	const struct packet_request request = { .format = FORMAT_TEXT };
	struct batch *b = filled(1);
	struct packet *p = packet_queue_pop(&b->packets);

	p->len = (size_t)snprintf(p->body, 64, "a\nb");
	assert_int_equal(packet_set_form(&memory, p, &request), 0);
	batch_add(b, p);
	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, ""), 0);
	check_body(b, "[{\"messages\":[{\"message\":\"a\"},{\"message\":\"b\"}]}]");
	emptied(b);
}

static void so_it_is_of_many(void **state UNUSED)
{
	struct batch *b = filled(MANY);
	char expected[16384], *at = expected;

	for (unsigned i = 0; i < MANY; i++)
		at += sprintf(at, "%c{\"n\":%u}", i ? ',' : '[', i);
	strcpy(at, "]");
	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, ""), 0);
	check_body(b, expected);
	emptied(b);
}

static void packets_leave_from_where_they_are(void **state UNUSED)
{
	struct batch *b = filled(1);

	assert_int_equal(write_batch(b, ACCEPTS_PACKET, &n1, ""), 0);
	assert_int_equal(b->transfer.n_parts, 1);
	assert_ptr_equal(b->transfer.parts[0].iov_base, b->packets.head->body);
	emptied(b);
}

static void who_takes_single_packets_gets_one_as_it_is(void **state UNUSED)
{
	struct batch *b = filled(1);

	assert_int_equal(write_batch(b, ACCEPTS_PACKET, &n1, ""), 0);
	check_body(b, "{\"n\":0}");
	emptied(b);
}

static void the_headers_say_what_is_in_it(void **state UNUSED)
{
	struct batch *b = filled(3);

	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, ""), 0);
	assert_string_equal(b->transfer.headers, "Content-Type: application/json\r\n"
						 "Weir-Packets: 3\r\n"
						 "Weir-Messages: 6\r\n"
						 "Weir-Node: n1\r\n"
						 "Weir-Pool: default/5e1f0a3b\r\n"
						 "Weir-Hops: 1\r\n"
						 "Weir-Attempt: 5\r\n");
	emptied(b);
	b = filled(1);
	assert_int_equal(
		write_batch(b, ACCEPTS_BATCH, &n1, "Authorization: Bearer a-token-of-16-chars\r\n"),
		0);
	assert_non_null(
		strstr(b->transfer.headers, "\r\nAuthorization: Bearer a-token-of-16-chars\r\n"));
	emptied(b);
}

static void many_lines_of_an_analyzer_fit_too(void **state UNUSED)
{
	char lines[HEADER_LINES_BYTES + 1];
	struct batch *b = filled(2);

	memset(lines, 'v', sizeof(lines));
	memcpy(lines, "A: ", 3);
	strcpy(lines + sizeof(lines) - 3, "\r\n");
	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, lines), 0);
	assert_ptr_equal(strstr(b->transfer.headers, "Content-Type: application/json\r\n"
						     "Weir-Packets: 2\r\n"),
			 b->transfer.headers);
	assert_non_null(strstr(b->transfer.headers, "\r\nWeir-Hops: 1\r\n"));
	assert_string_equal(b->transfer.headers + strlen(b->transfer.headers) - strlen(lines),
			    lines);
	emptied(b);
}

static void a_body_is_packed_where_the_analyzer_takes_that(void **state UNUSED)
{
	struct codec_pack *pack = codec_pack_new();
	const struct batch_style style = { .accepts = ACCEPTS_BATCH,
					   .origin = &n1,
					   .lines = "A: b\r\n",
					   .lines_len = 6,
					   .pack = pack,
					   .memory = &memory };
	struct batch *b = filled(3);

	assert_int_equal(batch_write(b, &style), 0);
	assert_int_equal(b->transfer.n_parts, 1);
	assert_int_equal(b->transfer.len, b->transfer.parts[0].iov_len);
	assert_memory_equal(b->transfer.parts[0].iov_base, "\x1f\x8b\x08", 3);
	assert_non_null(strstr(b->transfer.headers, "\r\nContent-Encoding: gzip\r\nA: b\r\n"));
	emptied(b);
	codec_pack_free(pack);
}

static void they_say_where_its_packets_have_been(void **state UNUSED)
{
	struct batch *b = filled(1);

	assert_int_equal(packet_set_via(b->packets.head, "edge/1, mid/2", 13), 0);
	b->packets.head->n_hops = 2;
	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &n1, ""), 0);
	assert_string_equal(b->transfer.headers, "Content-Type: application/json\r\n"
						 "Weir-Packets: 1\r\n"
						 "Weir-Messages: 2\r\n"
						 "Weir-Node: n1\r\n"
						 "Weir-Pool: edge/1, mid/2, default/5e1f0a3b\r\n"
						 "Weir-Hops: 3\r\n"
						 "Weir-Attempt: 1\r\n");
	emptied(b);
}

static void the_longest_names_of_a_node_and_a_pool_fit(void **state UNUSED)
{
	struct batch *b = filled(1);
	char id[65], pool[74], lines[BATCH_ORIGIN_BYTES], token[BATCH_LINES_BYTES + 1] = "";
	const struct batch_origin origin = { id, pool, lines };

	memset(id, 'n', 64);
	id[64] = '\0';
	memset(pool, 'p', 73);
	pool[73] = '\0';
	memset(token, 't', BATCH_LINES_BYTES);
	batch_origin_lines(id, pool, lines);
	assert_non_null(strstr(lines, "Weir-Hops: 1\r\n"));
	b->n_messages = b->packets.head->n_attempts = UINT32_MAX - 1;
	assert_int_equal(write_batch(b, ACCEPTS_BATCH, &origin, token), 0);
	assert_non_null(strstr(b->transfer.headers, token));
	assert_ptr_equal(b->transfer.headers, b->headers);
	emptied(b);
}

static void each_end_of_a_transfer_has_an_outcome(void **state UNUSED)
{
	static const struct {
		enum transfer_result result;
		int status;
		enum delivery_outcome outcome;
	} cases[] = {
		{ TRANSFER_ANSWERED, 200, OUTCOME_OK },
		{ TRANSFER_ANSWERED, 299, OUTCOME_OK },
		{ TRANSFER_ANSWERED, 400, OUTCOME_BAD },
		{ TRANSFER_ANSWERED, 422, OUTCOME_BAD },
		{ TRANSFER_ANSWERED, 429, OUTCOME_BUSY },
		{ TRANSFER_ANSWERED, 503, OUTCOME_BUSY },
		{ TRANSFER_ANSWERED, 301, OUTCOME_STATUS },
		{ TRANSFER_ANSWERED, 500, OUTCOME_STATUS },
		{ TRANSFER_CONNECT, 0, OUTCOME_CONNECT },
		{ TRANSFER_TIMEOUT, 0, OUTCOME_TIMEOUT },
		{ TRANSFER_BROKEN, 0, OUTCOME_BROKEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transfer t = { .result = cases[i].result, .status = cases[i].status };

		assert_int_equal(batch_outcome(&t), cases[i].outcome);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_is_an_array_of_packets),
		cmocka_unit_test(what_came_in_another_format_is_delivered_as_json),
		cmocka_unit_test(so_it_is_of_many),
		cmocka_unit_test(packets_leave_from_where_they_are),
		cmocka_unit_test(who_takes_single_packets_gets_one_as_it_is),
		cmocka_unit_test(the_headers_say_what_is_in_it),
		cmocka_unit_test(many_lines_of_an_analyzer_fit_too),
		cmocka_unit_test(a_body_is_packed_where_the_analyzer_takes_that),
		cmocka_unit_test(they_say_where_its_packets_have_been),
		cmocka_unit_test(the_longest_names_of_a_node_and_a_pool_fit),
		cmocka_unit_test(each_end_of_a_transfer_has_an_outcome),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/batch", tests, NULL, NULL);
}
