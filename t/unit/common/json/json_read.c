#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/json/json_read.h"
#include "common/json/json_scan.h"

#define SMALL_STACK (100 << 10) /* of the threads of an HTTP server */

static int read_text(const char *text)
{
	cJSON *json = NULL;
	int r = json_read(text, strlen(text), &json);

	cJSON_Delete(json);
	return r;
}

static void reads_one_document(void **state UNUSED)
{
	cJSON *json = NULL;

	assert_int_equal(json_read(" {\"a\":[1,\"\\\\u0000\"]} ", 20, &json), 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "a")), 2);
	cJSON_Delete(json);
	assert_null(json_read_text(NULL));
	assert_null(json_read_text("{"));
}

static void refuses_what_cjson_would_take(void **state UNUSED)
{
	static const char *const bad[] = {
		"",           "{} x",     "{}{}",       "[5.]", "[01]",    "[-]",           "[1e]",
		"{\"a\":1,}", "[\"\t\"]", "[\"\xff\"]", "[+1]", "[nullx]", "\xEF\xBB\xBF{}"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (read_text(bad[i]) != JSON_READ_E_SYNTAX)
			fail_msg("taken: %s", bad[i]);
}

static void refuses_nul_in_strings(void **state UNUSED)
{
	assert_int_equal(read_text("[\"a\\u0000b\"]"), JSON_READ_E_NUL);
	assert_int_equal(read_text("{\"a\\u0000\":1}"), JSON_READ_E_NUL);
	assert_int_equal(read_text("[\"\\\\\\u0000\"]"), JSON_READ_E_NUL);
	assert_int_equal(read_text("[\"\\\\u0000\"]"), 0);
	assert_int_equal(read_text("[\"\\u0001\\u00000\"]"), JSON_READ_E_NUL);
	assert_int_equal(read_text("[\"\\u000a\"]"), 0);
}

static char *nested(unsigned n, char open, const char *core, char close)
{
	struct buf text = { 0 };

	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, open == '{' ? "{\"a\":" : "%c", open);
	buf_append_str(&text, core);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "%c", close);
	buf_str(&text);
	return text.data;
}

static void check_depth(unsigned n, const char *core, bool is_fine)
{
	AUTO_FREE char *arrays = nested(n, '[', core, ']');
	AUTO_FREE char *objects = nested(n, '{', core, '}');

	assert_int_equal(read_text(arrays), is_fine ? 0 : JSON_READ_E_SYNTAX);
	assert_int_equal(read_text(objects), is_fine ? 0 : JSON_READ_E_SYNTAX);
	for (int i = 0; i < 2; i++) {
		const char *text = i ? objects : arrays;
		cJSON *own = json_read_own(text, strlen(text));

		assert_int_equal(own != NULL, is_fine);
		cJSON_Delete(own);
	}
}

static void *read_at_the_bound(void *arg)
{
	check_depth(JSON_MAX_DEPTH, "1", true);
	check_depth(JSON_MAX_DEPTH + 1, "1", false);
	check_depth(100000, "1", false);
	return arg;
}

/* The reference is the smallest stack that anything here runs on. */
static void fits_a_small_stack_at_the_bound(void **state UNUSED)
{
	long least = sysconf(_SC_THREAD_STACK_MIN); /* more than that on some processors */
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	assert_int_equal(
		pthread_attr_setstacksize(&attr, least > SMALL_STACK ? (size_t)least : SMALL_STACK),
		0);
	assert_int_equal(pthread_create(&thread, &attr, read_at_the_bound, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

static void own_text_may_hold_any_bytes(void **state UNUSED)
{
	static const char text[] = "{\"id\":\"\xff]]]\\\"[\"}";
	cJSON *json = json_read_own(text, sizeof(text) - 1);

	assert_true(cJSON_IsObject(json));
	cJSON_Delete(json);
	assert_null(json_read_own("{\"a\"", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_one_document),
		cmocka_unit_test(refuses_what_cjson_would_take),
		cmocka_unit_test(refuses_nul_in_strings),
		cmocka_unit_test(fits_a_small_stack_at_the_bound),
		cmocka_unit_test(own_text_may_hold_any_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
