#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/options.h"

#define MAX_ARGS 8

/* options_load for `--target URL` and up to three more options of one value each. */
static int load(struct options *o, const char *const args[])
{
	char *argv[MAX_ARGS + 4] = { "weir-loadgen", "--target", "http://127.0.0.1:1" };
	int argc = 3;

	for (size_t i = 0; i < MAX_ARGS && args[i]; i++)
		argv[argc++] = (char *)args[i];
	return options_load(o, argc, argv);
}

static void the_duration_is_a_time_or_a_number_of_seconds(void **state UNUSED)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = { { "10", 10000 },  { "0.25", 250 },  { "10s", 10000 },
		      { "5m", 300000 }, { "250ms", 250 }, { "0", 0 } };
	struct options o;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&o, (const char *[]){ "--duration", cases[i].text, NULL }),
				 0);
		assert_int_equal(o.duration_ms, cases[i].ms);
		options_free(&o);
	}
}

static void a_run_that_nothing_else_ends_lasts_ten_seconds(void **state UNUSED)
{
	static const struct {
		const char *args[3];
		uint64_t ms;
	} cases[] = {
		{ { NULL }, 10000 },        { { "--replay", "/dev/null" }, 10000 },
		{ { "--count", "5" }, 0 },  { { "--max-messages", "5" }, 0 },
		{ { "--replay", "-" }, 0 },
	};
	struct options o;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&o, cases[i].args), 0);
		assert_int_equal(o.duration_ms, cases[i].ms);
		options_free(&o);
	}
}

static void ids_have_a_prefix_of_their_own_in_each_run_unless_given(void **state UNUSED)
{
	struct options a, b;

	assert_int_equal(load(&a, (const char *[]){ NULL }), 0);
	assert_int_equal(load(&b, (const char *[]){ NULL }), 0);
	assert_true(strlen(a.prefix) >= 8);
	assert_string_not_equal(a.prefix, b.prefix);
	options_free(&a);
	options_free(&b);
	assert_int_equal(load(&a, (const char *[]){ "--id-prefix", "t-1.x", NULL }), 0);
	assert_string_equal(a.prefix, "t-1.x");
	options_free(&a);
}

static void bad_values_are_usage_errors(void **state UNUSED)
{
	static const char *const cases[][3] = {
		{ "--duration", "soon" }, { "--duration", "-1" },    { "--duration", "nan" },
		{ "--messages", "9-1" },  { "--rate", "-1" },        { "--id-prefix", "a b" },
		{ "--id-prefix", "\"x" }, { "--id-prefix", "" },     { "--timeout", "0" },
		{ "--connections", "0" }, { "--progress", "maybe" },
	};
	struct options o;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (load(&o, cases[i]) != CONF_E_USAGE)
			fail_msg("%s %s was taken", cases[i][0], cases[i][1]);
	}
}

static void formats_are_called_as_nodes_call_them(void **state UNUSED)
{
	static const struct {
		const char *format, *compress;
		struct target_body body;
	} cases[] = {
		{ "json", "auto", { FORMAT_JSON, COMPRESS_NONE } },
		{ "ndjson", "zstd", { FORMAT_JSON_LINES, COMPRESS_ZSTD } },
		{ "loki", "auto", { FORMAT_LOKI_JSON, COMPRESS_NONE } },
		{ "loki-proto", "auto", { FORMAT_LOKI_PROTO, COMPRESS_SNAPPY } },
		{ "loki-proto", "gzip", { FORMAT_LOKI_PROTO, COMPRESS_GZIP } },
	};
	struct options o;

	assert_int_equal(
		load(&o, (const char *[]){ "--format", "loki-proto", "--compress", "none", NULL }),
		CONF_E_USAGE);
	for (enum format_id format = 0; format < FORMATS_OF_HTTP; format++)
		assert_string_equal(options_format_names[format], format_names[format]);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const args[] = { "--format", cases[i].format, "--compress",
					     cases[i].compress, NULL };

		assert_int_equal(load(&o, args), 0);
		assert_int_equal(o.body.format, cases[i].body.format);
		assert_int_equal(o.body.compress, cases[i].body.compress);
		options_free(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_called_as_nodes_call_them),
		cmocka_unit_test(the_duration_is_a_time_or_a_number_of_seconds),
		cmocka_unit_test(a_run_that_nothing_else_ends_lasts_ten_seconds),
		cmocka_unit_test(ids_have_a_prefix_of_their_own_in_each_run_unless_given),
		cmocka_unit_test(bad_values_are_usage_errors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
