#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/format_route.h"

#define NONE FORMAT_FAMILIES

static const struct {
	const char *path;
	int family;
} cases[] = {
	{ "/ingest", FORMAT_FAMILY_ANY },
	{ "/ingest/", FORMAT_FAMILY_ANY },
	{ "//ingest", FORMAT_FAMILY_ANY },
	{ "///logs//", FORMAT_FAMILY_ANY },
	{ "//", NONE },
	{ "/logs", FORMAT_FAMILY_ANY },
	{ "/x/ingest", NONE },
	{ "/v1/logs", FORMAT_FAMILY_OTLP },
	{ "/otlp/v1/logs//", FORMAT_FAMILY_OTLP },
	{ "/v1/logsx", NONE },
	{ "/loki/api/v1/push", FORMAT_FAMILY_LOKI },
	{ "/tenant/loki/api/v1/push", FORMAT_FAMILY_LOKI },
	{ "/services/collector", FORMAT_FAMILY_HEC },
	{ "/services/collector/event/1.0", FORMAT_FAMILY_HEC },
	{ "/splunk/services/collector/event/", FORMAT_FAMILY_HEC },
	{ "/services/collector/raw", FORMAT_FAMILY_HEC_RAW },
	{ "/services/collector/raw/1.0", FORMAT_FAMILY_HEC_RAW },
	{ "/_bulk", FORMAT_FAMILY_BULK },
	{ "/shop/_bulk", FORMAT_FAMILY_BULK },
	{ "/shop_bulk", NONE },
	{ "/gelf", FORMAT_FAMILY_GELF },
	{ "/upload", FORMAT_FAMILY_JOURNAL },
	{ "/topics/shop", FORMAT_FAMILY_KAFKAREST },
	{ "/kafka/topics/shop/", FORMAT_FAMILY_KAFKAREST },
	{ "/topics", NONE },
	{ "/topics/", NONE },
	{ "/topics/a/partitions", NONE },
	{ "/", NONE },
	{ "", NONE },
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum format_family family = FORMAT_FAMILY_ANY;
		const char *name = format_route_find(cases[i].path, strlen(cases[i].path), &family);

		assert_int_equal(name ? (int)family : NONE, cases[i].family);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "paths have prefixes where agents add them, and slashes at their end", test_paths,
		  NULL, NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("format_route", tests, NULL, NULL);
}
