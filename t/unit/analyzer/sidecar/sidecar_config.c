#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/sidecar/sidecar_config.h"
#include "common/err.h"

#define NEEDED "--url", "http://h:1/x", "--register", "http://n:8081", "--id", "a"

static int load(struct sidecar_config *config, char ***commandp, const char *const *args)
{
	char *argv[32] = { (char *)"weir-sidecar" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	return sidecar_config_load(config, argc, argv, commandp);
}

#define LOAD(config, commandp, ...)                                                                \
	load(config, commandp, (const char *const[]){ NEEDED, __VA_ARGS__, NULL })

static void test_reads_its_parts(void **state)
{
	static char *none;
	struct sidecar_config config;
	char **command = &none;
	(void)state;

	assert_int_equal(LOAD(&config, &command, "--health-status", "204", "--processed-metric",
			      "http://h:1/metrics#lines_total"),
			 0);
	assert_null(command);
	assert_int_equal(config.status_least, 204);
	assert_int_equal(config.status_most, 204);
	assert_string_equal(config.processed_url, "http://h:1/metrics");
	assert_string_equal(config.processed_name, "lines_total");
	sidecar_config_free(&config);
	assert_int_equal(LOAD(&config, &command, "--health-status", "200-404"), 0);
	assert_int_equal(config.status_least, 200);
	assert_int_equal(config.status_most, 404);
	sidecar_config_free(&config);
	assert_int_equal(LOAD(&config, &command, "--header", "X-A: 1,2", "--header", "X-B: c",
			      "--encoding", "gzip"),
			 0);
	assert_int_equal(config.headers.n_values, 2);
	assert_string_equal(config.headers.values[0], "X-A: 1,2");
	assert_int_equal(config.encoding, SIDECAR_GZIP);
	sidecar_config_free(&config);
}

/* As a chart writes it, whose variable holds the address alone. */
static void test_puts_brackets_around_an_address_of_ipv6(void **state)
{
	struct sidecar_config config;
	char **command;
	(void)state;

	assert_int_equal(LOAD(&config, &command, "--url", "http://fd00::7:9001/ingest", "--health",
			      "http://fd00::7:9001/ready", "--processed-metric",
			      "http://fd00::7:9001/metrics#lines_total"),
			 0);
	assert_string_equal(config.url, "http://[fd00::7]:9001/ingest");
	assert_string_equal(config.health, "http://[fd00::7]:9001/ready");
	assert_string_equal(config.processed_url, "http://[fd00::7]:9001/metrics");
	sidecar_config_free(&config);
}

static void test_refuses_what_cannot_be(void **state)
{
	static const char *const wrong[][2] = {
		{ "--health-status", "20" },
		{ "--health-status", "300-200" },
		{ "--health-status", "200-" },
		{ "--health-status", "ok" },
		{ "--processed-metric", "http://h" },
		{ "--processed-metric", "http://h#" },
		{ "--processed-metric", "h#x" },
		{ "--health", "h:1" },
		{ "--health-body", "fine" },
		{ "--id", "a/b" },
		{ "--delivery-token", "short" },
		{ "--accepts", "letters" },
		{ "--header", "Host: h" },
		{ "--header", "X-A" },
		{ "--header", "X-A: 1\nx-a: 2" },
		{ "--encoding", "br" },
	};
	struct sidecar_config config;
	char **command;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(LOAD(&config, &command, wrong[i][0], wrong[i][1]), CONF_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_its_parts),
		cmocka_unit_test(test_puts_brackets_around_an_address_of_ipv6),
		cmocka_unit_test(test_refuses_what_cannot_be),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
