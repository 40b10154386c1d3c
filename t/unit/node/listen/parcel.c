/* How much a source may have in flight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/listen/parcel.h"
#include "node/listen/source.h"
#include "t/unit/node/listen/listen_bench.h"

#define WINDOW_BYTES (256u << 10)
#define SOURCE_BYTES (WINDOW_BYTES / 4) /* its part of the window */
#define ONE_BYTES 8192                  /* more than a short packet takes */
#define MEMORY_BYTES (16u << 20)
#define FRAME "\x93\xa1t\x05\x80" /* [tag, time, {}] */

static struct listen_bench bench;
static struct packet_queue in_flight;

static void keep(void *arg, struct packet *p)
{
	(void)arg;
	packet_queue_push(&in_flight, p);
}

static void send_one(struct parcel_chunk *chunk)
{
	const struct group_part frame = { FRAME, sizeof(FRAME) - 1 };
	struct parcel *parcel;

	assert_int_equal(group_make_alone(bench.source, &frame, 1, chunk, &parcel), 0);
	parcel_send(parcel);
}

static void take_all(void)
{
	struct packet *p;

	while ((p = packet_queue_pop(&in_flight))) {
		struct exchange *x = p->exchange;

		packet_free_within(&bench.memory, p);
		x->on_fate(x, NULL, REFUSAL_NONE);
	}
}

/* As many as it may, each with the name of a chunk of that length. */
static void fill(size_t n_name)
{
	static char name[1024];
	struct format_slice chunk_name = { memset(name, 'c', sizeof(name)), n_name };

	while (!source_is_full(bench.source)) {
		struct parcel_chunk *chunk =
			n_name ? parcel_chunk_new(&bench.memory, &chunk_name) : NULL;

		send_one(chunk);
		parcel_chunk_put(&bench.memory, chunk);
		assert_true(bench.memory.used_bytes < SOURCE_BYTES + ONE_BYTES);
	}
	assert_in_range(bench.memory.used_bytes, SOURCE_BYTES, SOURCE_BYTES + ONE_BYTES);
	take_all();
	listen_bench_check(&bench);
}

static void its_packets_take_its_part_of_the_memory_however_short(void **state)
{
	(void)state;
	fill(0);
}

static void so_do_the_names_of_chunks(void **state)
{
	(void)state;
	fill(1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_packets_take_its_part_of_the_memory_however_short),
		cmocka_unit_test(so_do_the_names_of_chunks),
	};
	int r;

	packet_queue_init(&in_flight);
	listen_bench_init(&bench, LISTEN_FORWARD_TCP, 1 << 20, MEMORY_BYTES);
	bench.shared.config.window_bytes = WINDOW_BYTES;
	bench.shared.config.on_packet = keep;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests_name("node/parcel", tests, NULL, NULL);
	listen_bench_deinit(&bench);
	return r;
}
