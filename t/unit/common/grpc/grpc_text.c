/* The fields of a call, as text. */
#include "common/grpc/grpc_text.h"

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

static void its_content_type_may_have_more_behind_it(void **state)
{
	static const char *const types[] = { "application/grpc", "application/grpc+proto",
					     "Application/GRPC; a=b", "application/grpc ;a=b" };
	static const char *const others[] = { "",
					      "application/grp",
					      "application/grpc-web",
					      "application/grpc-web+proto",
					      "application/grpcs",
					      "text/application/grpc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_true(grpc_is_type(slice(types[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(grpc_is_type(slice(others[i])));
	assert_false(grpc_is_type((struct http_slice){ 0 }));
}

static void a_timeout_has_up_to_eight_digits_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} cases[] = {
		{ "1S", 1000000 },
		{ "0m", 0 },
		{ "500m", 500000 },
		{ "7u", 7 },
		{ "1999n", 1 },
		{ "2M", 120000000 },
		{ "99999999H", 99999999 * 3600000000ull },
	};
	static const char *const none[] = {
		"", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1SS"
	};
	uint64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(grpc_read_timeout(slice(cases[i].text), &us));
		assert_int_equal(us, cases[i].us);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(grpc_read_timeout(slice(none[i]), &us));
}

static void a_message_is_percent_encoded(void **state)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	(void)state;
	grpc_write_message(&out, "10 % of \xc3\xbc,\n~");
	assert_string_equal(buf_str(&out), "10 %25 of %C3%BC,%0A~");
}

static void a_timeout_is_written_in_milliseconds(void **state)
{
	static const struct {
		uint32_t ms;
		const char *text;
	} cases[] = { { 0, "0m" },
		      { 5000, "5000m" },
		      { 99999999, "99999999m" },
		      { 100000000, "100000S" },
		      { UINT32_MAX, "4294967S" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[GRPC_TIMEOUT_BYTES];
		uint64_t us;

		grpc_write_timeout(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
		assert_true(grpc_read_timeout(slice(text), &us));
	}
}

static void a_message_is_read_as_it_was_meant(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = { { "", "" },
		      { "queue is full", "queue is full" },
		      { "10 %25 of %C3%bc", "10 % of \xc3\xbc" },
		      { "%", "%" },
		      { "%2", "%2" },
		      { "%zz%4", "%zz%4" },
		      { "%%41", "%A" } };
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = grpc_read_message(cases[i].text, out, sizeof(out));

		assert_int_equal(n, strlen(cases[i].message));
		assert_memory_equal(out, cases[i].message, n);
	}
	assert_int_equal(grpc_read_message("%41%42%43", out, 2), 2);
	assert_memory_equal(out, "AB", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_content_type_may_have_more_behind_it),
		cmocka_unit_test(a_timeout_has_up_to_eight_digits_and_a_unit),
		cmocka_unit_test(a_message_is_percent_encoded),
		cmocka_unit_test(a_timeout_is_written_in_milliseconds),
		cmocka_unit_test(a_message_is_read_as_it_was_meant),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
