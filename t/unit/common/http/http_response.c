#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/http_response.h"

#define CRLF "\r\n"
#define TEN_NINES "9999999999"
#define HUNDRED_NINES                                                                              \
	TEN_NINES TEN_NINES TEN_NINES TEN_NINES TEN_NINES TEN_NINES TEN_NINES TEN_NINES TEN_NINES  \
		TEN_NINES
#define OK_HEAD "HTTP/1.1 202 Accepted" CRLF

static void feed_all(struct http_response *r, const char *text)
{
	http_response_feed(r, text, strlen(text));
}

struct good_case {
	const char *bytes;
	int status;
	bool keep_alive;
	int64_t retry_after_s;
};

static const struct good_case good_cases[] = {
	{ OK_HEAD "Content-Length: 5" CRLF CRLF "hello", 202, true, -1 },
	{ OK_HEAD "content-length:0" CRLF CRLF, 202, true, -1 },
	{ OK_HEAD "X-Other: \t a: b, c \t" CRLF "Content-Length: 1 " CRLF CRLF "x", 202, true, -1 },
	{ "HTTP/1.1 204 No Content" CRLF CRLF, 204, true, -1 },
	{ "HTTP/1.1 202" CRLF "Content-Length: 0" CRLF CRLF, 202, true, -1 },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: 17" CRLF "Connection: Close" CRLF
	  "Content-Length: 2" CRLF CRLF "{}",
	  503, false, 17 },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: 999999999999999999999999" CRLF
	  "Content-Length: 0" CRLF CRLF,
	  503, true, INT64_MAX },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: " HUNDRED_NINES HUNDRED_NINES HUNDRED_NINES CRLF
	  "Content-Length: 0" CRLF CRLF,
	  503, true, INT64_MAX },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: 00000000000000000000017" CRLF
	  "Content-Length: 00000000000000000000002" CRLF CRLF "{}",
	  503, true, 17 },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: 18446744073709551616 s" CRLF
	  "Content-Length: 0" CRLF CRLF,
	  503, true, -1 },
	{ "HTTP/1.1 503 Busy" CRLF "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT" CRLF
	  "Content-Length: 0" CRLF CRLF,
	  503, true, -1 },
	{ OK_HEAD "Connection: foo , close" CRLF "Content-Length: 0" CRLF CRLF, 202, false, -1 },
	{ OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF "5" CRLF "hello" CRLF "0" CRLF CRLF, 202,
	  true, -1 },
	{ OK_HEAD "Transfer-Encoding: Chunked" CRLF CRLF "1;a=b" CRLF "x" CRLF "00A" CRLF
		  "0123456789" CRLF "0" CRLF "Trailer: y" CRLF CRLF,
	  202, true, -1 },
	{ "HTTP/1.1 100 Continue" CRLF CRLF OK_HEAD "Content-Length: 2" CRLF CRLF "ok", 202, true,
	  -1 },
	{ "HTTP/1.1 103 Early Hints" CRLF "Connection: close" CRLF "Content-Length: 9" CRLF CRLF
	  "HTTP/1.1 100 Continue" CRLF CRLF OK_HEAD "Content-Length: 0" CRLF CRLF,
	  202, true, -1 },
	{ "HTTP/1.0 200 OK" CRLF "Content-Length: 0" CRLF CRLF, 200, false, -1 },
	{ "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, true, -1 },
	{ OK_HEAD "Transfer-Encoding: chunked\n\n1\nx\n0\n\n", 202, true, -1 },
	{ OK_HEAD "X: a" CRLF " folded" CRLF "\tmore" CRLF "Content-Length: 1" CRLF CRLF "x", 202,
	  true, -1 },
	{ OK_HEAD "Content-Length: 3" CRLF "Content-Length: 3" CRLF CRLF "abc", 202, true, -1 },
	{ "HTTP/1.0 200 OK" CRLF "Connection: keep-alive" CRLF "Content-Length: 0" CRLF CRLF, 200,
	  true, -1 },
};

static void check_good(const struct http_response *r, const struct good_case *c)
{
	assert_int_equal(r->state, HTTP_RESPONSE_DONE);
	assert_int_equal(r->status, c->status);
	assert_int_equal(r->keep_alive, c->keep_alive);
	assert_int_equal(r->retry_after_s, c->retry_after_s);
	assert_false(r->is_cut);
}

static void good_answers_are_read_wherever_they_are_split(void **state UNUSED)
{
	struct http_response r;

	for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
		const char *bytes = good_cases[i].bytes;
		size_t len = strlen(bytes);

		for (size_t split = 0; split <= len; split++) {
			http_response_init(&r);
			assert_int_equal(http_response_feed(&r, bytes, split), split);
			assert_int_equal(r.state == HTTP_RESPONSE_DONE, split == len);
			assert_int_equal(http_response_feed(&r, bytes + split, len - split),
					 len - split);
			check_good(&r, &good_cases[i]);
		}
	}
}

static void good_answers_are_read_a_byte_at_a_time(void **state UNUSED)
{
	struct http_response r;

	for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
		http_response_init(&r);
		for (const char *c = good_cases[i].bytes; *c; c++)
			assert_int_equal(http_response_feed(&r, c, 1), 1);
		check_good(&r, &good_cases[i]);
	}
}

static void assert_quote(const char *bytes, const char *quote)
{
	struct http_response r;

	http_response_init(&r);
	for (const char *c = bytes; *c; c++)
		http_response_feed(&r, c, 1);
	http_response_end(&r);
	assert_int_equal(r.quote_len, strlen(quote));
	assert_memory_equal(r.quote, quote, r.quote_len);
}

static void the_front_of_an_answer_that_is_no_success_is_kept(void **state UNUSED)
{
	assert_quote("HTTP/1.1 400 Bad" CRLF "Content-Length: 5" CRLF CRLF "why??", "why??");
	assert_quote("HTTP/1.1 500 No" CRLF CRLF "until the end", "until the end");
	assert_quote("HTTP/1.1 500 No" CRLF "Content-Length: 99" CRLF CRLF "cut", "cut");
	assert_quote("HTTP/1.1 422 No" CRLF "Transfer-Encoding: chunked" CRLF CRLF "2" CRLF
		     "ab" CRLF "1" CRLF "c" CRLF "0" CRLF CRLF,
		     "abc");
	assert_quote("HTTP/1.1 413 No" CRLF "Content-Length: 400" CRLF CRLF HUNDRED_NINES
			     HUNDRED_NINES HUNDRED_NINES HUNDRED_NINES,
		     HUNDRED_NINES HUNDRED_NINES HUNDRED_NINES);
	assert_quote(OK_HEAD "Content-Length: 5" CRLF CRLF "hello", "");
}

static const char *const bad_cases[] = {
	"\n",
	"HTTP/2 202 Accepted" CRLF,
	"HTTP/1.x 202 Accepted" CRLF,
	"HTTP/1.1 20 Accepted" CRLF,
	"HTTP/1.1 2020 Accepted" CRLF,
	"HTTP/1.1 099 Low" CRLF,
	"HTTP/1.1 600 High" CRLF,
	"HTTP/1.1  202 Accepted" CRLF,
	"http/1.1 202 Accepted" CRLF,
	"HTTP/1.1 101 Switching" CRLF CRLF,
	"HTTP/1.1 100 Continue" CRLF "no colon" CRLF,
	"HTTP/1.1 100 Continue" CRLF CRLF "no status" CRLF,
};

/* What comes behind the status line cannot be read. */
static const char *const spoilt_cases[] = {
	OK_HEAD "no colon" CRLF,
	OK_HEAD ": no name" CRLF,
	OK_HEAD "Space : x" CRLF,
	OK_HEAD "Content-Length: x" CRLF,
	OK_HEAD "Content-Length: -1" CRLF,
	OK_HEAD "Content-Length:" CRLF,
	OK_HEAD "Content-Length:" CRLF " 5" CRLF,
	OK_HEAD "Content-Length: 1234567890123456789" CRLF,
	OK_HEAD "Content-Length: 1" CRLF "Content-Length: 2" CRLF,
	OK_HEAD "Content-Length: 1" CRLF "Transfer-Encoding: chunked" CRLF CRLF,
	OK_HEAD "Transfer-Encoding: gzip, chunked" CRLF,
	OK_HEAD "Transfer-Encoding: chunked" CRLF "Transfer-Encoding: chunked" CRLF,
	OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF "x" CRLF,
	OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF CRLF,
	OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF "1234567890123456" CRLF,
	OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF "1" CRLF "xx" CRLF,
};

static void bad_answers_are_refused_wherever_they_are_split(void **state UNUSED)
{
	struct http_response r;

	for (size_t i = 0; i < ARRAY_LEN(bad_cases); i++) {
		size_t len = strlen(bad_cases[i]);

		for (size_t split = 0; split <= len; split++) {
			http_response_init(&r);
			http_response_feed(&r, bad_cases[i], split);
			http_response_feed(&r, bad_cases[i] + split, len - split);
			if (r.state != HTTP_RESPONSE_BAD)
				fail_msg("case %zu split at %zu was not refused", i, split);
		}
	}
}

static void the_status_line_decides_whatever_comes_behind_it(void **state UNUSED)
{
	struct http_response r;

	for (size_t i = 0; i < ARRAY_LEN(spoilt_cases); i++) {
		size_t len = strlen(spoilt_cases[i]);

		for (size_t split = 0; split <= len; split++) {
			http_response_init(&r);
			http_response_feed(&r, spoilt_cases[i], split);
			http_response_feed(&r, spoilt_cases[i] + split, len - split);
			if (r.state != HTTP_RESPONSE_DONE || r.status != 202 || r.keep_alive ||
			    !r.is_cut)
				fail_msg("case %zu split at %zu: the 202 does not count", i, split);
		}
	}
}

static void an_answer_without_a_length_ends_with_the_connection(void **state UNUSED)
{
	static const char bytes[] = OK_HEAD CRLF "whatever";
	struct http_response r;

	http_response_init(&r);
	assert_int_equal(http_response_feed(&r, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1);
	assert_int_equal(r.state, HTTP_RESPONSE_UNTIL_CLOSE);
	http_response_end(&r);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	assert_false(r.keep_alive);
	assert_int_equal(r.status, 202);
	assert_false(r.is_cut);
}

static void one_that_is_cut_before_is_not_whole(void **state UNUSED)
{
	struct http_response r;

	http_response_init(&r);
	feed_all(&r, OK_HEAD CRLF "whatever");
	http_response_cut(&r);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	assert_true(r.is_cut);
}

static void an_answer_cut_short_counts_from_its_status_line_on(void **state UNUSED)
{
	const char *bytes = good_cases[0].bytes;
	struct http_response r;

	for (size_t len = 0; len < strlen(bytes); len++) {
		http_response_init(&r);
		http_response_feed(&r, bytes, len);
		assert_int_equal(r.any, len > 0);
		http_response_end(&r);
		if (len < strlen(OK_HEAD)) {
			assert_int_equal(r.state, HTTP_RESPONSE_BAD);
		} else {
			assert_int_equal(r.state, HTTP_RESPONSE_DONE);
			assert_int_equal(r.status, 202);
			assert_false(r.keep_alive);
			assert_true(r.is_cut);
		}
	}
}

static void bytes_after_an_answer_are_left(void **state UNUSED)
{
	static const char bytes[] = OK_HEAD "Content-Length: 2" CRLF CRLF "okHTTP/1.1";
	struct http_response r;

	http_response_init(&r);
	assert_int_equal(http_response_feed(&r, bytes, sizeof(bytes) - 1), strlen(bytes) - 8);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
}

static void a_head_without_end_is_not_read_for_ever(void **state UNUSED)
{
	struct http_response r;

	http_response_init(&r);
	feed_all(&r, OK_HEAD);
	for (int i = 0; i < HTTP_RESPONSE_MAX_HEAD / 10 + 100 && r.state == HTTP_RESPONSE_FIELDS;
	     i++)
		feed_all(&r, "X-Y: 1234" CRLF);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	assert_false(r.keep_alive);
	http_response_init(&r);
	for (int i = 0; i < HTTP_RESPONSE_MAX_HEAD && r.state != HTTP_RESPONSE_BAD; i++)
		feed_all(&r, "HTTP/1.1 100 Continue" CRLF CRLF);
	assert_int_equal(r.state, HTTP_RESPONSE_BAD);
}

static void a_long_line_is_fine_unless_it_matters(void **state UNUSED)
{
	char padding[1000];
	struct http_response r;

	memset(padding, ' ', sizeof(padding) - 1);
	padding[sizeof(padding) - 1] = 0;
	http_response_init(&r);
	feed_all(&r, OK_HEAD "X-Long: ");
	feed_all(&r, padding);
	feed_all(&r, CRLF "Content-Length: 0" CRLF CRLF);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	http_response_init(&r);
	feed_all(&r, OK_HEAD "Content-Length: ");
	feed_all(&r, padding);
	feed_all(&r, "0" CRLF);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	assert_false(r.keep_alive);
}

/* The limit is on lines, not on what they frame. */
static void a_body_of_many_chunks_is_fine(void **state UNUSED)
{
	struct http_response r;

	http_response_init(&r);
	feed_all(&r, OK_HEAD "Transfer-Encoding: chunked" CRLF CRLF);
	for (int i = 0; i < HTTP_RESPONSE_MAX_HEAD; i++)
		feed_all(&r, "2" CRLF "ab" CRLF);
	feed_all(&r, "0" CRLF CRLF);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
}

static void assert_kept(const char *bytes, const char *kept)
{
	struct buf keep CLEANUP(buf_deinit) = { 0 };
	struct http_response r;

	http_response_init(&r);
	http_response_keep(&r, &keep);
	feed_all(&r, bytes);
	http_response_end(&r);
	assert_int_equal(r.state, HTTP_RESPONSE_DONE);
	assert_string_equal(buf_str(&keep), kept);
}

static void the_json_of_a_success_is_kept_where_it_is_wanted(void **state UNUSED)
{
	static char longest[2 * HTTP_RESPONSE_KEEP_BYTES];
	int n;

	assert_kept(OK_HEAD "Content-Type: application/json" CRLF "Content-Length: 2" CRLF CRLF
			    "{}",
		    "{}");
	assert_kept("HTTP/1.1 100 Continue" CRLF CRLF OK_HEAD
		    "content-type: Application/JSON; charset=utf-8" CRLF
		    "Transfer-Encoding: chunked" CRLF CRLF "1" CRLF "{" CRLF "1" CRLF "}" CRLF
		    "0" CRLF CRLF,
		    "{}");
	assert_kept(OK_HEAD "Content-Type: application/jsonl" CRLF "Content-Length: 2" CRLF CRLF
			    "{}",
		    "");
	assert_kept(OK_HEAD "Content-Length: 2" CRLF CRLF "{}", "");
	assert_kept("HTTP/1.1 400 Bad" CRLF "Content-Type: application/json" CRLF
		    "Content-Length: 2" CRLF CRLF "{}",
		    "");
	n = snprintf(longest, sizeof(longest), OK_HEAD "Content-Type: application/json" CRLF CRLF);
	memset(longest + n, ' ', sizeof(longest) - (size_t)n - 1);
	assert_kept(longest, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_json_of_a_success_is_kept_where_it_is_wanted),
		cmocka_unit_test(good_answers_are_read_wherever_they_are_split),
		cmocka_unit_test(good_answers_are_read_a_byte_at_a_time),
		cmocka_unit_test(the_front_of_an_answer_that_is_no_success_is_kept),
		cmocka_unit_test(bad_answers_are_refused_wherever_they_are_split),
		cmocka_unit_test(an_answer_without_a_length_ends_with_the_connection),
		cmocka_unit_test(one_that_is_cut_before_is_not_whole),
		cmocka_unit_test(an_answer_cut_short_counts_from_its_status_line_on),
		cmocka_unit_test(the_status_line_decides_whatever_comes_behind_it),
		cmocka_unit_test(bytes_after_an_answer_are_left),
		cmocka_unit_test(a_head_without_end_is_not_read_for_ever),
		cmocka_unit_test(a_long_line_is_fine_unless_it_matters),
		cmocka_unit_test(a_body_of_many_chunks_is_fine),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
