#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/rng.h"
#include "loadgen/packet.h"

static void a_given_packet_is_taken_again_with_its_memory(void **state UNUSED)
{
	struct packet_pool pool = { 0 };
	struct packet *packet = packet_pool_take(&pool), *again;

	assert_non_null(packet);
	buf_append_str(&packet->body, "content");
	packet->n_attempts = 3;
	packet_pool_give(&pool, packet);
	again = packet_pool_take(&pool);
	assert_ptr_equal(again, packet);
	assert_int_equal(again->n_attempts, 0);
	assert_true(again->body.capacity > 0);
	packet_pool_give(&pool, again);
	packet_pool_deinit(&pool);
}

static void retries_come_out_by_time(void **state UNUSED)
{
	struct packet_pool pool = { 0 };
	struct retry_queue q = { 0 };
	uint64_t last_us = 0;
	struct rng rng;

	rng_init(&rng, 5);
	assert_null(retry_queue_peek(&q));
	assert_null(retry_queue_pop(&q));
	for (int i = 0; i < 1000; i++) {
		struct packet *packet = packet_pool_take(&pool);

		assert_non_null(packet);
		packet->retry_us = rng_range(&rng, 1, 300);
		assert_int_equal(retry_queue_push(&q, packet), 0);
	}
	for (int i = 0; i < 1000; i++) {
		struct packet *first = retry_queue_peek(&q), *packet = retry_queue_pop(&q);

		assert_ptr_equal(first, packet);
		assert_true(packet->retry_us >= last_us);
		last_us = packet->retry_us;
		packet_pool_give(&pool, packet);
	}
	assert_null(retry_queue_pop(&q));
	retry_queue_deinit(&q);
	packet_pool_deinit(&pool);
}

static void a_queue_frees_what_is_in_it(void **state UNUSED)
{
	struct packet_pool pool = { 0 };
	struct retry_queue q = { 0 };
	struct packet *packet = packet_pool_take(&pool);

	buf_append_str(&packet->body, "content");
	assert_int_equal(retry_queue_push(&q, packet), 0);
	retry_queue_deinit(&q);
	assert_int_equal(q.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_given_packet_is_taken_again_with_its_memory),
		cmocka_unit_test(retries_come_out_by_time),
		cmocka_unit_test(a_queue_frees_what_is_in_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
