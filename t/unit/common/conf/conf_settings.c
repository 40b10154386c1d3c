#include "common/conf/conf_settings.h"

#include "t/unit/common/conf/conf_fixture.h"

static char shown[TEXT_LEN];

static void append(void *arg, const struct conf_setting *setting)
{
	size_t used = strlen(shown);

	(void)arg;
	snprintf(shown + used, sizeof(shown) - used, "%s=%s (%s %s)\n", setting->option->name,
		 setting->value ? setting->value : "not set", conf_origin_name(setting->origin),
		 setting->source);
}

static void assert_shown(const char *line)
{
	shown[0] = '\0';
	conf_settings_each(append, NULL);
	if (!strstr(shown, line))
		assert_string_equal(shown, line);
}

/* Of another program, which what comes next replaces whole. */
static int begin(void **state)
{
	int r = setup(state);

	return r == 0 ? load_as(*state, &tool, "") : r;
}

static void each_option_has_value_and_origin(void **state)
{
	struct fixture *f = *state;

	setenv("WEIR_NODE_WORKERS", "3", 1);
	assert_int_equal(load_file(f, "level = 7\n", "--ack received --target x --target y"), 0);
	unsetenv("WEIR_NODE_WORKERS");
	assert_shown("admin-listen=:8081 (default default)\n");
	assert_shown("token=not set (default default)\n");
	assert_shown("workers=3 (env WEIR_NODE_WORKERS)\n");
	assert_shown("level=7 (file ");
	assert_shown("ack=received (flag --ack)\n");
	assert_shown("target=x,y (flag --target)\n");
}

static void a_secret_is_masked(void **state)
{
	assert_int_equal(load(*state, "--token s3cret --header=a:s3cret,x --header=b=c:s3cret "
				      "--header=s3cret"),
			 0);
	assert_shown("token=******** (flag --token)\n");
	assert_shown("header=a: ********, b=c: ********, ******** (flag --header)\n");
	assert_null(strstr(shown, "s3cret"));
}

static void what_is_refused_leaves_them_as_they_were(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "--workers 5"), 0);
	assert_complaint(
		f, "--workers many",
		"weir-node: --workers: \"many\" is not a whole number (expected 1 to 256)\n");
	assert_shown("workers=5 (flag --workers)\n");
}

static void a_reload_changes_what_is_reloadable_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "--workers 5 --weight 1"), 0);
	assert_int_equal(load(f, "--workers 6 --weight 2"), 0);
	assert_shown("workers=5 (flag --workers)\n");
	assert_shown("weight=2 (flag --weight)\n");
}

#define BEGIN(f) cmocka_unit_test_setup_teardown(f, begin, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEGIN(each_option_has_value_and_origin),
		BEGIN(a_secret_is_masked),
		BEGIN(what_is_refused_leaves_them_as_they_were),
		BEGIN(a_reload_changes_what_is_reloadable_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/conf/conf_settings", tests, NULL, NULL);
}
