#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/packet/suspicion.h"

static int setup(void **state)
{
	*state = packet_new(1);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	packet_free(*state);
	return 0;
}

static void fail_delivery(struct packet *p, enum suspicion_kind kind, bool was_alone)
{
	suspicion_count(p,
			&(struct suspicion_failure){ .kind = kind,
						     .status = kind == SUSPICION_STATUS ? 500 : 0,
						     .was_alone = was_alone,
						     .analyzer = "a1" });
}

static void a_clean_packet_is_no_suspect(void **state)
{
	struct packet *p = *state;
	size_t len;

	assert_int_equal(suspicion_n_failures(p), 0);
	assert_false(suspicion_goes_alone(p));
	assert_false(suspicion_is_suspect(p));
	assert_false(suspicion_is_over(p));
	assert_string_equal(suspicion_analyzer(p), "");
	suspicion_said(p, &len);
	assert_int_equal(len, 0);
}

static void after_a_broken_batch_it_goes_alone(void **state)
{
	fail_delivery(*state, SUSPICION_BROKEN, false);
	assert_true(suspicion_goes_alone(*state));
	assert_false(suspicion_is_suspect(*state));
}

static void after_another_failure_it_goes_alone_from_the_second_on(void **state)
{
	fail_delivery(*state, SUSPICION_STATUS, false);
	assert_false(suspicion_goes_alone(*state));
	fail_delivery(*state, SUSPICION_STATUS, false);
	assert_true(suspicion_goes_alone(*state));
	fail_delivery(*state, SUSPICION_STATUS, false);
	assert_false(suspicion_is_suspect(*state)); /* others were with it */
	fail_delivery(*state, SUSPICION_STATUS, true);
	assert_true(suspicion_is_suspect(*state));
}

static void a_suspect_waits_longer_and_longer(void **state)
{
	static const unsigned seconds[] = { 1, 2, 4, 8, 16, 30, 30 };
	struct packet *p = *state;

	fail_delivery(p, SUSPICION_TIMEOUT, true);
	fail_delivery(p, SUSPICION_TIMEOUT, true);
	assert_false(suspicion_is_suspect(p));
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		fail_delivery(p, SUSPICION_TIMEOUT, true);
		assert_true(suspicion_is_suspect(p));
		assert_int_equal(suspicion_wait_us(p), seconds[i] * US_PER_S);
	}
}

static void it_is_over_after_ten_failures(void **state)
{
	char reason[SUSPICION_REASON_SIZE];
	struct packet *p = *state;

	for (int i = 0; i < SUSPICION_MAX_FAILURES; i++) {
		assert_false(suspicion_is_over(p));
		fail_delivery(p, SUSPICION_STATUS, true);
	}
	assert_true(suspicion_is_over(p));
	suspicion_write_reason(p, reason);
	assert_string_equal(reason, "poison: 10 attempts, last status 500");
	assert_string_equal(suspicion_analyzer(p), "a1");
}

static void or_after_six_broken_connections(void **state)
{
	char reason[SUSPICION_REASON_SIZE];
	struct packet *p = *state;

	for (int i = 0; i < SUSPICION_MAX_BROKEN; i++) {
		assert_false(suspicion_is_over(p));
		fail_delivery(p, SUSPICION_BROKEN, true);
	}
	assert_true(suspicion_is_over(p));
	suspicion_write_reason(p, reason);
	assert_string_equal(reason, "poison: 6 attempts, last the connection broke");
}

static void one_broken_connection_after_other_failures_is_one(void **state)
{
	struct packet *p = *state;

	for (int i = 0; i < SUSPICION_MAX_BROKEN; i++)
		fail_delivery(p, SUSPICION_TIMEOUT, true);
	fail_delivery(p, SUSPICION_BROKEN, true);
	assert_false(suspicion_is_over(p));
	for (int i = 1; i < SUSPICION_MAX_BROKEN - 3; i++)
		fail_delivery(p, SUSPICION_BROKEN, true);
	assert_false(suspicion_is_over(p));
	fail_delivery(p, SUSPICION_TIMEOUT, true); /* the tenth failure */
	assert_true(suspicion_is_over(p));
}

static void broken_connections_count_whatever_comes_between(void **state)
{
	struct packet *p = *state;

	for (int i = 0; i < SUSPICION_MAX_BROKEN - 1; i++)
		fail_delivery(p, SUSPICION_BROKEN, true);
	fail_delivery(p, SUSPICION_STATUS, true);
	assert_false(suspicion_is_over(p));
	fail_delivery(p, SUSPICION_BROKEN, true);
	assert_true(suspicion_is_over(p));
}

static void what_was_counted_elsewhere_counts(void **state)
{
	struct packet *p = *state;

	suspicion_restore(p, 0);
	assert_null(p->suspicion);
	suspicion_restore(p, 2);
	assert_true(suspicion_goes_alone(p));
	assert_false(suspicion_is_suspect(p));
	suspicion_restore(p, 9);
	assert_true(suspicion_is_suspect(p));
	assert_false(suspicion_is_over(p));
	assert_int_equal(p->n_attempts, 9);
	fail_delivery(p, SUSPICION_TIMEOUT, true);
	assert_true(suspicion_is_over(p));
	suspicion_restore(p, SUSPICION_MAX_BROKEN - 1);
	assert_false(suspicion_is_over(p));
	fail_delivery(p, SUSPICION_BROKEN, true);
	assert_true(suspicion_is_over(p));
}

static void the_front_of_what_was_said_is_kept(void **state)
{
	char text[2 * PACKET_QUOTE_BYTES];
	const char *said;
	size_t len;

	memset(text, 'x', sizeof(text));
	suspicion_quote(*state, "a1", text, sizeof(text));
	said = suspicion_said(*state, &len);
	assert_int_equal(len, PACKET_QUOTE_BYTES);
	assert_memory_equal(said, text, len);
	suspicion_quote(*state, "a2", "no", 2);
	said = suspicion_said(*state, &len);
	assert_int_equal(len, 2);
	assert_memory_equal(said, "no", len);
	assert_false(suspicion_goes_alone(*state)); /* that alone is no failure */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_packet_is_no_suspect),
		TEST(after_a_broken_batch_it_goes_alone),
		TEST(after_another_failure_it_goes_alone_from_the_second_on),
		TEST(a_suspect_waits_longer_and_longer),
		TEST(it_is_over_after_ten_failures),
		TEST(or_after_six_broken_connections),
		TEST(one_broken_connection_after_other_failures_is_one),
		TEST(broken_connections_count_whatever_comes_between),
		TEST(what_was_counted_elsewhere_counts),
		TEST(the_front_of_what_was_said_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/packet/suspicion", tests, NULL, NULL);
}
