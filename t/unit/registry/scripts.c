#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"

static void every_script_is_embedded(void **state)
{
	static const char *const names[] = {
		[SCRIPT_REGISTER] = "register",
		[SCRIPT_RENEW] = "renew",
		[SCRIPT_DEREGISTER] = "deregister",
		[SCRIPT_SET] = "set",
		[SCRIPT_ROUTE] = "route",
		[SCRIPT_SETTLE] = "settle",
		[SCRIPT_ROSTER] = "roster",
		[SCRIPT_STATUS] = "status",
		[SCRIPT_SPILL_PUSH] = "spill_push",
		[SCRIPT_SPILL_TAKE] = "spill_take",
		[SCRIPT_SPILL_DONE] = "spill_done",
		[SCRIPT_BURY] = "bury",
		[SCRIPT_REPLAY] = "replay",
		[SCRIPT_ENTRIES] = "entries",
		[SCRIPT_MEND] = "mend",
		[SCRIPT_SPILL_LOOK] = "spill_look",
		[SCRIPT_CLAIM] = "claim",
		[SCRIPT_SPILL_VOID] = "spill_void",
		[SCRIPT_KEEP] = "keep",
	};
	static_assert(ARRAY_LEN(names) == SCRIPTS, "a name for each script");
	(void)state;

	for (int i = 0; i < SCRIPTS; i++) {
		assert_string_equal(scripts[i].name, names[i]);
		assert_int_equal(strlen(scripts[i].sha1), 40);
		assert_int_equal(strlen(scripts[i].text), scripts[i].len);
		assert_null(strstr(scripts[i].text, "--@include"));
		assert_true(scripts[i].n_keys > 0);
	}
}

static void keys_are_those_of_the_header(void **state)
{
	static const unsigned status[] = { KEY_WEIGHT, KEY_STATE,     KEY_EXPIRES,
					   KEY_ROUTED, KEY_DELIVERED, KEY_PROCESSED };
	(void)state;

	assert_int_equal(scripts[SCRIPT_STATUS].n_keys, ARRAY_LEN(status));
	assert_memory_equal(scripts[SCRIPT_STATUS].keys, status, sizeof(status));
	assert_int_equal(scripts[SCRIPT_ROUTE].n_keys, 16);
	assert_int_equal(scripts[SCRIPT_ROUTE].keys[12], KEY_HOT);
}

static void a_call_is_written_as_redis_reads_it(void **state)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct script_args args = { 0 };
	struct registry_keys keys;
	struct script_set set;
	char expected[2048];
	(void)state;

	assert_int_equal(registry_keys_init(&keys, "p"), 0);
	set = registry_scripts(&keys);
	script_arg(&args, "a\0b", 3);
	script_arg_int(&args, -7);
	script_arg_str(&args, "");
	script_format(&out, &set, SCRIPT_STATUS, &args);
	snprintf(
		expected, sizeof(expected),
		"*12\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n6\r\n"
		"$15\r\nweir:{p}:weight\r\n$14\r\nweir:{p}:state\r\n$16\r\nweir:{p}:expires\r\n"
		"$15\r\nweir:{p}:routed\r\n$18\r\nweir:{p}:delivered\r\n$18\r\nweir:{p}:processed\r\n"
		"$3\r\na_b\r\n$2\r\n-7\r\n$0\r\n\r\n",
		scripts[SCRIPT_STATUS].sha1);
	*strstr(expected, "a_b") = 'a';
	strstr(expected, "a_b")[1] = '\0';
	assert_false(out.failed);
	assert_int_equal(out.len, strlen(expected) + strlen("b\r\n$2\r\n-7\r\n$0\r\n\r\n") + 1);
	assert_memory_equal(out.data, expected, out.len);
}

static void numbers_read_back_as_they_were(void **state)
{
	static const double values[] = { 0,    0.1,  1.0 / 3, 1e-300,     12345678901234.5,
					 -2.5, 1e22, 5e-324,  1e308 * 1.7 };
	struct script_args args = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		script_arg_double(&args, values[i]);
		assert_true(strtod(args.data[i], NULL) == values[i]);
	}
	assert_string_equal(args.data[1], "0.1");
	assert_string_equal(args.data[0], "0");
	script_arg_double(&args, 1000);
	assert_string_equal(args.data[args.n - 1], "1000");
}

static void commands_of_words_are_bulks(void **state)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	command_format(&out, 2, (const char *[]){ "SELECT", "3" });
	assert_string_equal(buf_str(&out), "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
}

/* As Redis 7 and 6 say it. */
static void the_kind_of_an_error_is_known(void **state)
{
	(void)state;
	assert_true(script_error_is("READONLY You can't write against a read only replica. script: "
				    "f, on @user_script:1.",
				    "READONLY"));
	assert_true(script_error_is("ERR Error running script (call to f_5): @user_script:1: "
				    "@user_script: 1: -READONLY You can't write against a read "
				    "only replica.",
				    "READONLY"));
	assert_false(script_error_is("ERR no READONLY here", "READONLY"));
	assert_false(script_error_is("", "READONLY"));
}

static void loading_sends_the_whole_text(void **state)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	script_format_load(&out, &scripts[SCRIPT_SETTLE]);
	assert_non_null(strstr(buf_str(&out), scripts[SCRIPT_SETTLE].text));
	assert_memory_equal(out.data, "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$", 27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_script_is_embedded),
		cmocka_unit_test(keys_are_those_of_the_header),
		cmocka_unit_test(a_call_is_written_as_redis_reads_it),
		cmocka_unit_test(numbers_read_back_as_they_were),
		cmocka_unit_test(commands_of_words_are_bulks),
		cmocka_unit_test(the_kind_of_an_error_is_known),
		cmocka_unit_test(loading_sends_the_whole_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
