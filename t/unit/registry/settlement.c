#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/settlement.h"
#include "t/unit/near.h"

static const struct caller caller = { .worker = "n1/0",
				      .token = "t",
				      .number = 9,
				      .epoch = 4,
				      .lease_ms = 3000,
				      .catchup_max_messages = 1000 };

static void assert_arg(const struct script_args *args, unsigned i, const char *text)
{
	assert_int_equal(args->len[i], strlen(text));
	assert_memory_equal(args->data[i], text, strlen(text));
}

static void settle_packs_columns_by_slot(void **state)
{
	struct settlement_delta deltas[2] = { { 1, 2, 3, 4, 5 }, { -1, 20, 30, 40, 50 } };
	static const double packed[] = { 1, -1, 2, 20, 3, 30, 4, 40, 5, 50 };
	struct settle_request request = { .deltas = deltas,
					  .n_slots = 2,
					  .counts = true,
					  .expected_messages = 12.5,
					  .unreachable = "1",
					  .node_info = "{}",
					  .accounts = "{\"received\":[1,2]}" };
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct script_args args;
	(void)state;

	settle_args(&args, &caller, &request, &scratch);
	assert_int_equal(args.n, 13);
	assert_arg(&args, 0, "n1/0");
	assert_arg(&args, 2, "9");
	assert_arg(&args, 3, "4");
	assert_arg(&args, 4, "3000");
	assert_arg(&args, 5, "12.5");
	assert_int_equal(args.len[6], sizeof(packed));
	assert_memory_equal(args.data[6], packed, sizeof(packed));
	assert_arg(&args, 12, "5");
	assert_arg(&args, 7, "1");
	assert_arg(&args, 8, "1000");
	assert_arg(&args, 10, "");
	assert_arg(&args, 11, "{\"received\":[1,2]}");
	request.idle = true;
	settle_args(&args, &caller, &request, &scratch);
	assert_arg(&args, 10, "1");
	request.leaving = true;
	request.counts = false;
	settle_args(&args, &caller, &request, &scratch);
	assert_arg(&args, 10, "leave");
	assert_int_equal(args.len[6], 4 * sizeof(*packed));
	assert_memory_equal(args.data[6], packed, 4 * sizeof(*packed));
	assert_arg(&args, 12, "2");
	request.slow = "0";
	settle_args(&args, &caller, &request, &scratch);
	assert_int_equal(args.n, 14);
	assert_arg(&args, 13, "0");
}

static void route_packs_sizes(void **state)
{
	static const uint32_t sizes[] = { 1, 70000, 4294967295u };
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct script_args args;
	(void)state;

	route_args(&args, &caller, sizes, 3, "2,3", &scratch);
	assert_int_equal(args.n, 7);
	assert_int_equal(args.len[4], sizeof(sizes));
	assert_memory_equal(args.data[4], sizes, sizeof(sizes));
	assert_arg(&args, 5, "2,3");
}

/* An array of the elements of an answer, on the caller's stack. */
struct fake {
	redisReply array, elements[7], *list[7];
};

static const redisReply *fake(struct fake *f, char *status, char *packed, size_t len)
{
	*f = (struct fake){
		.array = { .type = REDIS_REPLY_ARRAY, .elements = 7, .element = f->list },
		.elements = { { .type = REDIS_REPLY_STRING, .str = status, .len = strlen(status) },
			      { .type = REDIS_REPLY_INTEGER, .integer = 7 },
			      { .type = REDIS_REPLY_INTEGER, .integer = 10000 },
			      { .type = REDIS_REPLY_INTEGER, .integer = 100000 },
			      { .type = REDIS_REPLY_STRING, .str = packed, .len = len },
			      { .type = REDIS_REPLY_INTEGER, .integer = 300 },
			      { .type = REDIS_REPLY_INTEGER, .integer = 4 } },
	};
	for (int i = 0; i < 7; i++)
		f->list[i] = &f->elements[i];
	return &f->array;
}

static void an_answer_is_read_by_slot(void **state)
{
	double credit[] = { 1.5, -1.5 };
	struct settlement_answer answer;
	struct fake f;
	(void)state;

	settle_answer(fake(&f, "ok", (char *)credit, sizeof(credit)), &answer);
	assert_int_equal(answer.status, SETTLEMENT_OK);
	assert_int_equal(answer.epoch, 7);
	assert_int_equal(answer.window_us, 10000);
	assert_int_equal(answer.window_max_us, 100000);
	assert_int_equal(answer.route_call_us, 300);
	assert_int_equal(answer.route_packet_us, 4);
	assert_int_equal(answer.n_packed, 2);
	assert_near(settlement_credit(&answer, 1), -1.5, 0);
	assert_near(settlement_credit(&answer, 2), 0, 0);
}

static void a_choice_beyond_the_answer_is_none(void **state)
{
	uint16_t choices[] = { 3, 65535 };
	struct settlement_answer answer;
	struct fake f;
	(void)state;

	route_answer(fake(&f, "ok", (char *)choices, sizeof(choices)), &answer);
	assert_int_equal(settlement_choice(&answer, 0), 3);
	assert_int_equal(settlement_choice(&answer, 1), ROUTE_NONE);
	assert_int_equal(settlement_choice(&answer, 2), ROUTE_NONE);
}

static void behind_is_told_from_failed(void **state)
{
	struct settlement_answer answer;
	struct fake f;
	(void)state;

	fake(&f, "behind", "", 0);
	f.array.elements = 2;
	settle_answer(&f.array, &answer);
	assert_int_equal(answer.status, SETTLEMENT_BEHIND);
	assert_int_equal(answer.epoch, 7);
	settle_answer(NULL, &answer);
	assert_int_equal(answer.status, SETTLEMENT_FAILED);
	settle_answer(fake(&f, "stale", "", 0), &answer);
	assert_int_equal(answer.status, SETTLEMENT_FAILED);
	fake(&f, "ok", "", 0);
	f.array.elements = 3;
	settle_answer(&f.array, &answer);
	assert_int_equal(answer.status, SETTLEMENT_FAILED);
	fake(&f, "ok", "", 0);
	f.elements[1].type = REDIS_REPLY_NIL;
	settle_answer(&f.array, &answer);
	assert_int_equal(answer.status, SETTLEMENT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settle_packs_columns_by_slot),
		cmocka_unit_test(route_packs_sizes),
		cmocka_unit_test(an_answer_is_read_by_slot),
		cmocka_unit_test(a_choice_beyond_the_answer_is_none),
		cmocka_unit_test(behind_is_told_from_failed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
