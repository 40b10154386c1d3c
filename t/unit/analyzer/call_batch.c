/* Batches that come by gRPC. */
#include "analyzer/call_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/grpc/grpc_deliver.h"

struct fixture {
	struct config config;
	struct intake *intake;
	struct worker *worker;
	struct buf message;
	struct call_batch call;
	struct stats_batch batch;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->config = (struct config){ .dedupe_window = 1000 };
	f->worker = worker_new(NULL);
	*state = f;
	return intake_new(&f->config, &f->intake);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	call_batch_deinit(&f->call);
	intake_free(f->intake);
	worker_free(f->worker);
	buf_deinit(&f->message);
	free(f);
	return 0;
}

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static void add(struct fixture *f, const char *body, const char *format)
{
	const struct grpc_packet p = { .body = slice(body),
				       .format = slice(format),
				       .n_messages = 1 };
	char head[256];
	struct protobuf_out out = { .data = head, .size = sizeof(head) };

	grpc_packet_write_head(&out, &p);
	buf_append(&f->message, head, out.len);
	buf_append_str(&f->message, body);
}

static enum refusal take(struct fixture *f, bool is_request)
{
	enum refusal refusal;

	call_batch_deinit(&f->call);
	worker_reset(f->worker);
	f->batch = (struct stats_batch){ 0 };
	refusal = call_batch_read(&f->call, f->worker, buf_str(&f->message), f->message.len,
				  is_request);
	return refusal ? refusal : call_batch_take(&f->call, f->intake, f->worker, &f->batch);
}

/* "200 400 " */
static void assert_results(struct fixture *f, const char *expected)
{
	struct buf written CLEANUP(buf_deinit) = { 0 }, said CLEANUP(buf_deinit) = { 0 };
	struct protobuf_cursor cursor;
	struct grpc_result result;

	call_batch_write_results(&f->call, &written);
	cursor = protobuf_open(written.data, written.len);
	while (grpc_result_next(&cursor, &result) == 0) {
		buf_printf(&said, "%u ", result.status);
		assert_int_equal(result.error.len > 0, result.status != 200);
	}
	assert_string_equal(buf_str(&said), expected);
}

static void packets_are_taken_and_counted(void **state)
{
	struct fixture *f = *state;

	add(f, "{\"messages\":[1,2]}", "");
	add(f, " [1,2,3] ", "");
	assert_int_equal(take(f, false), REFUSED_NOT);
	assert_results(f, "200 200 ");
	assert_int_equal(f->batch.n_packets, 2);
	assert_int_equal(f->batch.n_messages, 5);
}

static void what_is_no_packet_is_refused_by_itself(void **state)
{
	struct fixture *f = *state;

	add(f, "{nope", "");
	add(f, "[1]", "");
	add(f, "7", "");
	add(f, "[1][2]", "");
	add(f, "{\"messages\":[]}", "");
	add(f, "{}", "");
	assert_int_equal(take(f, false), REFUSED_NOT);
	assert_results(f, "400 200 400 400 400 200 ");
	assert_int_equal(f->batch.n_packets, 2);
}

static void a_batch_of_bad_packets_is_not_refused_as_a_whole(void **state)
{
	struct fixture *f = *state;

	add(f, "{nope", "");
	assert_int_equal(take(f, false), REFUSED_NOT);
	assert_results(f, "400 ");
	assert_int_equal(f->batch.n_packets, 0);
}

static void a_duplicate_is_taken_and_not_counted(void **state)
{
	struct fixture *f = *state;

	add(f, "{\"id\":\"a\"}", "");
	add(f, "{\"id\":\"a\"}", "");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(f, false), REFUSED_NOT);
		assert_results(f, "200 200 ");
		assert_int_equal(f->batch.n_packets, i == 0 ? 1 : 0);
		assert_int_equal(f->batch.n_duplicates, i == 0 ? 1 : 2);
	}
}

/* Each in its format. The JSON forms stand in one buffer, which grows. */
static void requests_become_json(void **state)
{
	struct fixture *f = *state;
	char line[3000];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	add(f, "{\"a\":1}\n{\"a\":2}", "json-lines");
	add(f, "\xc1", "msgpack");
	for (int i = 0; i < 10; i++)
		add(f, line, "text");
	add(f, "[1]", "");
	assert_int_equal(take(f, true), REFUSED_NOT);
	assert_results(f, "200 400 200 200 200 200 200 200 200 200 200 200 200 ");
	assert_int_equal(f->batch.n_packets, 12);
	assert_int_equal(f->batch.n_messages, 13);
}

static void nothing_and_what_is_no_batch_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take(f, false), REFUSED_EMPTY);
	add(f, "[1]", "");
	buf_append_str(&f->message, "\x0a\x05\x12");
	assert_int_equal(take(f, false), REFUSED_SYNTAX);
}

static void a_batch_has_its_bound(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 65537; i++)
		buf_append(&f->message, "\x0a\0", 2);
	assert_int_equal(take(f, false), REFUSED_BATCH_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packets_are_taken_and_counted),
		TEST(what_is_no_packet_is_refused_by_itself),
		TEST(a_batch_of_bad_packets_is_not_refused_as_a_whole),
		TEST(a_duplicate_is_taken_and_not_counted),
		TEST(requests_become_json),
		TEST(nothing_and_what_is_no_batch_are_refused),
		TEST(a_batch_has_its_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
