#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "analyzer/config.h"

static int load(struct config *config, const char *const *args, int n_args)
{
	char *argv[16] = { "weir-analyzer" };

	for (int i = 0; i < n_args; i++)
		argv[i + 1] = (char *)args[i];
	return config_load(config, n_args + 1, argv);
}

#define LOAD(config, ...)                                                                          \
	load(config, (const char *const[]){ __VA_ARGS__ },                                         \
	     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void the_documented_command_line_is_read(void **state)
{
	struct config config;
	(void)state;

	assert_int_equal(LOAD(&config, "--id", "a1", "--weight", "0.5", "--listen",
			      "127.0.0.1:9001", "--register",
			      "http://127.0.0.1:8081,http://n2:8081", "--ttl", "5s", "--accepts",
			      "packet"),
			 0);
	assert_string_equal(config.id, "a1");
	assert_true(config.weight == 0.5);
	assert_int_equal(net_addr_port(&config.listen_addr), 9001);
	assert_int_equal(config.registries.n_values, 2);
	assert_string_equal(config.registries.values[1], "http://n2:8081");
	assert_int_equal(config.ttl_ms, 5000);
	assert_int_equal(config.accepts, ACCEPTS_PACKET);
	config_free(&config);
}

static void defaults_are_those_of_the_documentation(void **state)
{
	struct config config;
	(void)state;

	assert_int_equal(LOAD(&config, "--id", "a1"), 0);
	assert_true(config.weight == 1);
	assert_int_equal(config.registries.n_values, 0);
	assert_int_equal(config.accepts, ACCEPTS_BATCH);
	assert_int_equal(config.max_batch_packets, 256);
	assert_int_equal(config.max_batch_bytes, 1 << 20);
	assert_int_equal(config.max_body_bytes, 64 << 20);
	assert_int_equal(config.ttl_ms, 10000);
	assert_int_equal(config.dedupe_window, 100000);
	assert_int_equal(config.n_threads, 64);
	assert_null(config.record);
	assert_null(config.sink);
	config_free(&config);
}

static void bad_values_are_usage_errors(void **state)
{
	static const char *const bad[][2] = {
		{ "--id", "" },
		{ "--id", "a/b" },
		{ "--id", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "--listen", "9001" },
		{ "--grpc-listen", "9002" },
		{ "--grpc-listen", "127.0.0.1:9001" }, /* where it listens for HTTP */
		{ "--register", "127.0.0.1:8081" },
		{ "--advertise", "ftp://h/" },
		{ "--sink", "h" },
		{ "--sink-outbox", "/tmp/outbox" },
		{ "--sink-ca", "/etc/passwd" },
		{ "--sink-header-file", "/etc/passwd" },
		{ "--error-rate", "1.5" },
		{ "--delay-ms", "-1" },
		{ "--weight", "-1" },
		{ "--accepts", "all" },
	};
	struct config config;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (LOAD(&config, "--id", "a1", bad[i][0], bad[i][1]) != CONF_E_USAGE)
			fail_msg("taken: %s %s", bad[i][0], bad[i][1]);
	assert_int_equal(LOAD(&config, "--weight", "1"), CONF_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_command_line_is_read),
		cmocka_unit_test(defaults_are_those_of_the_documentation),
		cmocka_unit_test(bad_values_are_usage_errors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
