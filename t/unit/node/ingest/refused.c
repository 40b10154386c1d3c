/* Which agents are refused, of one worker. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/refused.h"

static struct refused table;

static void note_token(const char *path, const char *client, const char *token, uint64_t now_us)
{
	struct net_addr addr;
	char text[64];

	snprintf(text, sizeof(text), "%s:4711", client);
	assert_int_equal(net_addr_parse(&addr, text), 0);
	refused_note(&table, &(struct refused_who){ &addr, token, HTTP_POST },
		     (struct http_slice){ path, strlen(path) }, REFUSAL_NOT_FOUND, now_us);
}

static void note(const char *path, const char *client, uint64_t now_us)
{
	note_token(path, client, NULL, now_us);
}

static int setup(void **state)
{
	(void)state;
	table = (struct refused){ 0 };
	return 0;
}

static void equal_ones_are_counted(void **state)
{
	struct refused_request out[REFUSED_MOST];

	(void)state;
	note("/a", "10.0.0.7", 1);
	note("/a", "10.0.0.7", 2);
	note("/a", "10.0.0.8", 3);
	assert_int_equal(refused_read(&table, 3, out), 2);
	assert_int_equal(out[0].count, 2);
	assert_int_equal(out[0].last_us, 2);
	assert_string_equal(out[0].path, "/a");
	assert_string_equal(out[0].client, "10.0.0.7");
	assert_int_equal(out[1].count, 1);
}

static void an_agent_is_told_by_its_token(void **state)
{
	struct refused_request out[REFUSED_MOST];

	(void)state;
	note_token("/a", "10.0.0.7", "shop", 1);
	note_token("/a", "10.0.0.7", "web", 2);
	note_token("/a", "10.0.0.7", "shop", 3);
	assert_int_equal(refused_read(&table, 3, out), 2);
	assert_string_equal(out[0].token, "shop");
	assert_int_equal(out[0].count, 2);
	assert_string_equal(out[1].token, "web");
}

static void the_least_frequent_makes_room(void **state)
{
	struct refused_request out[REFUSED_MOST];
	char path[16];
	bool has_frequent = false;

	(void)state;
	note("/frequent", "10.0.0.7", 1);
	note("/frequent", "10.0.0.7", 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		note(path, "10.0.0.8", 2);
	}
	assert_int_equal(refused_read(&table, 2, out), REFUSED_MOST);
	for (unsigned i = 0; i < REFUSED_MOST; i++)
		has_frequent |= strcmp(out[i].path, "/frequent") == 0 && out[i].count == 2;
	assert_true(has_frequent);
}

static void what_is_old_is_forgotten(void **state)
{
	struct refused_request out[REFUSED_MOST];

	(void)state;
	note("/a", "10.0.0.7", 1);
	assert_int_equal(refused_read(&table, REFUSED_FORGET_US, out), 1);
	assert_int_equal(refused_read(&table, REFUSED_FORGET_US + 2, out), 0);
}

static void a_path_is_cut_and_printable(void **state)
{
	struct refused_request out[REFUSED_MOST];
	char path[300];

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "/\033[2J", 5);
	path[sizeof(path) - 1] = '\0';
	note(path, "10.0.0.7", 1);
	assert_int_equal(refused_read(&table, 1, out), 1);
	assert_int_equal(strlen(out[0].path), REFUSED_PATH - 1);
	assert_int_equal(strncmp(out[0].path, "/?[2Jx", 6), 0);
}

static void *write_on(void *arg)
{
	_Atomic bool *must_stop = arg;

	for (uint64_t i = 1; !atomic_load(must_stop); i++)
		note(i % 2 ? "/odd" : "/even", i % 2 ? "10.0.0.1" : "10.0.0.2", i);
	return NULL;
}

static void a_reader_never_sees_half_of_an_entry(void **state)
{
	struct refused_request out[REFUSED_MOST];
	_Atomic bool must_stop = false;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_on, &must_stop), 0);
	for (int i = 0; i < 20000; i++) {
		unsigned n = refused_read(&table, 1, out);

		for (unsigned k = 0; k < n; k++)
			if ((strcmp(out[k].path, "/odd") == 0) !=
				    (strcmp(out[k].client, "10.0.0.1") == 0) ||
			    (out[k].last_us + 1) / 2 != out[k].count)
				fail_msg("%s %s", out[k].path, out[k].client);
	}
	atomic_store(&must_stop, true);
	pthread_join(writer, NULL);
}

/* The sentence of the answer says what is wrong, and that is no advice. */
static void every_refusal_says_what_to_change(void **state)
{
	(void)state;
	for (unsigned i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
		const char *advice = refused_advice((enum refusal)i);

		if (!advice)
			fail_msg("%s has no advice", refusal_names[i]);
		assert_true(strlen(advice) > 10 && advice[strlen(advice) - 1] == '.');
		assert_string_not_equal(advice, refusal_info((enum refusal)i)->detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equal_ones_are_counted, setup),
		cmocka_unit_test_setup(an_agent_is_told_by_its_token, setup),
		cmocka_unit_test_setup(the_least_frequent_makes_room, setup),
		cmocka_unit_test_setup(what_is_old_is_forgotten, setup),
		cmocka_unit_test_setup(a_path_is_cut_and_printable, setup),
		cmocka_unit_test_setup(a_reader_never_sees_half_of_an_entry, setup),
		cmocka_unit_test(every_refusal_says_what_to_change),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/ingest/refused", tests, NULL, NULL);
}
