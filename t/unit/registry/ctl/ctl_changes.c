#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/ctl/ctl_changes.h"

#define A1(fields) "{\"id\":\"a1\",\"slot\":0,\"url\":\"u\"" fields "}"
#define POOL(analyzers, workers, rest)                                                             \
	"{\"epoch\":1,\"slots\":2,\"analyzers\":[" analyzers "],\"workers\":[" workers "]" rest "}"
#define N1(reach) "{\"worker\":\"n1/0\",\"unreachable\":\"" reach "\"}"

/* What changed, with "; " between. */
static void assert_changes(const char *before_json, const char *now_json, const char *expected)
{
	struct roster *before CLEANUP(roster_unrefp) = NULL, *now CLEANUP(roster_unrefp) = NULL;
	char text[1024] = "";
	cJSON *changes;
	const cJSON *change;

	assert_int_equal(roster_parse(before_json, &before), 0);
	assert_int_equal(roster_parse(now_json, &now), 0);
	changes = ctl_changes(before, now);
	cJSON_ArrayForEach (change, changes) {
		strcat(text, text[0] ? "; " : "");
		strcat(text, change->valuestring);
	}
	cJSON_Delete(changes);
	assert_string_equal(text, expected);
}

static void the_same_twice_is_no_change(void **state)
{
	(void)state;
	assert_changes(POOL(A1(",\"share\":0.5"), N1("0"), ""),
		       POOL(A1(",\"share\":0.5"), N1("0"), ""), "");
}

static void analyzers_join_leave_and_are_changed(void **state)
{
	static const char one[] = POOL(A1(",\"weight\":2,\"share\":1"), "", "");
	(void)state;

	assert_changes(POOL("", "", ""), one, "a1 joined: weight 2, share 100.0 %");
	assert_changes(one, POOL("", "", ""), "a1 left");
	assert_changes(one, POOL(A1(",\"weight\":3,\"share\":0.25"), "", ""),
		       "a1 weight 2 -> 3; a1 share 100.0 % -> 25.0 %");
	assert_changes(one,
		       POOL(A1(",\"weight\":2,\"share\":1,\"state\":\"draining\","
			       "\"health\":\"down\""),
			    "", ""),
		       "a1 active -> draining; a1 up -> down");
	assert_changes(POOL(A1(",\"info\":\"{\\\"instance\\\":\\\"x\\\"}\""), "", ""),
		       POOL(A1(",\"info\":\"{\\\"instance\\\":\\\"y\\\",\\\"fault\\\":\\\"down\\\"}"
			       "\""),
			    "", ""),
		       "a1 restarted; a1 fault down");
}

static void breakers_of_nodes_are_told(void **state)
{
	static const char fine[] = POOL(A1(""), N1(""), "");
	static const char open[] = POOL(A1(""), N1("0"), "");
	static const char trial[] = POOL(A1(""), N1("~0"), "");
	static const char hanging[] = POOL(A1(""), N1("!0"), "");
	(void)state;

	assert_changes(fine, open, "node n1 sends a1 nothing more");
	assert_changes(open, trial, "node n1 tries a1 again");
	assert_changes(trial, fine, "node n1 reaches a1 again");
	assert_changes(fine, hanging, "node n1 sends a1 nothing more: it hangs");
	assert_changes(POOL(A1(""), "", ""), fine, "node n1 came");
	assert_changes(fine, POOL(A1(""), "", ""), "node n1 is gone");
}

static void the_spill_begins_and_ends_and_dead_letters_are_counted(void **state)
{
	static const char none[] = POOL("", "", "");
	static const char some[] = POOL("", "", ",\"spill\":{\"packets\":3},\"dead\":2");
	(void)state;

	assert_changes(none, some, "spill began: 3 packets; dead letters 0 -> 2");
	assert_changes(some, none, "spill is empty again; dead letters 2 -> 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_twice_is_no_change),
		cmocka_unit_test(analyzers_join_leave_and_are_changed),
		cmocka_unit_test(breakers_of_nodes_are_told),
		cmocka_unit_test(the_spill_begins_and_ends_and_dead_letters_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
