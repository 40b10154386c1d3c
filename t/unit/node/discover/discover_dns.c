#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/discover/discover_source.h"

/* An answer of a name server, as it is built. */
struct answer {
	unsigned char bytes[60000];
	int len;
	unsigned n;
};

static void put(struct answer *a, const void *data, size_t len)
{
	memcpy(a->bytes + a->len, data, len);
	a->len += (int)len;
}

static void put16(struct answer *a, unsigned value)
{
	put(a, (unsigned char[]){ (unsigned char)(value >> 8), (unsigned char)value }, 2);
}

/* "host.domain" */
static void put_name(struct answer *a, const char *name)
{
	while (*name) {
		unsigned char len = (unsigned char)strcspn(name, ".");

		put(a, &len, 1);
		put(a, name, len);
		name += len + (name[len] == '.');
	}
	put(a, "", 1);
}

static void add_srv(struct answer *a, unsigned priority, unsigned weight, unsigned port,
		    const char *host)
{
	int length_at;

	put_name(a, "_s._tcp.x");
	put(a, "\0\x21\0\1\0\0\0\5", 8);
	length_at = a->len;
	put16(a, 0);
	put16(a, priority);
	put16(a, weight);
	put16(a, port);
	put_name(a, host);
	a->bytes[length_at + 1] = (unsigned char)(a->len - length_at - 2);
	a->n++;
	a->bytes[6] = (unsigned char)(a->n >> 8);
	a->bytes[7] = (unsigned char)a->n;
}

static struct answer begin(void)
{
	struct answer a = { .len = 12 };

	a.bytes[2] = 0x80;
	return a;
}

static struct source the_source;

static int setup(void **state)
{
	(void)state;
	return source_parse(&the_source, "dns+http://_s._tcp.x/logs*2") == NULL ? 0 : -1;
}

static void test_takes_the_lowest_priority_with_its_weights(void **state)
{
	struct answer a = begin();
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	(void)state;

	add_srv(&a, 20, 50, 9009, "spare.x");
	add_srv(&a, 10, 30, 9002, "b.x");
	add_srv(&a, 10, 10, 9001, "a.x");
	assert_true(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.targets[0].id, "a.x-9001");
	assert_string_equal(list.targets[0].url, "http://a.x:9001/logs");
	assert_true(list.targets[0].weight == 20);
	assert_true(list.targets[1].weight == 60);
	target_list_deinit(&list);
}

static void test_all_weights_0_are_equal_ones(void **state)
{
	struct answer a = begin();
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	(void)state;

	add_srv(&a, 1, 0, 9001, "a.x");
	add_srv(&a, 1, 0, 9002, "b.x");
	assert_true(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_true(list.targets[0].weight == 2 && list.targets[1].weight == 2);
	target_list_deinit(&list);
}

static void test_an_empty_answer_is_a_failure(void **state)
{
	struct answer a = begin();
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	(void)state;

	assert_false(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	add_srv(&a, 1, 1, 9001, ""); /* "not available": RFC 2782 */
	assert_false(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	target_list_deinit(&list);
}

/* Whom a list leaves out leaves the pool, so one that cannot be listed is not passed over. */
static void test_a_record_that_cannot_be_listed_fails_all_of_them(void **state)
{
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	struct answer a = begin();
	(void)state;

	add_srv(&a, 1, 1, 9001, "a.x");
	add_srv(&a, 1, 1, 9002, "b c.x");
	assert_false(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_non_null(strstr(why, "c.x:9002: url must be"));
	target_list_deinit(&list);
	a = begin();
	add_srv(&a, 1, 1, 9001, "a.x");
	add_srv(&a, 1, 65535, 9002, "b.x");
	assert_null(source_parse(&the_source, "dns+http://_s._tcp.x/logs*100"));
	assert_false(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_string_equal(why, "b.x:9002: weight must be a number from 0 to 1000000");
	target_list_deinit(&list);
}

static void test_more_records_than_a_pool_may_have_are_not_cut_off(void **state)
{
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	struct answer a = begin();
	(void)state;

	for (unsigned i = 0; i < TARGETS_MOST; i++)
		add_srv(&a, 1, 1, 1 + i, "a.x");
	assert_true(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_int_equal(list.n, TARGETS_MOST);
	target_list_deinit(&list);
	add_srv(&a, 1, 1, 2000, "a.x");
	assert_false(discover_dns_records(&the_source, a.bytes, a.len, &list, why));
	assert_non_null(strstr(why, "more than 1024 records"));
	target_list_deinit(&list);
}

/* Whatever it makes of it, it reads nothing beyond the end. */
static void test_survives_a_cut_answer(void **state)
{
	struct answer a = begin();
	(void)state;

	add_srv(&a, 1, 1, 9001, "a.x");
	add_srv(&a, 1, 1, 9002, "b.x");
	for (int len = 0; len < a.len; len++) {
		struct target_list list = { 0 };
		char why[SOURCE_WHY_SIZE];
		unsigned char *copy = malloc((size_t)len + 1);

		memcpy(copy, a.bytes, (size_t)len);
		if (discover_dns_records(&the_source, copy, len, &list, why))
			assert_in_range(list.n, 1, 2);
		target_list_deinit(&list);
		free(copy);
	}
}

static void test_each_address_is_an_analyzer(void **state)
{
	struct target_list list = { 0 };
	char why[SOURCE_WHY_SIZE];
	(void)state;

	assert_null(source_parse(&the_source, "dns+http://127.0.0.7:9001*3"));
	assert_true(source_read(&the_source, &list, why));
	assert_int_equal(list.n, 1);
	assert_string_equal(list.targets[0].url, "http://127.0.0.7:9001/ingest");
	assert_true(list.targets[0].weight == 3);
	target_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_the_lowest_priority_with_its_weights),
		cmocka_unit_test(test_all_weights_0_are_equal_ones),
		cmocka_unit_test(test_an_empty_answer_is_a_failure),
		cmocka_unit_test_setup(test_a_record_that_cannot_be_listed_fails_all_of_them,
				       setup),
		cmocka_unit_test_setup(test_more_records_than_a_pool_may_have_are_not_cut_off,
				       setup),
		cmocka_unit_test(test_survives_a_cut_answer),
		cmocka_unit_test(test_each_address_is_an_analyzer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
