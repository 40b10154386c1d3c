/* Variables carry the program; older names are taken, and misspelt ones told. */
#include "t/unit/common/conf/conf_fixture.h"

#include "common/conf/conf_names.h"

static void assert_name(const char *program, const char *option, const char *expected)
{
	char name[CONF_ENV_STRLEN];

	conf_env_name(program, option, name);
	assert_string_equal(name, expected);
}

static void a_variable_has_the_name_of_its_program(void **state)
{
	(void)state;
	assert_name("weir-node", "admin-listen", "WEIR_NODE_ADMIN_LISTEN");
	assert_name("weir-node", "node-id", "WEIR_NODE_ID");
	assert_name("weirctl", "pool", "WEIR_CTL_POOL");
	assert_name("weirctl dead list", "limit", "WEIR_CTL_LIMIT");
	assert_name("weir-loadgen", "rate", "WEIR_LOADGEN_RATE");
	assert_name("weir-node", "nodes", "WEIR_NODE_NODES");
}

static void it_wins_over_the_older_name(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_NODE_WORKERS", "3", 1);
	assert_int_equal(load(f, ""), 0);
	assert_int_equal(f->s.workers, 3);
	assert_string_equal(f->err, "");
	setenv("WEIR_WORKERS", "3", 1);
	assert_int_equal(load(f, ""), 0);
	assert_string_equal(f->err, "");
	setenv("WEIR_WORKERS", "4", 1);
	assert_int_equal(load(f, ""), 0);
	assert_int_equal(f->s.workers, 3);
	assert_string_equal(f->err, "weir-node: warning: WEIR_WORKERS is not read, because "
				    "WEIR_NODE_WORKERS is set\n");
	setenv("WEIR_NODE_WORKERS", "many", 1);
	unsetenv("WEIR_WORKERS");
	assert_complaint(f, "",
			 "weir-node: WEIR_NODE_WORKERS: \"many\" is not a whole number (expected "
			 "1 to 256)\n");
	unsetenv("WEIR_NODE_WORKERS");
	setenv("WEIR_WORKERS", "4", 1);
	assert_int_equal(load_file(f, "workers = 5\n", ""), 0);
	assert_int_equal(f->s.workers, 4);
}

/* weir-analyzer has a max-body of another size. */
static void an_older_name_of_two_meanings_is_told(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_MAX_BODY", "2MiB", 1);
	assert_int_equal(load(f, ""), 0);
	assert_int_equal(f->s.body_bytes, 2 << 20);
	assert_string_equal(f->err, "weir-node: warning: WEIR_MAX_BODY means something else to "
				    "weir-analyzer: write WEIR_NODE_MAX_BODY\n");
	unsetenv("WEIR_MAX_BODY");
	setenv("WEIR_NODE_MAX_BODY", "3MiB", 1);
	assert_int_equal(load(f, ""), 0);
	assert_int_equal(f->s.body_bytes, 3 << 20);
	assert_string_equal(f->err, "");
}

static void a_misspelt_variable_is_told(void **state)
{
	static const struct {
		const char *name, *said;
	} cases[] = {
		{ "WEIR_NODE_WROKERS", "WEIR_NODE_WROKERS is unknown and not read (did you mean "
				       "WEIR_NODE_WORKERS?)" },
		{ "WEIR_WROKERS",
		  "WEIR_WROKERS is unknown and not read (did you mean WEIR_NODE_WORKERS?)" },
		{ "WEIR_NODE_ADMINLISTEN",
		  "WEIR_NODE_ADMINLISTEN is unknown and not read (did you mean "
		  "WEIR_NODE_ADMIN_LISTEN?)" },
		{ "WEIR_NODE_SOMETHING",
		  "WEIR_NODE_SOMETHING is unknown and not read (see --help)" },
	};
	struct fixture *f = *state;
	char expected[256];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setenv(cases[i].name, "1", 1);
		assert_int_equal(load(f, ""), 0);
		snprintf(expected, sizeof(expected), "weir-node: warning: %s\n", cases[i].said);
		assert_string_equal(f->err, expected);
		unsetenv(cases[i].name);
	}
}

static void variables_of_others_are_no_mistakes(void **state)
{
	static const char *const names[] = {
		"WEIR_ANALYZER_WEIGHT",
		"WEIR_LOADGEN_RATE",
		"WEIR_RATE",
		"WEIR_BIN",
		"WEIR_NODE_SERVICE_HOST",
		"WEIR_NODE_PORT_8080_TCP_ADDR",
		"WEIR_NODE_PORT",
		"WEIR_CTL_ADMIN_TOKEN_FILE",
		"WEIR_NODE_TOKEN_FILE",
	};
	struct fixture *f = *state;

	write_file(f->secret_path, "a secret");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv(names[i], f->secret_path, 1);
		assert_int_equal(load(f, ""), 0);
		assert_string_equal(f->err, "");
		unsetenv(names[i]);
	}
}

static void what_is_of_one_call_alone_is_no_variable(void **state)
{
	static const struct conf_option options[] = {
		{ "workers", CONF_INT, FIELD(workers), "1", NULL, "Threads.", 1, 256 },
		{ "verbose", CONF_BOOL, FIELD(verbose), "false", NULL, "Once.",
		  .flags = CONF_ONCE },
	};
	static const struct conf_program once = { .name = "weir-node",
						  .summary = "x",
						  .options = options,
						  .n_options = ARRAY_LEN(options) };
	struct fixture *f = *state;
	char words[128];

	setenv("WEIR_NODE_VERBOSE", "true", 1);
	setenv("WEIR_VERBOSE", "true", 1);
	assert_int_equal(load_as(f, &once, ""), 0);
	f->loaded = false; /* there is nothing to free */
	assert_false(f->s.verbose);
	assert_non_null(strstr(f->err, "weir-node: warning: WEIR_NODE_VERBOSE is not read: "
				       "--verbose belongs on the command line\n"));
	unsetenv("WEIR_NODE_VERBOSE");
	unsetenv("WEIR_VERBOSE");
	assert_int_equal(load_as(f, &once, "--verbose"), 0);
	f->loaded = false;
	assert_true(f->s.verbose);
	write_file(f->path, "verbose = true\n");
	snprintf(words, sizeof(words), "--config %s", f->path);
	assert_int_equal(load_as(f, &once, words), CONF_E_USAGE);
	assert_non_null(strstr(f->err, ":1: --verbose belongs on the command line\n"));
	assert_int_equal(load_as(f, &once, "--help"), CONF_E_DONE);
	assert_null(strstr(f->out, "WEIR_NODE_VERBOSE"));
}

static void the_origin_is_the_variable_that_was_set(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_WORKERS", "3", 1);
	setenv("WEIR_NODE_ADMIN_LISTEN", "x:1", 1);
	assert_int_equal(load(f, "--print-config"), CONF_E_DONE);
	assert_non_null(strstr(f->out, "workers = 3  # WEIR_WORKERS\n"));
	assert_non_null(strstr(f->out, "admin-listen = x:1  # WEIR_NODE_ADMIN_LISTEN\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_has_the_name_of_its_program),
		TEST(it_wins_over_the_older_name),
		TEST(an_older_name_of_two_meanings_is_told),
		TEST(a_misspelt_variable_is_told),
		TEST(variables_of_others_are_no_mistakes),
		TEST(what_is_of_one_call_alone_is_no_variable),
		TEST(the_origin_is_the_variable_that_was_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/conf/conf_env", tests, NULL, NULL);
}
