#include "t/unit/common/conf/conf_fixture.h"

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void flags_take_both_forms_and_both_spellings(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "--admin_listen=h:1 --workers 7 --level -20 --weight=2.5 "
				 "--verbose --drain-delay 1.5s "
				 "--max-body=64KiB --ack received"),
			 0);
	assert_string_equal(f->s.admin_listen, "h:1");
	assert_true(f->s.workers == 7 && f->s.level == -20 && f->s.weight == 2.5 && f->s.verbose);
	assert_true(f->s.drain_ms == 1500 && f->s.body_bytes == 65536 && f->s.ack == 1);
	assert_int_equal(
		load(f, "--verbose --verbose=false --workers 1 --workers 2 --admin-listen="), 0);
	assert_true(!f->s.verbose && f->s.workers == 2);
	assert_string_equal(f->s.admin_listen, "");
}

static void mistakes_on_the_command_line_get_one_clear_line(void **state)
{
	assert_complaint(
		*state, "--workers abc",
		"weir-node: --workers: \"abc\" is not a whole number (expected 1 to 256)\n");
	assert_complaint(*state, "--workres 2",
			 "weir-node: unknown option --workres (did you mean --workers?)\n");
	assert_complaint(
		*state, "--admin_lisen=x",
		"weir-node: unknown option --admin_lisen (did you mean --admin-listen?)\n");
	assert_complaint(*state, "--hepl",
			 "weir-node: unknown option --hepl (did you mean --help?)\n");
	assert_complaint(*state, "--nothing-like-it",
			 "weir-node: unknown option --nothing-like-it\n");
	assert_complaint(*state, "--workers",
			 "weir-node: --workers: needs a value (--workers N)\n");
	assert_complaint(*state, "--workers --verbose",
			 "weir-node: --workers: needs a value (--workers N)\n");
	assert_complaint(*state, "--check-config=yes",
			 "weir-node: --check-config: takes no value\n");
	assert_complaint(*state, "-w 3", "weir-node: unknown option -w (options begin with --)\n");
	assert_complaint(*state, "stray", "weir-node: unexpected argument \"stray\"\n");
	assert_complaint(*state, "-- --verbose", "weir-node: unexpected argument \"--verbose\"\n");
	assert_complaint(*state, "--admin-listen x --ack delivred",
			 "weir-node: --ack: \"delivred\" is not one of delivered, received (did "
			 "you mean delivered?)\n");
	assert_complaint(
		*state, "--workers a\nb\x1b",
		"weir-node: --workers: \"a?b?\" is not a whole number (expected 1 to 256)\n");
}

static void assert_rest(struct fixture *f, const char *expected)
{
	char joined[256] = "";

	for (int i = 0; i < f->n_rest; i++)
		snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "[%s]",
			 f->rest[i]);
	assert_string_equal(joined, expected);
}

static void arguments_may_stand_among_options(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		load_as(f, &tool, "weight --workers 3 a1 -2.0 - --verbose x -- --not-an-option -h"),
		0);
	assert_true(f->s.workers == 3 && f->s.verbose);
	assert_rest(f, "[weight][a1][-2.0][-][x][--not-an-option][-h]");
	/* argv was permuted, and a second load (a reload) finds the same in it. */
	assert_int_equal(load_argv(f, &tool), 0);
	assert_true(f->s.workers == 3 && f->s.verbose);
	assert_rest(f, "[weight][a1][-2.0][-][x][--not-an-option][-h]");
	assert_int_equal(load_as(f, &tool, ""), 0);
	assert_int_equal(f->n_rest, 0);
}

static void help_teaches_every_option(void **state)
{
	static const char *const parts[] = {
		"Usage: weir-node [options]\n\nDivides packets.\n",
		"  --admin-listen HOST:PORT  Where the API is.\n",
		"[default: :8081; env: WEIR_NODE_ADMIN_LISTEN]",
		"[1 to 256; default: 1; env: WEIR_NODE_WORKERS]",
		"[env: WEIR_NODE_TOKEN or WEIR_NODE_TOKEN_FILE]",
		"[0 to 10; default: 0.5; env: WEIR_NODE_WEIGHT] (reloadable)",
		"[10ms to 5m; default: 5s;",
		"[1B to 1GiB; default: 1MiB;",
		"[delivered|received; default: delivered;",
		"(repeatable)",
		"--config FILE",
		"--check-config",
		"--print-config",
		"--version",
		"--help",
		"\nExamples:\n  weir-node --workers 2\n"
	};
	struct fixture *f = *state;

	assert_int_equal(load(f, "--help"), CONF_E_DONE);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		assert_has(f->out, parts[i]);
	for (size_t i = 0; i < ARRAY_LEN(sample_options); i++)
		assert_has(f->out, sample_options[i].help);
	for (const char *line = strtok(f->out, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 88);
	assert_string_equal(f->err, "");
	assert_int_equal(load(f, "-h"), CONF_E_DONE);
	assert_int_equal(load_as(f, &tool, "status -h"), CONF_E_DONE);
	assert_has(f->out, "Usage: weirctl [options] COMMAND\n");
}

static void version_and_check_are_answered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "--version"), CONF_E_DONE);
	assert_memory_equal(f->out, "weir-node " WEIR_VERSION " (",
			    strlen("weir-node " WEIR_VERSION " ("));
	assert_int_equal(load(f, "--check-config --workers 5"), CONF_E_DONE);
	assert_string_equal(f->out, "configuration ok\n");
	assert_complaint(f, "--check-config --workers 0",
			 "weir-node: --workers: \"0\" is out of range (expected 1 to 256)\n");
}

static void a_printed_config_says_origins_and_masks_secrets(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_ADMIN_LISTEN", "has # and \"quotes\"", 1);
	assert_int_equal(load_file(f, "token = s3cret\n\nweight = 1.25\n",
				   "--drain-delay 90s --print-config"),
			 CONF_E_DONE);
	assert_has(f->out, "admin-listen = \"has # and \\\"quotes\\\"\"  # WEIR_ADMIN_LISTEN\n");
	assert_has(f->out, "\nweight = 1.25  # /tmp/weir-conf-");
	assert_has(f->out, ":3\n");
	assert_has(f->out, "\ndrain-delay = 90s  # --drain-delay\n");
	assert_has(f->out, "\nmax-body = 1MiB  # default\n");
	assert_has(f->out, "\nverbose = false  # default\n");
	assert_has(f->out, "\ntarget = a,b  # default\n");
	assert_has(f->out, "token = ********  # ");
	assert_null(strstr(f->out, "s3cret"));
	write_file(f->secret_path, "s3cret");
	setenv("WEIR_TOKEN_FILE", f->secret_path, 1);
	assert_int_equal(load(f, "--print-config"), CONF_E_DONE);
	assert_has(f->out, "token = ********  # WEIR_TOKEN_FILE\n");
	assert_null(strstr(f->out, "s3cret"));
}

static void a_printed_config_reads_back_the_same(void **state)
{
	struct fixture *f = *state;
	char printed[TEXT_LEN];

	assert_int_equal(
		load(f,
		     "--admin-listen=\"\\#x --level=-9223372036854775808 --weight 0.1 --verbose "
		     "--drain-delay 1.234s --max-body 1000 --ack received --target= --print-config"),
		CONF_E_DONE);
	strcpy(printed, f->out);
	assert_int_equal(load_file(f, printed, ""), 0);
	assert_string_equal(f->s.admin_listen, "\"\\#x");
	assert_null(f->s.token);
	assert_true(f->s.level == INT64_MIN && f->s.weight == 0.1 && f->s.verbose);
	assert_true(f->s.drain_ms == 1234 && f->s.body_bytes == 1000 && f->s.ack == 1);
	assert_int_equal(f->s.targets.n_values, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flags_take_both_forms_and_both_spellings),
		TEST(mistakes_on_the_command_line_get_one_clear_line),
		TEST(arguments_may_stand_among_options),
		TEST(help_teaches_every_option),
		TEST(version_and_check_are_answered),
		TEST(a_printed_config_says_origins_and_masks_secrets),
		TEST(a_printed_config_reads_back_the_same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/conf_args", tests, NULL, NULL);
}
