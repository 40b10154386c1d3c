/*
 * URLs whose hosts are names. This program has a getaddrinfo of its own for them; URLs with
 * addresses are in t/analyzer/places.t.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/admin/analyzer_place.h"

static const struct {
	const char *name;
	const char *addresses[2];
} known[] = {
	{ "good.test", { "10.0.0.1" } },
	{ "public.test", { "8.8.8.8" } },
	{ "metadata.google.internal", { "169.254.169.254" } },
	{ "mixed.test", { "10.0.0.1", "8.8.8.8" } },
	{ "mapped.test", { "::ffff:8.8.8.8" } },
};

static atomic_uint n_calls; /* for names */
static sem_t answers;       /* what slow.test waits for */

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **list)
{
	getaddrinfo_fn *real = (getaddrinfo_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo **endp = list;

	if (hints->ai_flags & AI_NUMERICHOST)
		return real(host, port, hints, list);
	n_calls++;
	if (strcmp(host, "slow.test") == 0)
		sem_wait(&answers);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, host) != 0)
			continue;
		for (size_t j = 0; j < 2 && known[i].addresses[j]; j++) {
			if (real(known[i].addresses[j], port, &numeric, endp) != 0)
				return EAI_FAIL;
			endp = &(*endp)->ai_next;
		}
		return 0;
	}
	return EAI_NONAME;
}

static enum analyzer_place check(const char *entry, const char *url, char why[640])
{
	const char *entries[] = { "10.0.0.0/8", entry }, *bad, *reason;
	struct net_allow *allow = NULL;
	enum analyzer_place place;

	assert_int_equal(net_allow_new(entries, 2, &allow, &bad, &reason), 0);
	why[0] = '\0';
	place = analyzer_place_check(allow, url, why);
	net_allow_free(allow);
	assert_int_equal(place == PLACE_ALLOWED, why[0] == '\0');
	return place;
}

static void a_name_is_judged_by_all_of_its_addresses(void **state)
{
	char why[640];

	(void)state;
	assert_int_equal(check("::1", "http://good.test/", why), PLACE_ALLOWED);
	assert_int_equal(check("::1", "https://good.test:1/x", why), PLACE_ALLOWED);
	assert_int_equal(check("::1", "http://public.test/", why), PLACE_REFUSED);
	assert_non_null(strstr(why, "8.8.8.8, which is meant by public.test"));
	assert_int_equal(check("::1", "http://mixed.test/", why), PLACE_REFUSED);
	assert_int_equal(check("::1", "http://mapped.test/", why), PLACE_REFUSED);
	assert_int_equal(check("::1", "http://metadata.google.internal/", why), PLACE_REFUSED);
	assert_non_null(strstr(why, "169.254.169.254, which is meant by metadata.google.internal"));
}

static void a_pattern_opens_a_name_but_not_metadata(void **state)
{
	char why[640];

	(void)state;
	assert_int_equal(check("*.test", "http://public.test/", why), PLACE_ALLOWED);
	assert_int_equal(check("*.test", "http://not.yet.test/", why), PLACE_ALLOWED);
	assert_int_equal(check("*", "http://metadata.google.internal/", why), PLACE_REFUSED);
}

static void a_name_that_cannot_be_resolved_is_not_judged(void **state)
{
	char why[640];

	(void)state;
	assert_int_equal(check("::1", "http://nobody.test/", why), PLACE_UNKNOWN);
	assert_non_null(strstr(why, "nobody.test cannot be resolved here"));
}

static void a_slow_lookup_is_not_waited_for(void **state)
{
	uint64_t start_us = clock_mono_us();
	char why[640];

	(void)state;
	assert_int_equal(sem_init(&answers, 0, 0), 0);
	assert_int_equal(check("::1", "http://slow.test/", why), PLACE_UNKNOWN);
	assert_non_null(strstr(why, "no answer in time"));
	assert_true(clock_mono_us() - start_us >= ANALYZER_PLACE_LOOKUP_MS * US_PER_MS * 9 / 10);
	sem_post(&answers);
}

static void what_is_no_name_is_not_looked_up(void **state)
{
	static const char *const urls[] = {
		"http://1.2.3.4.5/", "http://a..b/", "http://.a/",    "http://a b/",
		"http://a%2e/",      "http://a*/",   "http://[a]/",   "http://a.1/",
		"http://a.0X1f/",    "http://-/\n",  "http://a.0x./", "http://\xc3\xa4/",
	};
	char why[640];

	(void)state;
	n_calls = 0;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		assert_int_equal(check("*", urls[i], why), PLACE_BAD);
	assert_int_equal(n_calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_judged_by_all_of_its_addresses),
		cmocka_unit_test(a_pattern_opens_a_name_but_not_metadata),
		cmocka_unit_test(a_name_that_cannot_be_resolved_is_not_judged),
		cmocka_unit_test(a_slow_lookup_is_not_waited_for),
		cmocka_unit_test(what_is_no_name_is_not_looked_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/analyzer_place", tests, NULL, NULL);
}
