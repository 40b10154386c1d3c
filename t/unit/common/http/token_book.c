#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/token_book.h"

#define A "aaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbb="
#define C "cccccccccccccccc"

static struct token_book tokens;

static int fresh(void **state)
{
	(void)state;
	token_book_init(&tokens);
	return 0;
}

static int done(void **state)
{
	(void)state;
	token_book_deinit(&tokens);
	return 0;
}

/* The name of the token that is given; NULL: it is not right. */
static const char *who(const char *authorization)
{
	int slot = token_book_find(&tokens, authorization, strlen(authorization));

	return slot == TOKEN_BOOK_NONE ? NULL : token_book_name(&tokens, (unsigned)slot);
}

static void lines_are_names_and_tokens(void **state)
{
	(void)state;
	assert_int_equal(token_book_set(&tokens, "one", NULL,
					"# of the shop\n\nshop " A "\r\n  web-1 = " B "\t\nold=" C),
			 0);
	assert_true(token_book_are_needed(&tokens));
	assert_string_equal(who("Bearer " A), "shop");
	assert_string_equal(who("Splunk " B), "web-1");
	assert_string_equal(who("ApiKey " C), "old");
	assert_null(who("Bearer shop"));
	assert_null(who("Bearer " A A));
	assert_null(who(""));
}

static void the_one_token_has_the_name_of_its_option(void **state)
{
	(void)state;
	assert_false(token_book_are_needed(&tokens));
	assert_int_equal(token_book_set(&tokens, "one", A, "shop " B), 0);
	assert_string_equal(who("Bearer " A), "one");
	assert_string_equal(who("Bearer " B), "shop");
	assert_int_equal(token_book_set(&tokens, "one", NULL, NULL), 0);
	assert_false(token_book_are_needed(&tokens));
	assert_null(who("Bearer " A));
}

static void a_name_may_have_two_tokens_and_keeps_its_slot(void **state)
{
	(void)state;
	assert_int_equal(token_book_set(&tokens, "one", NULL, "shop " A "\nweb " C), 0);
	assert_int_equal(token_book_set(&tokens, "one", NULL, "new " C "\nshop " A "\nshop " B), 0);
	assert_int_equal(token_book_find(&tokens, "Bearer " A, 23), 0);
	assert_int_equal(token_book_find(&tokens, "Bearer " B, 24), 0);
	assert_int_equal(token_book_find(&tokens, "Bearer " C, 23), 2);
	assert_string_equal(token_book_name(&tokens, 1), "web");
	assert_null(token_book_name(&tokens, 3));
}

static void names_beyond_the_last_slot_share_one(void **state)
{
	char line[64];

	(void)state;
	for (unsigned i = 0; i < TOKEN_BOOK_SLOTS + 5; i++) {
		snprintf(line, sizeof(line), "name-%u %s", i, A);
		assert_int_equal(token_book_set(&tokens, "one", NULL, line), 0);
	}
	assert_string_equal(who("Bearer " A), "other-names");
	assert_string_equal(token_book_name(&tokens, TOKEN_BOOK_SLOTS - 2), "name-126");
}

static void a_mistake_is_told_by_its_line_without_the_token(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "has no line NAME TOKEN" },
		{ "\n# nothing\n", "has no line NAME TOKEN" },
		{ "shop " A "\nweb", "has a mistake in line 2: there is no token behind the name" },
		{ "shop", "has a mistake in line 1: there is no token behind the name" },
		{ "\nsh/op " A,
		  "has a mistake in line 2: the name must have 1 to 32 of A-Z a-z 0-9 . _ -" },
		{ "= " A,
		  "has a mistake in line 1: the name must have 1 to 32 of A-Z a-z 0-9 . _ -" },
		{ "shop short",
		  "has a mistake in line 1: the token must have at least 16 characters" },
		{ "shop " A " " B,
		  "has a mistake in line 1: the token has other characters than printable ASCII without spaces" },
		{ "shop " A "\nweb " A,
		  "has a mistake in line 2: the token stands in an earlier line, too" },
	};
	char why[TOKEN_BOOK_WHY];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_false(token_book_check(wrong[i][0], why));
		assert_string_equal(why, wrong[i][1]);
	}
	assert_true(token_book_check("shop " A, why));
}

static void there_may_be_64_of_them(void **state)
{
	char text[64 * TOKEN_BOOK_MOST + 64] = "", why[TOKEN_BOOK_WHY];
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < TOKEN_BOOK_MOST; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "n%u token-of-the-name-%u\n", i,
				      i);
	assert_true(token_book_check(text, why));
	assert_int_equal(token_book_set(&tokens, "one", A, text), 0);
	assert_string_equal(who("Bearer token-of-the-name-63"), "n63");
	snprintf(text + n, sizeof(text) - n, "more %s", B);
	assert_false(token_book_check(text, why));
	assert_string_equal(why, "has a mistake in line 65: there are more than 64 tokens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_names_and_tokens, fresh, done),
		cmocka_unit_test_setup_teardown(the_one_token_has_the_name_of_its_option, fresh,
						done),
		cmocka_unit_test_setup_teardown(a_name_may_have_two_tokens_and_keeps_its_slot,
						fresh, done),
		cmocka_unit_test_setup_teardown(names_beyond_the_last_slot_share_one, fresh, done),
		cmocka_unit_test(a_mistake_is_told_by_its_line_without_the_token),
		cmocka_unit_test_setup_teardown(there_may_be_64_of_them, fresh, done),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/http/token_book", tests, NULL, NULL);
}
