/* Answers to calls, as text. */
#include "node/ingest/answer_grpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/h2/h2_head.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nDate: now\r\n"

static void assert_written(const struct answer *a, const char *text, size_t len)
{
	static const struct answer_date date = { 0, "now" };
	struct buf out CLEANUP(buf_deinit) = { 0 };

	answer_grpc_write(&out, a, &date);
	assert_false(out.failed);
	assert_string_equal(buf_str(&out), text);
	assert_int_equal(out.len, len);
}

#define WRITTEN(answer, text) assert_written(answer, HEAD text, sizeof(HEAD text) - 1)

static void a_packet_has_an_empty_message(void **state)
{
	struct answer a = { .kind = ANSWER_ACCEPTED, .grpc = GRPC_EXPORT, .n_messages = 3 };

	(void)state;
	WRITTEN(&a, "\r\n\0\0\0\0\0");
	strcpy(a.analyzer, "a1");
	WRITTEN(&a, "Weir-Analyzer: a1\r\n\r\n\0\0\0\0\0");
}

static void health_has_a_message_with_its_state(void **state)
{
	struct answer a = { .kind = ANSWER_TEXT, .grpc = GRPC_CHECK, .status = 200 };

	(void)state;
	WRITTEN(&a, "\r\n\0\0\0\0\2\x08\1");
	a.status = 503;
	WRITTEN(&a, "\r\n\0\0\0\0\2\x08\2");
}

static void a_refusal_is_a_header_section_alone(void **state)
{
	struct answer a = { .kind = ANSWER_REFUSED,
			    .grpc = GRPC_EXPORT,
			    .refusal = REFUSAL_UNKNOWN_SERVICE };

	(void)state;
	WRITTEN(&a, "Grpc-Status: 5\r\nGrpc-Message: The health of this service is not known "
		    "here.\r\n\r\n");
	a.refusal = REFUSAL_GRPC_ENCODING;
	WRITTEN(&a, "Grpc-Status: 12\r\nGrpc-Message: grpc-encoding may name gzip and "
		    "identity.\r\nGrpc-Accept-Encoding: identity,gzip\r\n\r\n");
}

/* google.rpc.Status with a RetryInfo of two seconds. */
static void what_may_go_well_later_says_when(void **state)
{
	struct answer a = { .kind = ANSWER_REFUSED,
			    .grpc = GRPC_EXPORT,
			    .refusal = REFUSAL_SHUTTING_DOWN,
			    .retry_after_s = 2 };

	(void)state;
	WRITTEN(&a, "Grpc-Status: 14\r\nGrpc-Message: This node is shutting down.\r\n"
		    "Grpc-Status-Details-Bin: "
		    "CA4SG1RoaXMgbm9kZSBpcyBzaHV0dGluZyBkb3duLhowCih0eXBlLmdvb2dsZWFw"
		    "aXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgQKAggC"
		    "\r\n\r\n");
}

/* Each of them fits into the fields of an answer of HTTP/2. */
static void every_refusal_becomes_fields(void **state)
{
	static const struct answer_date date = { 0, "now" };

	(void)state;
	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSALS; r++) {
		struct answer a = { .kind = ANSWER_REFUSED,
				    .grpc = GRPC_EXPORT,
				    .refusal = r,
				    .retry_after_s = 1234567890 };
		struct buf out CLEANUP(buf_deinit) = { 0 };
		struct h2_field fields[H2_FIELDS_MAX];
		size_t n;

		answer_grpc_write(&out, &a, &date);
		assert_int_equal(h2_head_split(out.data, out.len, fields, &n), out.len);
		assert_in_range(n, 5, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_has_an_empty_message),
		cmocka_unit_test(health_has_a_message_with_its_state),
		cmocka_unit_test(a_refusal_is_a_header_section_alone),
		cmocka_unit_test(what_may_go_well_later_says_when),
		cmocka_unit_test(every_refusal_becomes_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
