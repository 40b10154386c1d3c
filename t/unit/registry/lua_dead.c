/* Dead letters, by their scripts on a real Redis: bury, replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "registry/spill.h"
#include "t/unit/redis_pool.h"

#define ROOMY 1000000
#define COST (4 + 2 + 10 + 128) /* of what bury() buries, in the spill */

struct letter {
	char name[SPILL_ENTRY_NAME_MAX]; /* of its entry in `dead` */
};

/* A body of 4, an id of 2, a type of 10; without them: as nodes did that knew less. */
static struct letter bury_as(struct redis_pool *pool, const char *body, const char *form)
{
	struct script_args args = { 0 };
	struct letter letter;
	redisReply *reply;

	script_arg_str(&args, body);
	script_arg_int(&args, 7);
	script_arg_str(&args, "a1");
	script_arg_str(&args, "400");
	script_arg_str(&args, "n1");
	script_arg_int(&args, 5);
	if (form) {
		script_arg_str(&args, "p1");
		script_arg_str(&args, form);
		script_arg_int(&args, 1700000000123);
	}
	assert_int_equal(client_eval(pool->client, SCRIPT_BURY, &args, &reply), 0);
	assert_string_equal(reply->element[0]->str, "ok");
	freeReplyObject(reply);
	reply = POOL_COMMAND(pool, "XREVRANGE", redis_pool_key(pool, KEY_DEAD), "+", "-", "COUNT",
			     "1");
	snprintf(letter.name, sizeof(letter.name), "%s", reply->element[0]->element[0]->str);
	freeReplyObject(reply);
	return letter;
}

static struct letter bury(struct redis_pool *pool, const char *body, bool knows_all)
{
	return bury_as(pool, body, knows_all ? "text/plain" : NULL);
}

struct replayed {
	bool is_full;
	long long n_moved, n_missing;
};

static struct replayed replay(struct redis_pool *pool, int64_t max_bytes, unsigned n,
			      const struct letter *letters)
{
	struct script_args args = { 0 };
	struct replayed replayed;
	redisReply *reply;

	script_arg_int(&args, max_bytes);
	for (unsigned i = 0; i < n; i++)
		script_arg_str(&args, letters[i].name);
	assert_int_equal(client_eval(pool->client, SCRIPT_REPLAY, &args, &reply), 0);
	replayed.is_full = strcmp(reply->element[0]->str, "full") == 0;
	replayed.n_moved = reply->element[1]->integer;
	replayed.n_missing = reply->element[2]->integer;
	freeReplyObject(reply);
	return replayed;
}

static void assert_lengths(struct redis_pool *pool, long long dead, long long spilled)
{
	redisReply *reply = POOL_COMMAND(pool, "XLEN", redis_pool_key(pool, KEY_DEAD));

	assert_int_equal(reply->integer, dead);
	freeReplyObject(reply);
	reply = POOL_COMMAND(pool, "XLEN", redis_pool_key(pool, KEY_SPILL));
	assert_int_equal(reply->integer, spilled);
	freeReplyObject(reply);
}

static void assert_total(struct redis_pool *pool, const char *field, const char *value)
{
	redisReply *reply =
		POOL_COMMAND(pool, "HGET", redis_pool_key(pool, KEY_SPILL_TOTAL), field);

	assert_string_equal(reply->str, value);
	freeReplyObject(reply);
}

/* The only packet in the spill; the reply is the caller's to free. */
static redisReply *take_one(struct redis_pool *pool, struct spill_entry *entry)
{
	struct script_args args;
	struct spill_taken taken;
	redisReply *reply;

	spill_take_args(&args, "n1/0", 2, ROOMY, false);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	assert_int_equal(spill_take_answer(reply, &taken), 0);
	assert_int_equal(taken.n, 1);
	assert_true(spill_taken_next(&taken, entry));
	return reply;
}

static void a_replayed_packet_is_what_it_was(void **state)
{
	struct letter letter = bury(*state, "body", true);
	struct replayed replayed = replay(*state, ROOMY, 1, &letter);
	struct spill_entry entry;
	redisReply *reply;

	assert_int_equal(replayed.n_moved, 1);
	assert_lengths(*state, 0, 1);
	reply = take_one(*state, &entry);
	assert_int_equal(entry.id_len, 2);
	assert_memory_equal(entry.id, "p1", 2);
	assert_string_equal(entry.form, "text/plain");
	assert_int_equal(entry.n_messages, 7);
	assert_int_equal(entry.received_ms, 1700000000123);
	assert_int_equal(entry.cost_bytes, COST);
	assert_memory_equal(entry.body, "body", 4);
	freeReplyObject(reply);
	assert_total(*state, "packets", "1");
	assert_total(*state, "messages", "7");
	char cost[16];
	snprintf(cost, sizeof(cost), "%d", COST);
	assert_total(*state, "bytes", cost);
}

static void a_letter_keeps_how_its_packet_came(void **state)
{
	static const char form[] =
		"text/plain\n/shop/services/collector/raw\nhost=a\n\nshop\nhec-raw";
	static const char *const fields[] = { "type",   "text/plain",
					      "path",   "/shop/services/collector/raw",
					      "query",  "host=a",
					      "tenant", "shop",
					      "format", "hec-raw" };
	struct letter letter = bury_as(*state, "body", form);
	redisReply *reply =
		POOL_COMMAND(*state, "XRANGE", redis_pool_key(*state, KEY_DEAD), "-", "+");
	const redisReply *stored = reply->element[0]->element[1];
	struct spill_entry entry;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		assert_string_equal(stored->element[stored->elements - ARRAY_LEN(fields) + i]->str,
				    fields[i]);
	freeReplyObject(reply);
	assert_int_equal(replay(*state, ROOMY, 1, &letter).n_moved, 1);
	reply = take_one(*state, &entry);
	assert_string_equal(entry.form, form);
	assert_int_equal(entry.cost_bytes, COST - 10 + strlen(form));
	freeReplyObject(reply);
}

static void a_letter_that_says_less_can_be_replayed_too(void **state)
{
	struct letter letter = bury(*state, "body", false);
	struct spill_entry entry;
	redisReply *reply;

	assert_int_equal(replay(*state, ROOMY, 1, &letter).n_moved, 1);
	reply = take_one(*state, &entry);
	assert_int_equal(entry.id_len, 0);
	assert_string_equal(entry.form, "application/json");
	assert_int_equal(entry.received_ms, strtoull(letter.name, NULL, 10));
	freeReplyObject(reply);
}

static void what_is_not_there_is_counted_and_stops_nothing(void **state)
{
	struct letter letters[] = {
		bury(*state, "gone", true), { "1-1" }, { "no entry" }, bury(*state, "here", true)
	};

	replay(*state, ROOMY, 1, letters);
	struct replayed replayed = replay(*state, ROOMY, 4, letters);
	assert_int_equal(replayed.n_moved, 1);
	assert_int_equal(replayed.n_missing, 3);
	assert_false(replayed.is_full);
	assert_lengths(*state, 0, 2);
	assert_total(*state, "packets", "2");
}

static void what_the_spill_has_no_room_for_stays_dead(void **state)
{
	struct letter letters[] = { bury(*state, "aaaa", true), bury(*state, "bbbb", true),
				    bury(*state, "cccc", true) };
	struct replayed replayed = replay(*state, 2 * COST, 3, letters);

	assert_true(replayed.is_full);
	assert_int_equal(replayed.n_moved, 2);
	assert_lengths(*state, 1, 2);
	replayed = replay(*state, 2 * COST, 1, &letters[2]);
	assert_true(replayed.is_full);
	assert_int_equal(replayed.n_moved, 0);
	assert_lengths(*state, 1, 2);
	assert_total(*state, "packets", "2");
}

/* Value of a field of the latest letter; "": it has none. */
static void read_field(struct redis_pool *pool, const char *name, char out[64])
{
	redisReply *reply = POOL_COMMAND(pool, "XREVRANGE", redis_pool_key(pool, KEY_DEAD), "+",
					 "-", "COUNT", "1");
	const redisReply *fields = reply->element[0]->element[1];

	out[0] = '\0';
	for (size_t i = 0; i < fields->elements; i += 2)
		if (strcmp(fields->element[i]->str, name) == 0)
			snprintf(out, 64, "%s", fields->element[i + 1]->str);
	freeReplyObject(reply);
}

static void a_letter_has_its_reason_and_what_the_analyzer_said(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	redisReply *reply;
	char text[64];

	bury(pool, "body", true);
	read_field(pool, "reason", text);
	assert_string_equal(text, "status 400"); /* as nodes told it that knew no other reason */
	read_field(pool, "answer", text);
	assert_string_equal(text, "");
	script_arg_str(&args, "body");
	script_arg_int(&args, 7);
	script_arg_str(&args, "a1");
	script_arg_str(&args, "poison: 10 attempts, last status 500");
	script_arg_str(&args, "n1");
	script_arg_int(&args, 5);
	script_arg_str(&args, "p1");
	script_arg_str(&args, "text/plain");
	script_arg_int(&args, 1700000000123);
	script_arg_int(&args, ROOMY);
	script_arg_str(&args, "");
	script_arg_str(&args, "");
	script_arg_str(&args, "out of memory");
	assert_int_equal(client_eval(pool->client, SCRIPT_BURY, &args, &reply), 0);
	freeReplyObject(reply);
	read_field(pool, "reason", text);
	assert_string_equal(text, "poison: 10 attempts, last status 500");
	read_field(pool, "answer", text);
	assert_string_equal(text, "out of memory");
}

#define DEAD_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

/* Redis estimates, by a few entries: equal ones are estimated well. */
static void letters_are_bounded_in_bytes_too(void **state)
{
	struct redis_pool *pool = *state;
	static char body[10000];
	unsigned n = 0;
	bool is_full = false;

	memset(body, 'x', sizeof(body));
	while (!is_full) {
		struct script_args args = { 0 };
		redisReply *reply;

		script_arg(&args, body, sizeof(body));
		script_arg_int(&args, 1);
		script_arg_str(&args, "a1");
		script_arg_int(&args, 400);
		script_arg_str(&args, "n1");
		script_arg_int(&args, 10000);
		script_arg_str(&args, "");
		script_arg_str(&args, "application/json");
		script_arg_int(&args, 1);
		script_arg_int(&args, 1000000);
		assert_int_equal(client_eval(pool->client, SCRIPT_BURY, &args, &reply), 0);
		is_full = strcmp(reply->element[0]->str, "full") == 0;
		freeReplyObject(reply);
		n += !is_full;
	}
	assert_in_range(n, 50, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEAD_TEST(a_replayed_packet_is_what_it_was),
		DEAD_TEST(a_letter_keeps_how_its_packet_came),
		DEAD_TEST(a_letter_that_says_less_can_be_replayed_too),
		DEAD_TEST(what_is_not_there_is_counted_and_stops_nothing),
		DEAD_TEST(what_the_spill_has_no_room_for_stays_dead),
		DEAD_TEST(letters_are_bounded_in_bytes_too),
		DEAD_TEST(a_letter_has_its_reason_and_what_the_analyzer_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
