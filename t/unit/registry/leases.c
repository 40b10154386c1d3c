/* leases.[ch]: while Redis takes no writes, a lease that ended says nothing of its owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/leases.h"

/* Analyzers with leases of 10 s; lease: what is left of each. */
static struct roster *roster_with(const int *lease, unsigned n, const char *workers)
{
	struct roster *roster = NULL;
	char json[1000], *at = json;

	at += sprintf(at, "{\"epoch\":1,\"now_ms\":90000,\"slots\":%u,\"analyzers\":[", n);
	for (unsigned i = 0; i < n; i++)
		at += sprintf(at,
			      "%s{\"id\":\"a%u\",\"slot\":%u,\"url\":\"http://a/\",\"weight\":1,"
			      "\"share\":0.5,\"state\":\"active\",\"health\":\"%s\","
			      "\"lease_ms\":%d,\"info\":\"{\\\"ttl_ms\\\":10000}\"}",
			      i ? "," : "", i, i, lease[i] > 0 ? "up" : "down", lease[i]);
	sprintf(at, "],\"gone\":[],\"workers\":[%s],\"dead\":0}", workers);
	assert_int_equal(roster_parse(json, &roster), 0);
	return roster;
}

static void leases_that_could_not_be_renewed_are_no_evidence(void **state)
{
	/* the last heartbeat came 15 s ago; the lease of the last one had ended by then */
	static const int leases[] = { -5000, -8000, -20000 };
	struct roster *roster CLEANUP(roster_unrefp) = roster_with(leases, 3, "");
	(void)state;

	assert_int_equal(leases_forgive(roster, NULL), 0);
	assert_int_equal(roster->analyzers[0].health, HEALTH_UP);
	assert_int_equal(roster->analyzers[1].health, HEALTH_UP);
	assert_int_equal(roster->analyzers[2].health, HEALTH_DOWN);
	assert_int_equal(roster->analyzers[0].lease_ms, -5000);
}

static void one_that_is_down_with_a_lease_stays_so(void **state)
{
	static const int leases[] = { 4000, 3000 };
	struct roster *roster CLEANUP(roster_unrefp) = roster_with(leases, 2, "");
	(void)state;

	roster->analyzers[1].health = HEALTH_DOWN;
	assert_int_equal(leases_forgive(roster, NULL), 0);
	assert_int_equal(roster->analyzers[1].health, HEALTH_DOWN);
}

static void workers_that_were_there_are_kept_once(void **state)
{
	static const int leases[] = { -5000 };
	struct roster *roster CLEANUP(roster_unrefp) =
		roster_with(leases, 1, "{\"worker\":\"n1/0\",\"info\":\"{}\"}");
	struct roster *last CLEANUP(roster_unrefp) =
		roster_with(leases, 1,
			    "{\"worker\":\"n1/0\",\"info\":\"{}\"},{\"worker\":\"n2/0\","
			    "\"info\":\"{\\\"mode\\\":\\\"leased\\\"}\",\"unreachable\":\"0\"}");
	(void)state;

	assert_int_equal(leases_forgive(roster, last), 0);
	assert_int_equal(roster->n_workers, 2);
	assert_string_equal(roster->workers[1].name, "n2/0");
	assert_string_equal(roster->workers[1].mode, "leased");
	assert_string_equal(roster->workers[1].unreachable, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leases_that_could_not_be_renewed_are_no_evidence),
		cmocka_unit_test(one_that_is_down_with_a_lease_stays_so),
		cmocka_unit_test(workers_that_were_there_are_kept_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/leases", tests, NULL, NULL);
}
