#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/control/access.h"

static const struct {
	struct control_asker asker;
	enum control_access without, with_token;
} cases[] = {
	/* curl */
	{ { NULL, "emitter:8090", NULL, NULL }, CONTROL_ALLOWED, CONTROL_NO_TOKEN },
	{ { NULL, NULL, NULL, "Bearer secret" }, CONTROL_ALLOWED, CONTROL_ALLOWED },
	{ { NULL, NULL, NULL, "Bearer secret2" }, CONTROL_ALLOWED, CONTROL_NO_TOKEN },
	/* its own page */
	{ { "http://127.0.0.1:8090", "127.0.0.1:8090", "same-origin", NULL },
	  CONTROL_ALLOWED,
	  CONTROL_NO_TOKEN },
	{ { "http://[::1]:8090", "[::1]:8090", NULL, NULL }, CONTROL_ALLOWED, CONTROL_NO_TOKEN },
	{ { "http://localhost:8090", "localhost:8090", NULL, NULL },
	  CONTROL_ALLOWED,
	  CONTROL_NO_TOKEN },
	{ { "http://emitter.lan", "emitter.lan", "same-origin", "Bearer secret" },
	  CONTROL_OTHER_NAME,
	  CONTROL_ALLOWED },
	/* others */
	{ { "http://evil.example", "127.0.0.1:8090", NULL, "Bearer secret" },
	  CONTROL_OTHER_PAGE,
	  CONTROL_OTHER_PAGE },
	{ { NULL, "127.0.0.1:8090", "cross-site", NULL }, CONTROL_OTHER_PAGE, CONTROL_OTHER_PAGE },
	{ { "null", "127.0.0.1:8090", NULL, NULL }, CONTROL_OTHER_PAGE, CONTROL_OTHER_PAGE },
	{ { "http://a", NULL, NULL, NULL }, CONTROL_OTHER_PAGE, CONTROL_OTHER_PAGE },
};

static void pages_from_elsewhere_give_no_orders_and_tokens_are_asked_for(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(control_access(&cases[i].asker, NULL), cases[i].without);
		assert_int_equal(control_access(&cases[i].asker, "secret"), cases[i].with_token);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_from_elsewhere_give_no_orders_and_tokens_are_asked_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
