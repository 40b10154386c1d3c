/* A connection of the forward protocol, on a pair of sockets. Time is what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/format/msgpack_write.h"
#include "node/listen/reader.h"
#include "t/unit/node/listen/listen_bench.h"

#define MEMORY_BYTES (1u << 20)

static struct {
	struct listen_bench bench;
	_Atomic unsigned n_connections;
	char *no_key;
	struct stream *stream;
	int agent;
	uint64_t base_bytes; /* of memory, with a connection that has nothing */
} it;

static int setup(void **state)
{
	struct listen_shared *shared = &it.bench.shared;
	struct net_addr peer;
	int pair[2];
	(void)state;

	listen_bench_init(&it.bench, LISTEN_FORWARD_TCP, 2000, MEMORY_BYTES);
	shared->config.n_connections = &it.n_connections;
	shared->config.keyp = shared->config.tokenp = &it.no_key;
	shared->config.write_us = 10 * US_PER_S;
	shared->config.frame_us = 10 * US_PER_S;
	shared->config.idle_us = 1000 * US_PER_S;
	shared->now_us = 100 * US_PER_S;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0 ||
	    net_addr_numeric(&peer, "10.0.0.1", 5) != 0)
		return -1;
	it.agent = pair[1];
	it.stream = stream_new(shared, LISTEN_FORWARD_TCP, &reader_forward, pair[0], &peer);
	it.base_bytes = it.bench.memory.used_bytes;
	return it.stream ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	if (it.bench.shared.n_streams[LISTEN_FORWARD_TCP])
		stream_close(it.stream, CLOSE_STOPPED);
	close(it.agent);
	listen_bench_deinit(&it.bench);
	return 0;
}

/* [tag, [], {"chunk": name}] */
static void send_empty(const char *name)
{
	struct buf frame = { 0 };

	buf_append(&frame, "\x93\xa1t\x90\x81\xa5", 6);
	buf_append_str(&frame, "chunk");
	msgpack_write_str(&frame, name, strlen(name));
	assert_int_equal(write(it.agent, frame.data, frame.len), (ssize_t)frame.len);
	buf_deinit(&frame);
	stream_advance(it.stream);
}

static void assert_gets(const char *text, size_t len)
{
	char bytes[256];

	assert_int_equal(read(it.agent, bytes, sizeof(bytes)), (ssize_t)len);
	assert_memory_equal(bytes, text, len);
}

/* An old connection, whose last answer is long ago, is not one that does not read its answers. */
static void an_answer_has_its_time_from_when_it_was_written(void **state)
{
	(void)state;
	it.bench.shared.now_us += 100 * US_PER_S;
	send_empty("id");
	stream_sweep(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 1);
	stream_flush(it.stream);
	assert_gets("\x81\xa3"
		    "ack\xa2id",
		    8);
}

static void one_that_does_not_read_its_answers_is_closed(void **state)
{
	(void)state;
	send_empty("id");
	it.bench.shared.now_us += 11 * US_PER_S;
	stream_sweep(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 0);
}

static void what_was_answered_holds_no_memory(void **state)
{
	(void)state;
	send_empty("id");
	assert_true(it.bench.memory.used_bytes > it.base_bytes);
	stream_flush(it.stream);
	assert_int_equal(it.bench.memory.used_bytes, it.base_bytes);
}

/* A part of a frame. */
static void send_part(unsigned n)
{
	assert_int_equal(write(it.agent, "\x93\xa1t\x90\x81\xa5", n), n);
	stream_advance(it.stream);
}

static void hold(bool is_full)
{
	it.bench.shared.held_bytes = is_full ? it.bench.shared.config.window_bytes : 0;
	stream_advance(it.stream);
	assert_int_equal(it.stream->is_held, is_full);
}

/* Nobody holds its bytes for ever by having the window filled now and then. */
static void the_time_of_a_frame_goes_on_after_it_was_held(void **state)
{
	(void)state;
	send_part(2);
	for (unsigned i = 0; i < 2; i++) {
		it.bench.shared.now_us += 4 * US_PER_S;
		hold(true);
		it.bench.shared.now_us += 100 * US_PER_S;
		assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 1);
		hold(false);
	}
	it.bench.shared.now_us += 4 * US_PER_S;
	stream_sweep(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 0);
}

/* Its time does not begin in the future, where frames before it are taken as the stream is let go. */
static void the_time_of_a_frame_begins_when_the_one_before_was_taken(void **state)
{
	(void)state;
	send_part(2);
	hold(true);
	buf_append(&it.stream->in, "t\x90\x80\x93\xa1", 5); /* it had come before */
	it.bench.shared.now_us += 100 * US_PER_S;
	hold(false);
	assert_int_equal(it.stream->in.len, 2);
	it.bench.shared.now_us += 9 * US_PER_S;
	stream_sweep(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 1);
	it.bench.shared.now_us += 2 * US_PER_S;
	stream_sweep(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 0);
}

static int set_up_with_key(void **state)
{
	int r;

	it.no_key = "key";
	r = setup(state);
	it.bench.shared.config.max_body_bytes = MEMORY_BYTES;
	return r;
}

static int tear_down_with_key(void **state)
{
	it.no_key = NULL;
	return teardown(state);
}

/* Else whoever does not know the key could keep the turn of those with long frames. */
static void a_long_frame_in_place_of_the_ping_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(write(it.agent, "\x96\xc6\x00\x01\x00\x00", 6), 6);
	stream_advance(it.stream);
	assert_int_equal(it.bench.shared.n_streams[LISTEN_FORWARD_TCP], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_has_its_time_from_when_it_was_written,
						setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_does_not_read_its_answers_is_closed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_answered_holds_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(the_time_of_a_frame_goes_on_after_it_was_held,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_time_of_a_frame_begins_when_the_one_before_was_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_long_frame_in_place_of_the_ping_is_refused_at_once, set_up_with_key,
			tear_down_with_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/listen/stream", tests, NULL, NULL);
}
