/* A packet that went as its request came, of which a log server took a part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/packet/packet_form.h"
#include "t/unit/h2_peer.h"
#include "t/unit/node/deliver/delivery.h"
#include "t/unit/peer.h"

#define ACTION "{\"index\":{}}\n"
#define DOCUMENT(n) ACTION "{\"n\":" #n "}\n"

static const char three[] = DOCUMENT(0) DOCUMENT(1) DOCUMENT(2);
static struct memory_pool pool = { 1 << 30 };
static struct memory memory;

static void begin(struct delivery *d, enum format_id format, const char *path)
{
	struct packet *p = packet_new(sizeof(three));
	const struct packet_request request = { .format = format, .path = { path, strlen(path) } };

	memory_init(&memory, &pool);
	assert_non_null(p);
	memcpy(p->body, three, sizeof(three) - 1);
	p->len = sizeof(three) - 1;
	p->n_messages = 3;
	p->slot = 0;
	assert_int_equal(packet_set_form(&memory, p, &request), 0);
	d->analyzers[0].accepts = ACCEPTS_REQUEST;
	delivery_set_roster(d, -1);
	dispatch_push(&d->dispatch, 0, p);
}

static void push(struct delivery *d, enum format_id format, const char *path)
{
	begin(d, format, path);
	delivery_wait_fates(d, 1);
}

static void answer(struct delivery *d, const char *type, const char *body)
{
	d->fakes[0].status = 200;
	d->fakes[0].type = type;
	d->fakes[0].body = body;
}

#define ITEM(status) "{\"index\":{\"status\":" #status "}}"
#define BULK_TYPE "application/vnd.elasticsearch+json;compatible-with=8"

static void test_what_is_busy_is_left_and_the_rest_is_delivered(void **state)
{
	struct delivery *d = *state;

	answer(d, BULK_TYPE,
	       "{\"errors\":true,\"items\":[" ITEM(201) "," ITEM(429) "," ITEM(201) "]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->n_part_messages, 2);
	assert_int_equal(d->last_messages, 1);
	assert_string_equal(d->last_body, DOCUMENT(1));
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

static void test_what_is_bad_is_left_alone(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json",
	       "{\"errors\":true,\"items\":[" ITEM(201) "," ITEM(409) "," ITEM(404) "]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->n_part_messages, 2);
	assert_string_equal(d->last_body, DOCUMENT(2));
	assert_int_equal(delivery_count(d, BAD), 1);
}

static void test_busy_goes_before_bad(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json",
	       "{\"errors\":true,\"items\":[" ITEM(400) "," ITEM(201) "," ITEM(503) "]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->n_part_messages, 1);
	assert_string_equal(d->last_body, DOCUMENT(0) DOCUMENT(2));
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

static void test_nothing_taken_is_a_failure_of_the_delivery(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json",
	       "{\"errors\":true,\"items\":[" ITEM(429) "," ITEM(429) "," ITEM(429) "]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->n_part_messages, 0);
	assert_int_equal(d->last_messages, 3);
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

static void test_errors_that_cannot_be_read_lose_nothing(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json", "{\"errors\":true,\"items\":[" ITEM(201) "]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->last_messages, 3);
	assert_int_equal(delivery_count(d, BAD), 1);
}

static void test_of_an_answer_that_is_cut_off_the_front_counts(void **state)
{
	struct delivery *d = *state;

	answer(d, BULK_TYPE, "{\"errors\":true,\"items\":[" ITEM(201) "," ITEM(201) ",{\"ind");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->n_part_messages, 2);
	assert_string_equal(d->last_body, DOCUMENT(2));
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

static void test_one_whose_front_has_nothing_taken_is_not_asked_again(void **state)
{
	struct delivery *d = *state;

	answer(d, BULK_TYPE, "{\"errors\":true,\"items\":[" ITEM(400) "," ITEM(429) ",{\"ind");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(d->last_messages, 3);
	assert_int_equal(delivery_count(d, BAD), 1);
}

/* The packet was not refused, so it goes to another analyzer. But it may be at fault, and not for ever. */
static void assert_failed(struct delivery *d, enum reroute_reason reason)
{
	delivery_wait_fates(d, 1);
	assert_int_equal(d->last_messages, 3);
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
	assert_int_equal(d->reasons[0], reason);
	assert_int_equal(d->n_blamed, 1);
}

static void serve(struct delivery *d, enum format_id format, const char *text)
{
	struct peer peer;
	char request[1024];

	peer_init(&peer, d->base, "127.0.0.1:0");
	snprintf(d->analyzers[0].url, sizeof(d->analyzers[0].url), "%s", peer.url);
	begin(d, format, "/_bulk");
	delivery_turn(d);
	peer_accept(&peer);
	peer_read(&peer, "{\"n\":2}\n", request, sizeof(request));
	peer_write(&peer, text);
	peer_close(&peer);
	delivery_wait_fates(d, 1);
	peer_deinit(&peer);
}

#define CUT_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"

static void test_one_that_breaks_off_has_failed(void **state)
{
	serve(*state, FORMAT_BULK, CUT_HEAD);
	assert_failed(*state, REROUTE_BROKEN);
}

static void test_nor_does_a_front_without_anything_taken_help(void **state)
{
	serve(*state, FORMAT_BULK, CUT_HEAD "{\"errors\":true,\"items\":[" ITEM(429) ",");
	assert_failed(*state, REROUTE_BROKEN);
}

static void test_one_that_breaks_off_behind_what_was_taken_tells_of_that(void **state)
{
	struct delivery *d = *state;

	serve(d, FORMAT_BULK, CUT_HEAD "{\"errors\":true,\"items\":[" ITEM(201) ",");
	assert_int_equal(d->n_part_messages, 1);
	assert_string_equal(d->last_body, DOCUMENT(1) DOCUMENT(2));
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

/* They do not tell of single messages. */
static void test_of_another_format_its_status_counts(void **state)
{
	serve(*state, FORMAT_HEC, CUT_HEAD);
	assert_int_equal(delivery_count(*state, DELIVERED), 1);
}

static void test_one_that_breaks_off_by_http2_has_failed(void **state)
{
	struct delivery *d = *state;
	struct h2_peer peer;

	h2_peer_init(&peer, d->base);
	peer.answer = (struct h2_answer){ "200", "content-length: 900\n" };
	snprintf(d->analyzers[0].url, sizeof(d->analyzers[0].url), "%s", peer.h2c_url);
	push(d, FORMAT_BULK, "/_bulk");
	assert_failed(d, REROUTE_BROKEN);
	delivery_end(d);
	h2_peer_deinit(&peer);
}

static void test_one_that_does_not_end_in_time_has_failed(void **state)
{
	struct delivery *d = *state;

	d->dispatch.lane_config.timeout_ms = 300;
	delivery_set_roster(d, 0); /* a lane of its own, with that */
	d->fakes[0].is_endless = true;
	push(d, FORMAT_BULK, "/_bulk");
	assert_failed(d, REROUTE_TIMEOUT);
	assert_int_equal(d->dispatch.lanes[0]->breaker.state, BREAKER_OPEN);
}

static void test_no_errors_deliver_all(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json", "{\"took\":1,\"errors\":false,\"items\":[]}");
	push(d, FORMAT_BULK, "/_bulk");
	assert_int_equal(delivery_count(d, DELIVERED), 1);
	assert_int_equal(d->last_messages, 3);
}

static void test_rejected_records_are_bad(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/x-protobuf", "\x0a\x02\x08\x01");
	push(d, FORMAT_OTLP_PROTO, "/v1/logs");
	assert_int_equal(d->n_part_messages, 2);
	assert_int_equal(d->last_messages, 1);
	assert_string_equal(d->last_body, three);
	assert_int_equal(delivery_count(d, BAD), 1);
}

/* It came to /ingest as plain JSON, so nothing is kept of its request. */
static void test_records_that_a_collector_rejects_are_bad_also_of_plain_json(void **state)
{
	static const char logs[] =
		"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{},{}]}]}]}";
	struct delivery *d = *state;
	struct h2_peer peer;
	struct packet *p = packet_new(sizeof(logs));

	h2_peer_init(&peer, d->base);
	peer.answer = (struct h2_answer){ "200", "content-type: application/grpc\n",
					  "\0\0\0\0\4\x0a\x02\x08\x01", 9,
					  .trailers = "grpc-status: 0\n" };
	strcpy(d->analyzers[0].url, peer.grpc_url);
	delivery_set_roster(d, -1);
	assert_non_null(p);
	memcpy(p->body, logs, sizeof(logs) - 1);
	p->len = sizeof(logs) - 1;
	p->n_messages = 3;
	dispatch_push(&d->dispatch, 0, p);
	delivery_wait_fates(d, 1);
	assert_int_equal(d->n_part_messages, 2);
	assert_int_equal(d->last_messages, 1);
	assert_int_equal(delivery_count(d, BAD), 1);
	h2_peer_deinit(&peer);
}

static void test_a_busy_splunk_gets_it_again(void **state)
{
	struct delivery *d = *state;

	answer(d, "application/json", "{\"text\":\"Server is busy\",\"code\":9}");
	push(d, FORMAT_HEC, "/services/collector");
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
	assert_int_equal(d->last_messages, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_busy_is_left_and_the_rest_is_delivered),
		TEST(test_what_is_bad_is_left_alone),
		TEST(test_busy_goes_before_bad),
		TEST(test_nothing_taken_is_a_failure_of_the_delivery),
		TEST(test_errors_that_cannot_be_read_lose_nothing),
		TEST(test_of_an_answer_that_is_cut_off_the_front_counts),
		TEST(test_one_whose_front_has_nothing_taken_is_not_asked_again),
		TEST(test_one_that_breaks_off_has_failed),
		TEST(test_nor_does_a_front_without_anything_taken_help),
		TEST(test_one_that_breaks_off_behind_what_was_taken_tells_of_that),
		TEST(test_of_another_format_its_status_counts),
		TEST(test_one_that_breaks_off_by_http2_has_failed),
		TEST(test_one_that_does_not_end_in_time_has_failed),
		TEST(test_no_errors_deliver_all),
		TEST(test_rejected_records_are_bad),
		TEST(test_records_that_a_collector_rejects_are_bad_also_of_plain_json),
		TEST(test_a_busy_splunk_gets_it_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
