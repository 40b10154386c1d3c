#include "t/unit/common/conf/conf_fixture.h"

static void defaults_fill_every_field(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, ""), 0);
	assert_string_equal(f->s.admin_listen, ":8081");
	assert_null(f->s.token);
	assert_true(f->s.workers == 1 && f->s.level == -1 && f->s.weight == 0.5 && !f->s.verbose);
	assert_true(f->s.drain_ms == 5000 && f->s.body_bytes == 1 << 20 && f->s.ack == 0);
	assert_int_equal(f->s.targets.n_values, 2);
	assert_string_equal(f->s.targets.values[1], "b");
	assert_string_equal(f->err, "");
	assert_string_equal(f->out, "");
}

static void flags_win_over_environment_over_file_over_defaults(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_file(f, "workers = 2\n", ""), 0);
	assert_true(f->s.workers == 2);
	setenv("WEIR_WORKERS", "3", 1);
	assert_int_equal(load_file(f, "workers = 2\n", ""), 0);
	assert_true(f->s.workers == 3);
	assert_int_equal(load_file(f, "workers = 2\n", "--workers 4"), 0);
	assert_true(f->s.workers == 4);
	setenv("WEIR_CONFIG", f->path, 1);
	unsetenv("WEIR_WORKERS");
	assert_int_equal(load(f, ""), 0);
	assert_true(f->s.workers == 2);
}

static void a_bad_value_is_an_error_even_where_a_stronger_source_hides_it(void **state)
{
	setenv("WEIR_WORKERS", "many", 1);
	assert_complaint(
		*state, "--workers 4",
		"weir-node: WEIR_WORKERS: \"many\" is not a whole number (expected 1 to 256)\n");
}

static void the_environment_ignores_strangers_and_empty_values(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_NOBODY_KNOWS", "x", 1);
	setenv("WEIR_WORKERS", "", 1);
	setenv("WEIR_ADMIN_LISTEN", "e:1", 1);
	setenv("WEIR_ADMIN_LISTEN_FILE", "/no/secret/so/ignored", 1);
	assert_int_equal(load(f, ""), 0);
	assert_true(f->s.workers == 1);
	assert_string_equal(f->s.admin_listen, "e:1");
}

static void a_secret_may_be_in_a_file(void **state)
{
	struct fixture *f = *state;

	write_file(f->secret_path, "s3cret\n\n");
	setenv("WEIR_TOKEN_FILE", f->secret_path, 1);
	assert_int_equal(load(f, ""), 0);
	assert_string_equal(f->s.token, "s3cret\n"); /* only the last newline is cut */
	setenv("WEIR_TOKEN", "other", 1);
	assert_complaint(f, "", "weir-node: WEIR_TOKEN and WEIR_TOKEN_FILE are both set\n");
	unsetenv("WEIR_TOKEN");
	setenv("WEIR_TOKEN_FILE", "/no/such/file", 1);
	assert_complaint(
		f, "",
		"weir-node: WEIR_TOKEN_FILE: cannot read /no/such/file: No such file or directory\n");
}

static void a_secret_may_be_in_a_file_wherever_options_are(void **state)
{
	struct fixture *f = *state;
	char line[512];

	write_file(f->secret_path, "s3cret\n");
	snprintf(line, sizeof(line), "--token-file %s", f->secret_path);
	assert_int_equal(load(f, line), 0);
	assert_string_equal(f->s.token, "s3cret");
	snprintf(line, sizeof(line), "token_file = %s\n", f->secret_path);
	write_file(f->path, line);
	snprintf(line, sizeof(line), "--config=%s", f->path);
	assert_int_equal(load(f, line), 0);
	assert_string_equal(f->s.token, "s3cret");
	setenv("WEIR_TOKEN", "stronger", 1);
	assert_int_equal(load(f, line), 0);
	assert_string_equal(f->s.token, "stronger");
	assert_complaint(f, "--token-file",
			 "weir-node: --token-file: needs a value (--token-file PATH)\n");
	assert_complaint(
		f, "--token-file=/no/such",
		"weir-node: --token-file: cannot read /no/such: No such file or directory\n");
	assert_complaint(f, "--workers-file=x", "weir-node: unknown option --workers-file\n");
	assert_complaint(f, "---file=x", "weir-node: unknown option ---file\n");
}

static void a_secret_file_is_text_of_bounded_size(void **state)
{
	static char big[70000];
	struct fixture *f = *state;

	memset(big, 'x', sizeof(big));
	write_bytes(f->secret_path, big, sizeof(big));
	setenv("WEIR_TOKEN_FILE", f->secret_path, 1);
	assert_int_equal(load(f, ""), CONF_E_USAGE);
	assert_non_null(strstr(f->err, ": File too large\n"));
	write_bytes(f->secret_path, "a\0b", 3);
	assert_int_equal(load(f, ""), CONF_E_USAGE);
}

static void a_bad_secret_is_not_shown(void **state)
{
	static const struct conf_option secret[] = {
		{ "pin", CONF_INT, FIELD(workers), NULL, NULL, "P.", 1, 9, NULL, CONF_SECRET },
	};
	struct conf_program p = { .name = "p", .summary = "s", .options = secret, .n_options = 1 };
	struct fixture *f = *state;

	assert_int_equal(load_as(f, &p, "--pin 1234"), CONF_E_USAGE);
	assert_string_equal(f->err, "p: --pin: the value is out of range (expected 1 to 9)\n");
}

static void lists_grow_within_a_source_and_start_anew_in_the_next(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "--target x --target y,z"), 0);
	assert_int_equal(f->s.targets.n_values, 3);
	assert_string_equal(f->s.targets.values[0], "x");
	assert_string_equal(f->s.targets.values[2], "z");
	setenv("WEIR_TARGET", "e1,e2,e3,e4", 1);
	assert_int_equal(load_file(f, "target = f1\ntarget = f2\n", ""), 0);
	assert_int_equal(f->s.targets.n_values, 4);
	assert_int_equal(load_file(f, "target = f1\n", "--target x"), 0);
	assert_int_equal(f->s.targets.n_values, 1);
}

static void a_file_has_comments_quotes_and_blank_lines(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		load_file(
			f,
			"# comment\n\n  workers=3  # three\r\nadmin_listen = \"a # \\\"b\\\"\\n\" # c\n"
			"token = x#y\nverbose = yes\n",
			""),
		0);
	assert_true(f->s.workers == 3 && f->s.verbose);
	assert_string_equal(f->s.admin_listen, "a # \"b\"\n");
	assert_string_equal(f->s.token, "x#y");
	assert_int_equal(load_file(f, "token=#x\n", ""), 0);
	assert_string_equal(f->s.token, "#x");
	assert_int_equal(load_file(f, "admin-listen = # nothing\n", ""), 0);
	assert_string_equal(f->s.admin_listen, "");
}

static void errors_in_a_file_name_file_and_line(void **state)
{
	static const struct {
		const char *content, *complaint;
	} cases[] = {
		{ "\nworkers = abc\n",
		  ":2: workers: \"abc\" is not a whole number (expected 1 to 256)" },
		{ "wrokers = 1\n", ":1: unknown option \"wrokers\" (did you mean workers?)" },
		{ "workers 1\n", ":1: expected \"name = value\"" },
		{ "= 1\n", ":1: expected \"name = value\"" },
		{ "token = \"open\n", ":1: token: the quoted value is not well-formed" },
		{ "token = \"a\" b\n", ":1: token: the quoted value is not well-formed" },
	};
	struct fixture *f = *state;
	char expected[256];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load_file(f, cases[i].content, ""), CONF_E_USAGE);
		snprintf(expected, sizeof(expected), "weir-node: %s%s\n", f->path,
			 cases[i].complaint);
		assert_string_equal(f->err, expected);
	}
	write_bytes(f->path, "workers = 2\0x\n", 14);
	setenv("WEIR_CONFIG", f->path, 1);
	snprintf(expected, sizeof(expected), "weir-node: %s:1: is not text\n", f->path);
	assert_complaint(f, "", expected);
	assert_complaint(
		f, "--config /no/such",
		"weir-node: cannot open the configuration file /no/such: No such file or directory\n");
	assert_complaint(f, "--config /",
			 "weir-node: cannot read the configuration file /: Is a directory\n");
}

static void a_required_option_must_come_from_somewhere(void **state)
{
	static const struct conf_option required[] = {
		{ "admin-listen", CONF_STRING, FIELD(admin_listen), NULL, NULL, "H.", 0, 0, NULL,
		  CONF_REQUIRED },
	};
	struct conf_program p = {
		.name = "p", .summary = "s", .options = required, .n_options = 1
	};
	struct fixture *f = *state;

	assert_int_equal(load_as(f, &p, ""), CONF_E_USAGE);
	assert_string_equal(
		f->err,
		"p: --admin-listen is required (or WEIR_P_ADMIN_LISTEN in the environment)\n");
	setenv("WEIR_ADMIN_LISTEN", "x", 1);
	assert_int_equal(load_as(f, &p, ""), 0);
	conf_free(&p, &f->s);
	assert_null(f->s.admin_listen);
	f->loaded = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_fill_every_field),
		TEST(flags_win_over_environment_over_file_over_defaults),
		TEST(a_bad_value_is_an_error_even_where_a_stronger_source_hides_it),
		TEST(the_environment_ignores_strangers_and_empty_values),
		TEST(a_secret_may_be_in_a_file),
		TEST(a_secret_may_be_in_a_file_wherever_options_are),
		TEST(a_secret_file_is_text_of_bounded_size),
		TEST(a_bad_secret_is_not_shown),
		TEST(lists_grow_within_a_source_and_start_anew_in_the_next),
		TEST(a_file_has_comments_quotes_and_blank_lines),
		TEST(errors_in_a_file_name_file_and_line),
		TEST(a_required_option_must_come_from_somewhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/conf", tests, NULL, NULL);
}
