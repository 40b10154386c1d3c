#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/discover/discover_source.h"

static struct source the_source = { .kind = SOURCE_FILE, .name = "file x", .path = "x" };

static bool parse(const char *text, struct target_list *list, char why[SOURCE_WHY_SIZE])
{
	*list = (struct target_list){ 0 };
	return discover_file_parse(&the_source, text, strlen(text), list, why);
}

static void test_reads_groups_with_labels(void **state)
{
	struct target_list list;
	char why[SOURCE_WHY_SIZE];
	(void)state;

	assert_true(parse(
		"[\n {\"targets\": [\"h:9001\", \"10.0.0.7:9001\"]},\n"
		" {\"targets\": [\"g:1\"], \"labels\": {\"weight\": \"2.5\", \"__scheme__\": \"https\","
		" \"__path__\": \"/logs\", \"accepts\": \"packet\", \"id\": \"a1\", \"env\": \"prod\"}},\n"
		" {\"targets\": [\"f:1\"], \"labels\": {\"__metrics_path__\": \"/m\"}}, {\"targets\": []}]\n",
		&list, why));
	assert_int_equal(list.n, 4);
	assert_string_equal(list.targets[0].id, "h-9001");
	assert_string_equal(list.targets[0].url, "http://h:9001/ingest");
	assert_string_equal(list.targets[1].id, "10.0.0.7-9001");
	assert_string_equal(list.targets[2].id, "a1");
	assert_string_equal(list.targets[2].url, "https://g:1/logs");
	assert_true(list.targets[2].weight == 2.5);
	assert_int_equal(list.targets[2].accepts, ACCEPTS_PACKET);
	assert_string_equal(list.targets[3].url, "http://f:1/m");
	target_list_deinit(&list);
	assert_true(parse("[]", &list, why));
	assert_int_equal(list.n, 0);
}

static void test_a_label_has_headers_and_another_the_encoding(void **state)
{
	struct target_list list, other;
	char why[SOURCE_WHY_SIZE];
	(void)state;

	assert_true(
		parse("[{\"targets\":[\"h:1\",\"h:2\"],\"labels\":{\"encoding\":\"gzip\","
		      "\"headers\":\"X-Scope-OrgID: shop\\r\\nX-A:b\"}},{\"targets\":[\"g:1\"]}]",
		      &list, why));
	assert_string_equal(list.targets[1].headers, "X-Scope-OrgID: shop\r\nX-A: b\r\n");
	assert_int_equal(list.targets[1].encoding, ENCODING_GZIP);
	assert_null(list.targets[2].headers);
	assert_true(parse("[{\"targets\":[\"h:1\",\"h:2\"],\"labels\":{\"encoding\":\"gzip\","
			  "\"headers\":\"X-Scope-OrgID: shop\\nX-A:c\"}},{\"targets\":[\"g:1\"]}]",
			  &other, why));
	assert_string_equal(list.targets[0].spec, other.targets[0].spec); /* it is no secret */
	assert_false(target_list_is(&list, &other));
	target_list_deinit(&list);
	target_list_deinit(&other);
}

static void test_names_the_line_of_a_fault(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "", "line 1:" },
		{ "{}", "line 1:" },
		{ "[\n{\"targets\":[\"h:1\"]},\n{\"targets\":[\"g:1\"]\n", "line 4:" },
		{ "[\n{\"targets\":[\"h:1\"]},\n{\"targets\":[\"g:1\",]}]", "line 3:" },
		{ "[\n\n{\"targets\":[1]}]", "line 3:" },
		{ "[\n{\"targets\":[\"h:1/ /\"]}]", "line 2:" },
		{ "[\n{\"targets\":\"h:1\"}]", "line 2:" },
		{ "[\n\"h:1\"]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"weight\":\"-2\"}}]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"weight\":\"heavy\"}}]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"weight\":2}}]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\",\"h:2\"],\"labels\":{\"id\":\"a\"}}]", "line 2:" },
		{ "[{\"targets\":[]}]\n]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"headers\":\"Host: x\"}}]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"headers\":\"\"}}]", "line 2:" },
		{ "[\n{\"targets\":[\"h:1\"],\"labels\":{\"encoding\":\"br\"}}]", "line 2:" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target_list list;
		char why[SOURCE_WHY_SIZE] = "";

		assert_false(parse(cases[i].text, &list, why));
		assert_memory_equal(why, cases[i].line, strlen(cases[i].line));
		target_list_deinit(&list);
	}
}

static void test_bounds_the_list(void **state)
{
	struct target_list list;
	char why[SOURCE_WHY_SIZE], *text = malloc(100000), *at = text;
	(void)state;

	at += sprintf(at, "[{\"targets\":[\"h:1\"");
	for (unsigned i = 0; i < TARGETS_MOST; i++)
		at += sprintf(at, ",\"h:%u\"", i + 2);
	strcpy(at, "]}]");
	assert_false(parse(text, &list, why));
	assert_non_null(strstr(why, "1024"));
	target_list_deinit(&list);
	free(text);
}

static void test_says_what_a_source_is(void **state)
{
	static const struct {
		const char *text, *name;
		enum source_kind kind;
	} cases[] = {
		{ "file:/etc/weir/a.json", "file /etc/weir/a.json", SOURCE_FILE },
		{ "dns+http://loki.example.com:3100/x*2", "dns loki.example.com",
		  SOURCE_ADDRESSES },
		{ "dns+http://_weir._tcp.example.com/x", "srv _weir._tcp.example.com",
		  SOURCE_SERVICE },
		{ "dns+srv+https://weir.example.com/x", "srv weir.example.com", SOURCE_SERVICE },
	};
	static const char *const wrong[] = { "",         "file:",          "dns+ftp://h",
					     "http://h", "dns+a=http://h", "dns+http://h:x" };
	static struct source s;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_null(source_parse(&s, cases[i].text));
		assert_string_equal(s.name, cases[i].name);
		assert_int_equal(s.kind, cases[i].kind);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_non_null(source_parse(&s, wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_groups_with_labels),
		cmocka_unit_test(test_a_label_has_headers_and_another_the_encoding),
		cmocka_unit_test(test_names_the_line_of_a_fault),
		cmocka_unit_test(test_bounds_the_list),
		cmocka_unit_test(test_says_what_a_source_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
