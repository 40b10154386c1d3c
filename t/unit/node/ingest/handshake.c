#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "node/ingest/handshake.h"

static bool ask(enum http_method method, const char *path, bool is_ready, struct answer *answer)
{
	struct http_head head = { .method = method, .path = { path, strlen(path) } };

	*answer = (struct answer){ 0 };
	return handshake_answer(&head, is_ready, answer);
}

static void test_elastic(void **state)
{
	static const char *const paths[] = { "/",
					     "/_cluster/health",
					     "/_license",
					     "/_xpack",
					     "/_nodes/http",
					     "/shop/_refresh",
					     "/_index_template/filebeat-8.11.0",
					     "/es/_ilm/policy/filebeat",
					     "/_ingest/pipeline/logs" };
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		cJSON *json;

		assert_true(ask(HTTP_GET, paths[i], true, &answer));
		assert_int_equal(answer.status, 200);
		assert_true(answer.is_elastic);
		json = cJSON_Parse(answer.text);
		assert_true(cJSON_IsObject(json));
		cJSON_Delete(json);
		assert_true(ask(HTTP_HEAD, paths[i], true, &answer));
	}
	assert_true(ask(HTTP_GET, "/_cat/health", true, &answer));
	assert_non_null(strstr(answer.text, " green "));
	assert_null(answer.media_type);
	assert_true(ask(HTTP_PUT, "/_template/x", true, &answer));
	assert_non_null(strstr(answer.text, "acknowledged"));
}

static void test_hec(void **state)
{
	struct answer answer;

	(void)state;
	assert_true(ask(HTTP_GET, "/services/collector/health/1.0", true, &answer));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.text, "{\"text\":\"HEC is healthy\",\"code\":17}");
	assert_true(ask(HTTP_GET, "/services/collector/health", false, &answer));
	assert_int_equal(answer.status, 503);
	assert_false(answer.is_elastic);
}

static void test_others(void **state)
{
	struct answer answer;

	(void)state;
	assert_false(ask(HTTP_POST, "/", true, &answer));
	assert_false(ask(HTTP_PUT, "/_license", true, &answer));
	assert_false(ask(HTTP_GET, "/shop", true, &answer));
	assert_false(ask(HTTP_DELETE, "/_template/x", true, &answer));
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, NULL, NULL, NULL                                                        \
	}
	const struct CMUnitTest tests[] = {
		TEST("what clients of Elasticsearch ask is answered", test_elastic),
		TEST("HEC is well when the node is ready", test_hec),
		TEST("nothing else is a question", test_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
