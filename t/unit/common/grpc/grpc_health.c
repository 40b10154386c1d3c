/* Questions about health, and their answers. */
#include "common/grpc/grpc_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SERVING(text, servingp) grpc_health_read_serving(text, sizeof(text) - 1, servingp)
#define SERVICE(text, servicep) grpc_health_read_service(text, sizeof(text) - 1, servicep)

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (enum grpc_serving s = GRPC_SERVING; s <= GRPC_SERVICE_UNKNOWN; s++) {
		char message[GRPC_SERVING_BYTES];
		enum grpc_serving read;

		grpc_health_write_serving(message, s);
		assert_int_equal(grpc_health_read_serving(message + GRPC_PREFIX_BYTES, 2, &read),
				 0);
		assert_int_equal(read, s);
	}
}

static void what_it_does_not_say_is_unknown(void **state)
{
	enum grpc_serving serving;

	(void)state;
	assert_int_equal(SERVING("", &serving), 0);
	assert_int_equal(serving, GRPC_SERVING_UNKNOWN);
	assert_int_equal(SERVING("\x08\x09", &serving), 0);
	assert_int_equal(serving, GRPC_SERVING_UNKNOWN);
	assert_int_equal(SERVING("\x12\x01x\x08\x01", &serving), 0);
	assert_int_equal(serving, GRPC_SERVING);
	assert_int_equal(SERVING("\x08", &serving), PROTOBUF_E_SYNTAX);
}

static void a_question_names_a_service_or_none(void **state)
{
	struct http_slice service;

	(void)state;
	assert_int_equal(SERVICE("", &service), 0);
	assert_int_equal(service.len, 0);
	assert_int_equal(SERVICE("\x0a\x03"
				 "a.B",
				 &service),
			 0);
	assert_int_equal(service.len, 3);
	assert_memory_equal(service.data, "a.B", 3);
	assert_int_equal(SERVICE("\x0a\x04"
				 "a.B",
				 &service),
			 PROTOBUF_E_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_it_does_not_say_is_unknown),
		cmocka_unit_test(a_question_names_a_service_or_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
