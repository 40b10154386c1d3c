/* entries.lua on a real Redis, and dead letters done in steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/dead.h"
#include "registry/entry_body.h"
#include "t/unit/redis_pool.h"

static const struct entries_range all = { .from = "-", .to = "+", .n = 100 };

static struct entries dead(struct redis_pool *pool)
{
	return (struct entries){ pool->client, &pool->keys, KEY_DEAD };
}

/* n letters, "1-1" to "n-1". */
static void bury(struct redis_pool *pool, unsigned n, const char *body)
{
	for (unsigned i = 1; i <= n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%u-1", i);
		POOL_DO(pool, "XADD", redis_pool_key(pool, KEY_DEAD), name, "id", "p", "messages",
			"2", "body", body);
	}
}

static redisReply *read_entries(struct redis_pool *pool, struct entries_range range)
{
	const struct entries e = dead(pool);
	redisReply *reply;

	assert_int_equal(entries_read(&e, &range, &reply), 0);
	return reply;
}

static void a_list_has_no_bodies_but_their_length(void **state)
{
	redisReply *reply AUTO_REPLY = NULL;
	cJSON *json;

	bury(*state, 3, "[1,2]");
	reply = read_entries(*state, all);
	assert_int_equal(reply->elements, 3);
	assert_int_equal(entry_body(reply->element[0])->len, 0);
	json = entry_json(KEY_DEAD, reply->element[2]);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "entry")), "3-1");
	assert_int_equal(cJSON_GetObjectItem(json, "bytes")->valueint, 5);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "analyzer")));
	cJSON_Delete(json);
}

static void a_range_goes_both_ways_and_leaves_out_its_open_end(void **state)
{
	redisReply *later AUTO_REPLY = NULL, *earlier AUTO_REPLY = NULL;

	bury(*state, 5, "1");
	later = read_entries(*state, (struct entries_range){ .from = "(3-1", .to = "+", .n = 9 });
	assert_int_equal(later->elements, 2);
	assert_string_equal(later->element[0]->element[0]->str, "4-1");
	earlier = read_entries(
		*state,
		(struct entries_range){ .is_backward = true, .from = "(3-1", .to = "-", .n = 1 });
	assert_int_equal(earlier->elements, 1);
	assert_string_equal(earlier->element[0]->element[0]->str, "2-1");
}

static void check_body(const redisReply *entry, const char *name, const char *expected)
{
	cJSON *json = cJSON_CreateObject();
	const cJSON *body;

	entry_add_body(entry, json);
	body = cJSON_GetObjectItemCaseSensitive(json, name);
	assert_non_null(body);
	assert_string_equal(body->valuestring, expected);
	cJSON_Delete(json);
}

static void a_body_comes_cut_and_is_json_only_when_whole(void **state)
{
	struct entries_range range = { .from = "-", .to = "+", .n = 1, .body_bytes = 5 };
	redisReply *whole AUTO_REPLY = NULL, *cut AUTO_REPLY = NULL;

	bury(*state, 1, "12345");
	whole = read_entries(*state, range);
	check_body(whole->element[0], "body", "12345");
	range.body_bytes = 4;
	cut = read_entries(*state, range);
	assert_int_equal(entry_body(cut->element[0])->len, 4);
	check_body(cut->element[0], "body_text", "\"1234\"");
}

/* Entries as nodes write them, and as anybody could. */
static void a_body_is_shown_so_that_people_can_read_it(void **state)
{
	static const struct {
		const char *format, *body;
		const char *name, *shown;
	} bodies[] = {
		{ "text", "a\nb", "body_text", "\"a\\nb\"" },
		{ "json-lines", "{}\n{}", "body_text", "\"{}\\n{}\"" },
		{ "msgpack", "\x81\xa1\x61\x01", "body", "{\"messages\":[{\"a\":1}]}" },
		{ "msgpack", "\xc1\x01", "body_hex", "\"c101\"" },
		{ "of-tomorrow", "\xff", "body_hex", "\"ff\"" },
	};
	struct redis_pool *pool = *state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const struct entries_range range = {
			.is_backward = true, .from = "+", .to = "-", .n = 1, .body_bytes = 64
		};
		redisReply *read AUTO_REPLY = NULL;

		POOL_DO(pool, "XADD", redis_pool_key(pool, KEY_DEAD), "*", "format",
			bodies[i].format, "body", bodies[i].body);
		read = read_entries(pool, range);
		check_body(read->element[0], bodies[i].name, bodies[i].shown);
	}
}

static void large_bodies_make_short_answers(void **state)
{
	static char body[3 << 20];
	redisReply *reply AUTO_REPLY = NULL;

	memset(body, '1', sizeof(body) - 1);
	bury(*state, 4, body);
	reply = read_entries(*state, all);
	assert_int_equal(reply->elements, 2);
}

static void do_all(struct dead_work *work, unsigned *n_stepsp)
{
	bool is_over = false;

	for (*n_stepsp = 0; !is_over; ++*n_stepsp)
		assert_int_equal(dead_step(work, &is_over), 0);
}

static void all_are_done_in_steps_but_for_those_that_came_later(void **state)
{
	struct dead_work work = { .dead = dead(*state), .deed = DEAD_PURGE };
	unsigned n_steps;
	uint64_t n;

	bury(*state, 40, "1");
	assert_int_equal(dead_begin(&work), 0);
	POOL_DO(*state, "XADD", redis_pool_key(*state, KEY_DEAD), "99-1", "body", "1");
	do_all(&work, &n_steps);
	assert_int_equal(work.n_total, 40);
	assert_int_equal(work.n_done, 40);
	assert_int_equal(n_steps, 4);
	assert_int_equal(entries_count(&work.dead, &n), 0);
	assert_int_equal(n, 1);
}

static void of_none_none_are_done(void **state)
{
	struct dead_work work = { .dead = dead(*state), .deed = DEAD_REPLAY };
	unsigned n_steps;

	assert_int_equal(dead_begin(&work), 0);
	do_all(&work, &n_steps);
	assert_int_equal(work.n_done, 0);
}

static void a_full_spill_ends_it(void **state)
{
	struct dead_work work = { .dead = dead(*state),
				  .deed = DEAD_REPLAY,
				  .spill_max_bytes = 20 * (1 + 1 + 16 + 128) };
	unsigned n_steps;
	uint64_t n;

	bury(*state, 40, "1");
	assert_int_equal(dead_begin(&work), 0);
	do_all(&work, &n_steps);
	assert_true(work.is_full);
	assert_int_equal(work.n_done, 20);
	assert_int_equal(entries_count(&work.dead, &n), 0);
	assert_int_equal(n, 20);
}

#define REDIS_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REDIS_TEST(a_list_has_no_bodies_but_their_length),
		REDIS_TEST(a_range_goes_both_ways_and_leaves_out_its_open_end),
		REDIS_TEST(a_body_is_shown_so_that_people_can_read_it),
		REDIS_TEST(a_body_comes_cut_and_is_json_only_when_whole),
		REDIS_TEST(large_bodies_make_short_answers),
		REDIS_TEST(all_are_done_in_steps_but_for_those_that_came_later),
		REDIS_TEST(of_none_none_are_done),
		REDIS_TEST(a_full_spill_ends_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
