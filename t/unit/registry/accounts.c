#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/accounts.h"
#include "t/unit/near.h"

static const char told[] =
	"{\"received\":[100,1000],\"taken\":[7,70],\"delivered\":[90,900],"
	"\"spilled\":[10,100],\"dead\":[1,10],\"refused\":[2,20],\"lost\":[1,10],"
	"\"in_flight\":[2,20],\"ended_in_flight\":[1,10]}";

static struct accounts parse(const char *text)
{
	cJSON *json = cJSON_Parse(text);
	struct accounts accounts;

	accounts_parse(&accounts, json);
	cJSON_Delete(json);
	return accounts;
}

static void all_that_was_told_is_read(void **state)
{
	struct accounts accounts = parse(told);
	double sum = 0;
	(void)state;

	for (int i = 0; i < ACCOUNTS; i++) {
		assert_near(accounts.of[i].messages, 10 * accounts.of[i].packets, 0);
		sum += accounts.of[i].packets;
	}
	assert_near(sum, 214, 0);
	assert_near(accounts.of[ACCOUNT_REFUSED].packets, 2, 0);
}

static void what_a_run_writes_can_be_read(void **state)
{
	struct accounts accounts = parse(told), read;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	accounts_encode(&accounts, &out);
	read = parse(buf_str(&out));
	accounts.of[ACCOUNT_ENDED_IN_FLIGHT] = (struct amount){ 0 }; /* a sum alone has it */
	assert_memory_equal(read.of, accounts.of, sizeof(read.of));
	assert_int_equal(read.has_lost, accounts.has_lost);
}

static void what_is_not_told_is_nothing(void **state)
{
	static const char *const texts[] = { "", "{}", "{\"received\":{}}", "{\"received\":\"x\"}",
					     "{\"received\":[\"x\"]}" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct accounts accounts = parse(texts[i]);

		assert_near(accounts.of[ACCOUNT_RECEIVED].packets, 0, 0);
		assert_near(accounts_missing(&accounts).messages, 0, 0);
	}
}

static void what_adds_up_misses_nothing(void **state)
{
	struct accounts accounts = parse(told);
	(void)state;

	assert_near(accounts_missing(&accounts).packets, 0, 0);
	assert_near(accounts_missing(&accounts).messages, 0, 0);
	accounts.of[ACCOUNT_RECEIVED].packets++;
	accounts.of[ACCOUNT_LOST].messages += 3;
	assert_near(accounts_missing(&accounts).packets, 1, 0);
	assert_near(accounts_missing(&accounts).messages, -3, 0);
}

static void the_spill_is_shown_net(void **state)
{
	struct accounts accounts = parse(told);
	cJSON *json = accounts_json(&accounts), *spilled = cJSON_GetObjectItem(json, "spilled");
	(void)state;

	assert_near(accounts_spilled(&accounts).packets, 3, 0);
	assert_near(cJSON_GetObjectItem(spilled, "messages")->valuedouble, 30, 0);
	assert_null(cJSON_GetObjectItem(json, "taken"));
	assert_int_equal(cJSON_GetArraySize(json), ACCOUNTS - 1);
	cJSON_Delete(json);
}

static void a_line_has_every_figure(void **state)
{
	struct accounts accounts = parse(told);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	accounts_write(&accounts, &out);
	assert_string_equal(buf_str(&out),
			    "received 100 packets of 1000 messages = delivered 90 of 900"
			    " + spilled 3 of 30 + dead 1 of 10 + refused 2 of 20 + lost 1 of 10"
			    " + in flight 2 of 20 + in flight in ended runs 1 of 10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_was_told_is_read),
		cmocka_unit_test(what_a_run_writes_can_be_read),
		cmocka_unit_test(what_is_not_told_is_nothing),
		cmocka_unit_test(what_adds_up_misses_nothing),
		cmocka_unit_test(the_spill_is_shown_net),
		cmocka_unit_test(a_line_has_every_figure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
