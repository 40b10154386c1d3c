#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/codec/crc32c.h"

static void test_vectors(void **state)
{
	char zeros[32] = { 0 };

	(void)state;
	assert_int_equal(crc32c("", 0), 0);
	assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(zeros, sizeof(zeros)), 0x8a9136aau); /* RFC 3720 B.4 */
}

int main(void)
{
	const struct CMUnitTest tests[] = { { "the sums are those of RFC 3720", test_vectors } };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
