#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/tally.h"

static void expect(const char *body, uint64_t packets, uint64_t messages)
{
	struct tally t = { 10, 100 };

	assert_true(tally_add(&t, body, strlen(body)));
	assert_int_equal(t.packets, 10 + packets);
	assert_int_equal(t.messages, 100 + messages);
}

static void a_packet_counts_with_its_messages(void **state)
{
	(void)state;
	expect("{\"messages\":[1,2,3]}", 1, 3);
	expect(" {\"msg\":\"one\"}", 1, 1);
}

static void a_batch_counts_with_all_its_packets(void **state)
{
	(void)state;
	expect("[{\"messages\":[1,2,3]},{\"messages\":[4]},{\"a\":1}]", 3, 5);
}

static void what_is_no_packet_adds_nothing(void **state)
{
	struct tally t = { 10, 100 };

	(void)state;
	assert_false(tally_add(&t, "", 0));
	assert_false(tally_add(&t, "{\"messages\":[1", 14));
	assert_false(tally_add(&t, "[{\"a\":1},7]", 11));
	assert_int_equal(t.packets, 10);
	assert_int_equal(t.messages, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_counts_with_its_messages),
		cmocka_unit_test(a_batch_counts_with_all_its_packets),
		cmocka_unit_test(what_is_no_packet_adds_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
