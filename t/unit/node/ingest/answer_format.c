#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "node/ingest/answer_format.h"

#define PROBLEM "application/problem+json"
#define JSON "application/json"

static const struct {
	enum format_answer format;
	int status;
	const char *media_type, *body;
} accepted[] = {
	{ FORMAT_ANSWER_OTLP_JSON, 200, JSON, "{}" },
	{ FORMAT_ANSWER_OTLP_PROTO, 200, "application/x-protobuf", "" },
	{ FORMAT_ANSWER_LOKI, 204, NULL, NULL },
	{ FORMAT_ANSWER_HEC, 200, JSON, "{\"text\":\"Success\",\"code\":0}" },
	{ FORMAT_ANSWER_BULK, 200, "application/vnd.elasticsearch+json; compatible-with=9",
	  "{\"took\":1,\"errors\":false,\"items\":[" },
	{ FORMAT_ANSWER_GELF, 202, "text/plain; charset=utf-8", "" },
	{ FORMAT_ANSWER_JOURNAL, 202, "text/plain; charset=utf-8", "OK.\n" },
	{ FORMAT_ANSWER_KAFKAREST, 200, JSON, "{\"offsets\":[]}" },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
		struct answer_style style = { .format = (uint8_t)accepted[i].format,
					      .compatible_with = 9 };
		struct answer_shape shape = { 0 };

		answer_format_accepted(&style, &shape);
		assert_int_equal(shape.status, accepted[i].status);
		if (!accepted[i].media_type) {
			assert_null(shape.media_type);
			continue;
		}
		assert_string_equal(shape.media_type, accepted[i].media_type);
		assert_string_equal(shape.data, accepted[i].body);
		assert_int_equal(shape.len, strlen(accepted[i].body));
	}
}

static struct answer_shape refused(enum format_answer format, enum refusal refusal, bool had_token)
{
	struct answer_style style = { .format = (uint8_t)format, .had_token = had_token };
	struct answer_shape shape = { 0 };

	answer_format_refused(&style, refusal, 3, &shape);
	if (shape.data == NULL || shape.data != shape.room)
		return shape;
	shape.room[shape.len] = '\0';
	return shape;
}

static void assert_refused(enum format_answer format, enum refusal refusal, bool had_token,
			   int status, const char *body)
{
	struct answer_shape shape = refused(format, refusal, had_token);
	const char *data = shape.len && shape.room[0] ? shape.room : shape.data;

	assert_int_equal(shape.status, status);
	assert_int_equal(shape.len, strlen(body));
	assert_memory_equal(data, body, shape.len);
}

static void test_hec(void **state)
{
	(void)state;
	assert_refused(FORMAT_ANSWER_HEC, REFUSAL_UNAUTHORIZED, false, 401,
		       "{\"text\":\"Token is required\",\"code\":2}");
	assert_refused(FORMAT_ANSWER_HEC, REFUSAL_UNAUTHORIZED, true, 403,
		       "{\"text\":\"Invalid token\",\"code\":4}");
	assert_refused(FORMAT_ANSWER_HEC, REFUSAL_NO_MESSAGES, true, 400,
		       "{\"text\":\"No data\",\"code\":5}");
	assert_refused(FORMAT_ANSWER_HEC, REFUSAL_BAD_FORMAT, true, 400,
		       "{\"text\":\"Invalid data format\",\"code\":6,\"invalid-event-number\":3}");
	assert_refused(FORMAT_ANSWER_HEC, REFUSAL_SPILL_FULL, true, 503,
		       "{\"text\":\"Server is busy\",\"code\":9}");
}

static void test_otlp(void **state)
{
	struct answer_shape shape = refused(FORMAT_ANSWER_OTLP_PROTO, REFUSAL_NO_ANALYZER, false);
	struct answer_shape longer = refused(FORMAT_ANSWER_OTLP_PROTO, REFUSAL_NOT_FOUND, false);
	size_t len = strlen(refusal_info(REFUSAL_NO_ANALYZER)->detail);

	(void)state;
	assert_string_equal(shape.media_type, "application/x-protobuf");
	assert_memory_equal(shape.room, "\x08\x0e\x12", 3);
	assert_int_equal(shape.room[3], len);
	assert_int_equal(shape.len, 4 + len);
	len = strlen(refusal_info(REFUSAL_NOT_FOUND)->detail);
	assert_int_equal(longer.len, (len > 127 ? 5 : 4) + len);
	assert_refused(
		FORMAT_ANSWER_OTLP_JSON, REFUSAL_BAD_FORMAT, false, 400,
		"{\"code\":3,\"message\":\"The body is not in the format that its path or its first bytes announce.\"}");
}

/* Whatever is refused can be told in every shape, and what is JSON is JSON. */
static void test_all(void **state)
{
	(void)state;
	for (int format = 0; format < FORMAT_ANSWERS; format++) {
		for (int refusal = 1; refusal < REFUSALS; refusal++) {
			struct answer_shape shape =
				refused((enum format_answer)format, (enum refusal)refusal, true);
			const char *data = shape.len && shape.room[0] ? shape.room : shape.data;
			cJSON *json;

			assert_true(shape.status >= 400 && shape.len > 0 &&
				    shape.len < ANSWER_ROOM);
			if (!strstr(shape.media_type, "json"))
				continue;
			json = cJSON_ParseWithLength(data, shape.len);
			assert_true(cJSON_IsObject(json));
			cJSON_Delete(json);
		}
	}
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, NULL, NULL, NULL                                                        \
	}
	const struct CMUnitTest tests[] = {
		TEST("each format has its own success", test_accepted),
		TEST("HEC has codes", test_hec),
		TEST("OTLP has a Status", test_otlp),
		TEST("each refusal fits each shape", test_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("answer_format", tests, NULL, NULL);
}
