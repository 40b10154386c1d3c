#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/message/document.h"
#include "analyzer/message/message_walk.h"
#include "common/json/json_scan.h"

static const struct origin origin = { .analyzer = "a1",
				      .node = "n1",
				      .packet_id = { "p\\u0031", 7 } };
#define OURS ",\"_analyzer\":\"a1\",\"_node\":\"n1\",\"_packet_id\":\"p\\u0031\""

struct asked {
	struct buf out;
	bool is_indexed;
};

static int on_message(const struct message *m, void *arg)
{
	struct asked *asked = arg;

	document_append(&asked->out, m, &origin, asked->is_indexed);
	assert_int_equal(json_scan_document(asked->out.data, asked->out.len, JSON_MAX_DEPTH), 0);
	assert_null(memchr(asked->out.data, '\n', asked->out.len));
	return 0;
}

static void check(const char *packet, bool is_indexed, const char *expected)
{
	struct message m = { .now_ns = 1764378000000000000ULL };
	struct asked asked = { .is_indexed = is_indexed };

	assert_int_equal(message_walk(&m, packet, strlen(packet), on_message, &asked), 0);
	assert_string_equal(buf_str(&asked.out), expected);
	buf_deinit(&asked.out);
	message_deinit(&m);
}

static void a_document_has_its_members_as_they_came(void **state)
{
	(void)state;
	check("{\"n\":12345678901234567890.10,\n\"a\":{\"b\":[1,\n2]},\"msg\":\"\\u00e9\"}", false,
	      "{\"n\":12345678901234567890.10,\"a\":{\"b\":[1, 2]},\"msg\":\"\\u00e9\"" OURS "}");
	check("{\"_id\":\"1\",\"_analyzer\":\"x\",\"@timestamp\":\"2025-11-29T01:00:00Z\"}", true,
	      "{\"x_id\":\"1\",\"x_analyzer\":\"x\",\"@timestamp\":\"2025-11-29T01:00:00Z\"" OURS
	      "}");
	check("{\"time\":1764378000.5}", true,
	      "{\"time\":1764378000.5" OURS ",\"@timestamp\":\"2025-11-29T01:00:00.5Z\"}");
	check("{}", true,
	      "{\"_analyzer\":\"a1\",\"_node\":\"n1\",\"_packet_id\":\"p\\u0031\",\"@timestamp\":\"2025-11-29T01:00:00Z\"}");
}

static void what_was_around_it_stands_beside_it(void **state)
{
	(void)state;
	check("{\"messages\":[\"a\"],\"host\":\"h\",\"id\":\"p1\"}", false,
	      "{\"host\":\"h\",\"message\":\"a\"" OURS "}");
	check("{\"messages\":[{\"host\":\"own\"}],\"host\":\"h\"}", false,
	      "{\"host\":\"own\"" OURS "}");
	check("{\"streams\":[{\"stream\":{\"app\":\"s\"},\"values\":[[\"1764378000000000001\",\"a\"]]}]}",
	      true,
	      "{\"app\":\"s\",\"timestamp\":\"1764378000000000001\",\"message\":\"a\"" OURS
	      ",\"@timestamp\":\"2025-11-29T01:00:00.000000001Z\"}");
}

static void its_own_members_go_before_what_was_around_it(void **state)
{
	(void)state;
	check("{\"event\":{\"line\":\"x\",\"source\":\"stdout\"},\"source\":\"app\",\"index\":\"i\"}",
	      false, "{\"line\":\"x\",\"source\":\"stdout\",\"index\":\"i\"" OURS "}");
	check("{\"source\":\"app\",\"event\":{\"line\":\"x\",\"s\\u006furce\":\"stdout\"}}", false,
	      "{\"line\":\"x\",\"s\\u006furce\":\"stdout\"" OURS "}");
	check("{\"host\":\"h\",\"messages\":[{\"msg\":\"a\",\"host\":null}]}", false,
	      "{\"msg\":\"a\",\"host\":null" OURS "}");
	check("{\"host\":\"h\",\"messages\":[{\"msg\":\"a\",\"host\":{\"name\":\"own\"}}]}", false,
	      "{\"msg\":\"a\",\"host\":{\"name\":\"own\"}" OURS "}");
	check("{\"\\u0040timestamp\":\"2025-11-29T01:00:00Z\",\"\\u005f\\u0066\\u0069\\u0065\\u006c\\u0064\\u005f\\u006e\\u0061\\u006d\\u0065\\u0073\":1}",
	      true,
	      "{\"\\u0040timestamp\":\"2025-11-29T01:00:00Z\",\"x\\u005f\\u0066\\u0069\\u0065\\u006c\\u0064\\u005f\\u006e\\u0061\\u006d\\u0065\\u0073\":1" OURS
	      "}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_has_its_members_as_they_came),
		cmocka_unit_test(what_was_around_it_stands_beside_it),
		cmocka_unit_test(its_own_members_go_before_what_was_around_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
