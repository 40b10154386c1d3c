#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/discover/header_book.h"

#define LIST(...)                                                                                  \
	&(struct conf_list)                                                                        \
	{                                                                                          \
		(char *[]){ __VA_ARGS__ }, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)      \
	}

static void test_lines_that_are_none_are_refused(void **state)
{
	char *const wrong[] = {
		"",
		"a1",
		"X-A: b",
		"=X-A: b",
		"a b=X-A: b",
		"a*1=X-A: b",
		"a1=X-A",
		"a1=X-A:",
		"a1=Host: h",
		"a1=X-A: b\rc",
		"a123456789a123456789a123456789a123456789a123456789a123456789a1234=X-A: b"
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_non_null(header_book_check(LIST("a1=X-A: b", wrong[i])));
	assert_null(header_book_check(LIST("a1=X-A: b=c", "logs-*=X-B: c", "*=X-C: d")));
	assert_null(header_book_check(&(struct conf_list){ 0 }));
}

static void test_a_line_is_for_one_id_or_for_those_that_begin_so(void **state)
{
	(void)state;
	assert_true(header_book_is_for("a1=X-A: b", "a1"));
	assert_false(header_book_is_for("a1=X-A: b", "a"));
	assert_false(header_book_is_for("a1=X-A: b", "a12"));
	assert_true(header_book_is_for("a1*=X-A: b", "a12"));
	assert_true(header_book_is_for("a1*=X-A: b", "a1"));
	assert_false(header_book_is_for("a1*=X-A: b", "a2"));
	assert_true(header_book_is_for("*=X-A: b", "a2"));
}

static void test_an_analyzer_gets_its_own(void **state)
{
	struct header_book book;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	header_book_init(&book);
	assert_true(header_book_is_empty(&book));
	assert_int_equal(header_book_set(&book, LIST("*=X-A: all", "a1=X-B: one", "a1=x-a: own",
						     "a2=X-C: two")),
			 0);
	assert_false(header_book_is_empty(&book));
	buf_append_str(&out, "X-B: before\r\n");
	assert_null(header_book_add(&book, "a1", &out));
	assert_string_equal(buf_str(&out), "X-B: one\r\nx-a: own\r\n");
	buf_clear(&out);
	assert_null(header_book_add(&book, "a3", &out));
	assert_string_equal(buf_str(&out), "X-A: all\r\n");
	header_book_deinit(&book);
}

static void test_its_version_grows_with_what_is_other(void **state)
{
	struct header_book book;
	unsigned version;
	(void)state;

	header_book_init(&book);
	assert_int_equal(header_book_set(&book, LIST("a1=X-A: b")), 0);
	version = header_book_version(&book);
	assert_int_equal(header_book_set(&book, LIST("a1=X-A: b")), 0);
	assert_int_equal(header_book_version(&book), version);
	assert_int_equal(header_book_set(&book, LIST("a1=X-A: c")), 0);
	assert_int_not_equal(header_book_version(&book), version);
	header_book_deinit(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_are_none_are_refused),
		cmocka_unit_test(test_a_line_is_for_one_id_or_for_those_that_begin_so),
		cmocka_unit_test(test_an_analyzer_gets_its_own),
		cmocka_unit_test(test_its_version_grows_with_what_is_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
