#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/dedupe.h"
#include "common/rng.h"

#define MODEL_WINDOW 37
#define MODEL_STEPS 20000
#define MANY 150000

static struct dedupe_key key(const struct dedupe *d, const char *id, const char *packet)
{
	return dedupe_key(d, id, strlen(id), packet, strlen(packet));
}

static void keep(struct dedupe *d, struct dedupe_key k)
{
	dedupe_settle(d, dedupe_insert(d, k), 1, true);
}

static void a_packet_is_a_duplicate_once_it_is_kept(void **state)
{
	struct dedupe *d = dedupe_new(10);
	struct dedupe_key k = key(d, "p1", "{1}");
	uint64_t number;
	(void)state;

	assert_int_equal(dedupe_look(d, k), DEDUPE_NEW);
	number = dedupe_insert(d, k);
	assert_int_equal(dedupe_look(d, k), DEDUPE_PENDING);
	dedupe_settle(d, number, 1, true);
	assert_int_equal(dedupe_look(d, k), DEDUPE_DUPLICATE);
	dedupe_free(d);
}

static void the_same_id_with_other_bytes_is_a_conflict(void **state)
{
	struct dedupe *d = dedupe_new(10);
	(void)state;

	keep(d, key(d, "p1", "{1}"));
	assert_int_equal(dedupe_look(d, key(d, "p1", "{2}")), DEDUPE_CONFLICT);
	assert_int_equal(dedupe_look(d, key(d, "p2", "{1}")), DEDUPE_NEW);
	keep(d, key(d, "p1", "{2}"));
	assert_int_equal(dedupe_look(d, key(d, "p1", "{1}")), DEDUPE_DUPLICATE);
	assert_int_equal(dedupe_look(d, key(d, "p1", "{2}")), DEDUPE_DUPLICATE);
	dedupe_free(d);
}

static void what_failed_is_as_if_never_seen(void **state)
{
	struct dedupe *d = dedupe_new(10);
	struct dedupe_key a = key(d, "a", "1"), b = key(d, "b", "1");
	uint64_t first;
	(void)state;

	first = dedupe_insert(d, a);
	assert_int_equal(dedupe_insert(d, b), first + 1);
	dedupe_settle(d, first, 2, false);
	assert_int_equal(dedupe_look(d, a), DEDUPE_NEW);
	assert_int_equal(dedupe_look(d, b), DEDUPE_NEW);
	dedupe_free(d);
}

static void the_oldest_is_forgotten_first(void **state)
{
	struct dedupe *d = dedupe_new(3);
	char id[2] = "a";
	(void)state;

	for (; id[0] <= 'd'; id[0]++)
		keep(d, key(d, id, "1"));
	assert_int_equal(dedupe_look(d, key(d, "a", "1")), DEDUPE_NEW);
	assert_int_equal(dedupe_look(d, key(d, "b", "1")), DEDUPE_DUPLICATE);
	assert_int_equal(dedupe_look(d, key(d, "d", "1")), DEDUPE_DUPLICATE);
	dedupe_free(d);
}

static void a_batch_larger_than_the_window_settles(void **state)
{
	struct dedupe *d = dedupe_new(2);
	uint64_t first = dedupe_insert(d, key(d, "a", "1"));
	(void)state;

	(void)dedupe_insert(d, key(d, "b", "1"));
	(void)dedupe_insert(d, key(d, "c", "1"));
	dedupe_settle(d, first, 3, false);
	assert_int_equal(dedupe_look(d, key(d, "c", "1")), DEDUPE_NEW);
	keep(d, key(d, "c", "1"));
	assert_int_equal(dedupe_look(d, key(d, "c", "1")), DEDUPE_DUPLICATE);
	dedupe_free(d);
}

static void keys_see_every_byte(void **state)
{
	struct dedupe *d = dedupe_new(1);
	char packet[40] = { 0 };
	uint64_t plain = dedupe_key(d, "x", 1, packet, sizeof(packet)).digest;
	(void)state;

	for (size_t i = 0; i < sizeof(packet); i++) {
		packet[i] = 1;
		assert_int_not_equal(dedupe_key(d, "x", 1, packet, sizeof(packet)).digest, plain);
		packet[i] = 0;
		assert_int_not_equal(dedupe_key(d, "x", 1, packet, i).digest, plain);
	}
	dedupe_free(d);
}

/* Against a plain list of the last MODEL_WINDOW inserts, kept or dropped by turns. */
static void agrees_with_a_plain_list(void **state)
{
	struct dedupe *d = dedupe_new(MODEL_WINDOW);
	int64_t list[MODEL_WINDOW];
	struct rng rng;
	size_t n_inserted = 0;
	(void)state;

	rng_init(&rng, 3);
	memset(list, 0xff, sizeof(list));
	for (int step = 0; step < MODEL_STEPS; step++) {
		int64_t value = (int64_t)rng_range(&rng, 0, 60);
		bool expected = false, kept = rng_range(&rng, 0, 4) > 0;
		struct dedupe_key k = dedupe_key(d, &value, sizeof(value), "", 0);

		for (size_t i = 0; i < MODEL_WINDOW; i++)
			expected |= list[i] == value;
		assert_int_equal(dedupe_look(d, k), expected ? DEDUPE_DUPLICATE : DEDUPE_NEW);
		if (expected)
			continue;
		dedupe_settle(d, dedupe_insert(d, k), 1, kept);
		list[n_inserted++ % MODEL_WINDOW] = kept ? value : -1;
	}
	dedupe_free(d);
}

/* 300,000 packets are handled in a blink, or in minutes where each looks through all before it. */
static void equal_ids_cost_no_more_than_others(void **state)
{
	struct dedupe *d = dedupe_new(MANY);
	(void)state;

	alarm(60);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		struct dedupe_key k = dedupe_key(d, "sensor-7", 8, &i, sizeof(i));

		assert_int_equal(dedupe_look(d, k), i ? DEDUPE_CONFLICT : DEDUPE_NEW);
		keep(d, k);
		assert_int_equal(dedupe_look(d, k), DEDUPE_DUPLICATE);
	}
	alarm(0);
	dedupe_free(d);
}

/* A conflict is seen as long as any packet of the id is remembered, whichever was forgotten. */
static void an_id_is_known_as_long_as_one_of_its_packets(void **state)
{
	struct dedupe *d = dedupe_new(3);
	uint64_t second;
	(void)state;

	keep(d, key(d, "a", "1"));
	second = dedupe_insert(d, key(d, "a", "2"));
	keep(d, key(d, "a", "3"));
	dedupe_settle(d, second, 1, false);
	assert_int_equal(dedupe_look(d, key(d, "a", "2")), DEDUPE_CONFLICT);
	keep(d, key(d, "b", "1"));
	assert_int_equal(dedupe_look(d, key(d, "a", "4")), DEDUPE_CONFLICT);
	keep(d, key(d, "b", "2"));
	assert_int_equal(dedupe_look(d, key(d, "a", "4")), DEDUPE_CONFLICT);
	keep(d, key(d, "b", "3"));
	assert_int_equal(dedupe_look(d, key(d, "a", "4")), DEDUPE_NEW);
	dedupe_free(d);
}

/* The first eight bytes are the constant that the hash once multiplied with: the product was 0. */
static void no_bytes_make_all_hashes_equal(void **state)
{
	static const char constant[] = "\x2f\x64\xbd\x78\x64\x1d\x76\xa0";
	struct dedupe *d = dedupe_new(10);
	char one[16] = "", other[16] = "";
	(void)state;

	memcpy(one, constant, 8);
	memcpy(other, constant, 8);
	one[8] = 'a';
	other[8] = 'b';
	assert_int_not_equal(dedupe_key(d, one, sizeof(one), "", 0).id,
			     dedupe_key(d, other, sizeof(other), "", 0).id);
	dedupe_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_a_duplicate_once_it_is_kept),
		cmocka_unit_test(the_same_id_with_other_bytes_is_a_conflict),
		cmocka_unit_test(what_failed_is_as_if_never_seen),
		cmocka_unit_test(the_oldest_is_forgotten_first),
		cmocka_unit_test(a_batch_larger_than_the_window_settles),
		cmocka_unit_test(keys_see_every_byte),
		cmocka_unit_test(agrees_with_a_plain_list),
		cmocka_unit_test(an_id_is_known_as_long_as_one_of_its_packets),
		cmocka_unit_test(no_bytes_make_all_hashes_equal),
		cmocka_unit_test(equal_ids_cost_no_more_than_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
