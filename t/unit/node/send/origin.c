#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/origin.h"

static void on_looked_up(struct origin *o UNUSED)
{
}

static struct origin *found(struct origins *o, const char *url)
{
	struct origin *origin = NULL;

	assert_int_equal(origins_find(o, url, &origin), 0);
	return origin;
}

static void urls_of_one_host_and_port_share_an_origin(void **state UNUSED)
{
	struct origins o;
	struct origin *origin;

	origins_init(&o, NULL, NULL, false, on_looked_up, NULL);
	origin = found(&o, "http://h:80/a");
	assert_string_equal(origin->authority, "h:80");
	assert_string_equal(origin->host, "h");
	assert_ptr_equal(found(&o, "http://h:80"), origin);
	assert_ptr_equal(found(&o, "HTTP://h:80?x#/y"), origin);
	assert_ptr_not_equal(found(&o, "http://h:81/a"), origin);
	assert_ptr_not_equal(found(&o, "http://h/a"), origin);
	assert_int_equal(o.n, 3);
	origins_deinit(&o);
}

static void the_path_ends_before_a_fragment(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "http://h", "" },           { "http://h#f", "" },         { "http://h/", "/" },
		{ "http://h/a/b#c", "/a/b" }, { "http://h?a=/b", "?a=/b" },
	};
	struct origins o;

	origins_init(&o, NULL, NULL, false, on_looked_up, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len;
		const char *path = origin_path(found(&o, cases[i][0]), cases[i][0], &len);

		assert_int_equal(len, strlen(cases[i][1]));
		assert_memory_equal(path, cases[i][1], len);
	}
	origins_deinit(&o);
}

static void what_could_split_a_request_is_refused_also_where_the_host_is_known(void **state UNUSED)
{
	static const char *const urls[] = { "http://h/a b",  "http://h/\n", "http://h/\x7f",
					    "http://h\r\n/", "https://h/",  "//h/",
					    "http://[h]/" };
	struct origins o;
	struct origin *origin;

	origins_init(&o, NULL, NULL, false, on_looked_up, NULL);
	found(&o, "http://h/");
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		assert_int_equal(origins_find(&o, urls[i], &origin), ORIGIN_E_URL);
	assert_int_equal(o.n, 1);
	origins_deinit(&o);
}

static void an_address_is_known_for_ever(void **state UNUSED)
{
	struct origins o;
	struct origin *origin;

	origins_init(&o, NULL, NULL, false, on_looked_up, NULL);
	origin = found(&o, "http://[::1]:8080/");
	assert_true(origin_has_address(origin, 1ULL << 60));
	assert_int_equal(net_addr_port(&origin->lookup.addrs[0]), 8080);
	assert_false(origin_has_address(found(&o, "http://name/"), 1));
	origins_deinit(&o);
}

static void who_is_not_used_makes_room(void **state UNUSED)
{
	struct origins o;
	struct origin *used, *origin;
	char url[64];

	origins_init(&o, NULL, NULL, false, on_looked_up, NULL);
	used = found(&o, "http://used/");
	used->n_conns = 1;
	for (unsigned i = 0; i < 3 * ORIGINS_MAX; i++) {
		snprintf(url, sizeof(url), "http://127.0.0.1:%u/", i + 1);
		found(&o, url);
		assert_true(o.n <= ORIGINS_MAX);
	}
	assert_ptr_equal(found(&o, "http://used/"), used);
	for (unsigned i = 0; o.n < ORIGINS_MAX; i++) {
		snprintf(url, sizeof(url), "http://127.0.0.2:%u/", i + 1);
		found(&o, url);
	}
	for (unsigned i = 0; i < ORIGIN_BUCKETS; i++)
		for (origin = o.buckets[i]; origin; origin = origin->next)
			origin->n_conns = 1;
	assert_int_equal(origins_find(&o, "http://more/", &origin), ORIGIN_E_FULL);
	for (unsigned i = 0; i < ORIGIN_BUCKETS; i++)
		for (origin = o.buckets[i]; origin; origin = origin->next)
			origin->n_conns = 0;
	origins_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_of_one_host_and_port_share_an_origin),
		cmocka_unit_test(the_path_ends_before_a_fragment),
		cmocka_unit_test(
			what_could_split_a_request_is_refused_also_where_the_host_is_known),
		cmocka_unit_test(an_address_is_known_for_ever),
		cmocka_unit_test(who_is_not_used_makes_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/origin", tests, NULL, NULL);
}
