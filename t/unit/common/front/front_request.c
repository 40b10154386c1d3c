#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/front/front_request.h"

static void init(struct front_request *rq, const char *section)
{
	struct http_head head;
	struct http_reader reader;
	struct http_slice slice;
	size_t n;

	*rq = (struct front_request){ 0 };
	http_reader_init(&reader, &head, 4096, 4096);
	assert_int_equal(http_reader_feed(&reader, section, strlen(section), &n, &slice),
			 HTTP_HEAD_DONE);
	assert_int_equal(front_request_init(rq, &head, section, n), 0);
}

static void a_request_keeps_what_handlers_read(void **state UNUSED)
{
	struct front_request rq;

	init(&rq, "GET /v1/dead?limit=5 HTTP/1.1\r\nHOST: a:1\r\nIf-Match: \"1\"\r\nX: y\r\n"
		  "if-match: \"2\"\r\nAccept:\r\n\r\n");
	assert_int_equal(rq.method, HTTP_GET);
	assert_string_equal(rq.path, "/v1/dead");
	assert_string_equal(rq.query, "limit=5");
	assert_string_equal(rq.fields[FIELD_HOST], "a:1");
	assert_string_equal(rq.fields[FIELD_IF_MATCH], "\"1\", \"2\"");
	assert_string_equal(rq.fields[FIELD_ACCEPT], "");
	assert_null(rq.fields[FIELD_ORIGIN]);
	front_request_deinit(&rq);
}

static int parameter(const char *query, const char *name, char out[8])
{
	struct front_request rq = { .query = (char *)query };

	return front_parameter(&rq, name, out, 8);
}

static void parameters_are_found_and_decoded(void **state UNUSED)
{
	char out[8];

	assert_int_equal(parameter(NULL, "a", out), 0);
	assert_int_equal(parameter("ab=1&b=2", "a", out), 0);
	assert_int_equal(parameter("ab=1&a=2&a=3", "a", out), 1);
	assert_string_equal(out, "2");
	assert_int_equal(parameter("a=%31+%2b", "a", out), 1);
	assert_string_equal(out, "1 +");
	assert_int_equal(parameter("a=1234567", "a", out), 1);
	assert_int_equal(parameter("a=12345678", "a", out), -1);
	assert_int_equal(parameter("a=%00", "a", out), -1);
	assert_int_equal(parameter("a=%3", "a", out), -1);
	assert_int_equal(parameter("a=%zz", "a", out), -1);
}

static void answers_are_whole(void **state UNUSED)
{
	struct front_request rq = { .method = HTTP_GET };

	assert_int_equal(front_send_json(&rq, 200, cJSON_CreateObject()), 200);
	assert_non_null(strstr(buf_str(&rq.out), "\r\nContent-Length: 2\r\n"));
	assert_non_null(strstr(buf_str(&rq.out), "\r\n\r\n{}"));
	rq.method = HTTP_HEAD;
	assert_int_equal(front_send_json(&rq, 200, NULL), 503);
	assert_string_equal(strstr(buf_str(&rq.out), "\r\n\r\n"), "\r\n\r\n");
	front_request_deinit(&rq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_keeps_what_handlers_read),
		cmocka_unit_test(parameters_are_found_and_decoded),
		cmocka_unit_test(answers_are_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
