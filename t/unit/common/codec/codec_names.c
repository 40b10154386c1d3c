#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/codec/codec_names.h"

struct names_case {
	const char *title;
	const char *value;
	int result;
	unsigned n;
	uint8_t codings[3];
};

/* clang-format off */
static const struct names_case cases[] = {
	{"an absent field announces nothing", "", 0, 0, {0}},
	{"identity is nothing", "identity", 0, 0, {0}},
	{"gzip has two names", "gzip, X-GZIP", 0, 2, {CODEC_GZIP, CODEC_GZIP}},
	{"deflate is zlib", "gzip,deflate", 0, 2, {CODEC_GZIP, CODEC_ZLIB}},
	{"white space and empty members are nothing", " ,\tzstd , ,snappy\t", 0, 2, {CODEC_ZSTD, CODEC_SNAPPY_BLOCK}},
	{"an unknown coding is told", "gzip, br", CODEC_NAMES_E_UNKNOWN, 0, {0}},
	{"so are too many", "gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", CODEC_NAMES_E_UNKNOWN, 0, {0}},
	{"a name must be whole", "gzi", CODEC_NAMES_E_UNKNOWN, 0, {0}},
};
/* clang-format on */

static void test_case(void **state)
{
	const struct names_case *c = *state;
	struct codec_names names;

	assert_int_equal(codec_names_read(c->value, strlen(c->value), &names), c->result);
	if (c->result)
		return;
	assert_int_equal(names.n, c->n);
	assert_memory_equal(names.codings, c->codings, c->n);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ cases[i].title, test_case, NULL, NULL,
						(void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("codec_names", tests, NULL, NULL);
}
