#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/msgpack_write.h"
#include "node/listen/forward_split.h"
#include "t/unit/node/listen/listen_bench.h"

#define MAX_BODY 2000
#define MEMORY_BYTES (1u << 20)

static struct listen_bench bench;
static size_t n_longest; /* bytes of JSON that a packet had */

static void look(struct listen_bench *b, struct packet *p)
{
	assert_int_equal(packet_make_json(&b->memory, p), 0);
	if (packet_json(p).len > n_longest)
		n_longest = packet_json(p).len;
}

/* [tag, bytes]: events without fields. */
static void write_frame(struct buf *frame, size_t n_tag, unsigned n_events)
{
	struct buf events = { 0 }, tag = { 0 };

	for (size_t i = 0; i < n_tag; i++)
		msgpack_write_byte(&tag, 't');
	for (unsigned i = 0; i < n_events; i++)
		buf_append(&events, "\x92\x05\x80", 3);
	msgpack_write_byte(frame, 0x92);
	msgpack_write_str(frame, tag.data, tag.len);
	msgpack_write_bin(frame, events.data, events.len);
	buf_deinit(&events);
	buf_deinit(&tag);
}

/* What forward_split answers; its packets are sent. */
static int divide(size_t n_tag, unsigned n_events)
{
	struct parcel *first, *next;
	struct buf frame = { 0 };
	int r;

	bench.n_packets = bench.n_messages = n_longest = 0;
	write_frame(&frame, n_tag, n_events);
	r = forward_split(bench.source, &(struct group_part){ frame.data, frame.len }, n_events,
			  NULL, &first);
	for (; first; first = next) {
		next = first->next;
		parcel_send(first);
	}
	buf_deinit(&frame);
	listen_bench_check(&bench);
	return r;
}

static void a_short_frame_is_one_packet(void **state)
{
	(void)state;
	assert_int_equal(divide(10, 20), 0);
	assert_int_equal(bench.n_packets, 1);
	assert_int_equal(bench.n_messages, 20);
}

static void a_long_one_becomes_as_many_as_it_needs(void **state)
{
	(void)state;
	assert_int_equal(divide(100, 50), 0);
	assert_int_equal(bench.n_messages, 50);
	assert_in_range(bench.n_packets, 4, 8);
	assert_in_range(n_longest, 1, MAX_BODY);
}

static void far_more_than_max_body_is_refused(void **state)
{
	(void)state;
	assert_int_equal(divide(30, 600), GROUP_E_LONG);
	assert_int_equal(bench.n_packets, 0);
}

static void so_is_a_tag_that_would_stand_in_too_many(void **state)
{
	(void)state;
	assert_int_equal(divide(1500, 20), GROUP_E_LONG);
}

static void so_is_a_single_event_that_is_too_long(void **state)
{
	(void)state;
	assert_int_equal(divide(MAX_BODY, 1), GROUP_E_LONG);
}

static void without_memory_nothing_is_left_behind(void **state)
{
	int r = -ENOMEM;

	(void)state;
	for (int64_t n = 0; r == -ENOMEM; n += 512) {
		bench.pool.left_bytes = n;
		bench.memory.slack_bytes = 0;
		r = divide(100, 50);
	}
	assert_int_equal(r, 0);
	assert_int_equal(bench.n_messages, 50);
}

static int set_up(void **state)
{
	(void)state;
	listen_bench_init(&bench, LISTEN_FORWARD_TCP, MAX_BODY, MEMORY_BYTES);
	bench.look = look;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	listen_bench_deinit(&bench);
	return 0;
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_short_frame_is_one_packet),
		TEST(a_long_one_becomes_as_many_as_it_needs),
		TEST(far_more_than_max_body_is_refused),
		TEST(so_is_a_tag_that_would_stand_in_too_many),
		TEST(so_is_a_single_event_that_is_too_long),
		TEST(without_memory_nothing_is_left_behind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("forward_split", tests, NULL, NULL);
}
