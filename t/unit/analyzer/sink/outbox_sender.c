/* The thread that sends, between an outbox that can fail and a receiver that can be slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdatomic.h>

#include "analyzer/sink/outbox.h"
#include "analyzer/sink/outbox_sender.h"
#include "common/clock.h"

#define PATIENCE_US (60 * US_PER_S)
#define TIMEOUT_MS 100

/* ---- an outbox in memory: the messages removed + 1 to put, of a byte each ---- */

static struct {
	_Atomic int64_t put, removed;
	_Atomic unsigned n_failures; /* of removals, still to come */
} box;

int outbox_open(const char *path, uint64_t max_bytes, int form, struct outbox **outboxp)
{
	(void)path;
	(void)max_bytes;
	(void)form;
	*outboxp = (struct outbox *)&box;
	return 0;
}

void outbox_close(struct outbox *outbox)
{
	(void)outbox;
}

int outbox_put(struct outbox *outbox, const struct items *items)
{
	(void)outbox;
	box.put += (int64_t)items->n;
	return 0;
}

int outbox_get(struct outbox *outbox, int64_t after, size_t n, struct items *items, int64_t *lastp)
{
	(void)outbox;
	items_clear(items);
	for (*lastp = after; n-- > 0 && *lastp < box.put; ++*lastp) {
		buf_append(&items->bytes, "m", 1);
		assert_int_equal(items_end_one(items), 0);
	}
	return 0;
}

int outbox_remove(struct outbox *outbox, int64_t last)
{
	(void)outbox;
	if (box.n_failures > 0) {
		box.n_failures--;
		return -EIO;
	}
	box.removed = last;
	return 0;
}

uint64_t outbox_messages(struct outbox *outbox)
{
	(void)outbox;
	return (uint64_t)(box.put - box.removed);
}

uint64_t outbox_bytes(struct outbox *outbox)
{
	return outbox_messages(outbox);
}

/* ---- a receiver ---- */

static struct {
	_Atomic uint64_t n_sent;
	unsigned most; /* messages in the time of a batch */
	bool ends;     /* then its connection ends */
	bool has_ended;
	unsigned n_slow;
} wire;

static void *open_wire(const struct sink_options *options, struct sink_counters *counters)
{
	(void)options;
	(void)counters;
	return &wire;
}

static void close_wire(void *carrier)
{
	(void)carrier;
}

static int send_wire(void *carrier, struct items *items, uint64_t until_us)
{
	(void)carrier;
	wire.has_ended = false;
	if (items->n > wire.most) {
		while (clock_mono_us() < until_us)
			poll(NULL, 0, 1);
		wire.has_ended = wire.ends;
		wire.n_slow++;
		return CARRIER_E_SLOW;
	}
	wire.n_sent += items->n;
	return 0;
}

static bool is_alive(void *carrier)
{
	(void)carrier;
	return !wire.has_ended;
}

static const struct carrier_ops ops = { open_wire, close_wire, send_wire, is_alive };

/* ---- the sender ---- */

static struct sink_counters counters;
static struct sink_options options;

static struct outbox_sender *start(uint64_t hold_ms)
{
	struct outbox_sender *sender;

	box.put = box.removed = 0;
	box.n_failures = 0;
	wire.n_sent = 0;
	wire.most = UINT32_MAX;
	wire.ends = wire.has_ended = false;
	wire.n_slow = 0;
	options = (struct sink_options){ .outbox = "test",
					 .timeout_ms = TIMEOUT_MS,
					 .hold_ms = hold_ms };
	assert_int_equal(outbox_sender_start(&options, &ops, &counters, &sender), 0);
	return sender;
}

static void put(struct outbox_sender *sender, unsigned n)
{
	struct items items = { 0 };

	for (unsigned i = 0; i < n; i++) {
		buf_append(&items.bytes, "m", 1);
		assert_int_equal(items_end_one(&items), 0);
	}
	assert_int_equal(outbox_sender_put(sender, &items), 0);
	items_deinit(&items);
}

static void await(const _Atomic uint64_t *n, uint64_t wanted)
{
	uint64_t end_us = clock_mono_us() + PATIENCE_US;

	while (*n != wanted) {
		assert_true(clock_mono_us() < end_us);
		poll(NULL, 0, 1);
	}
}

static void await_empty(void)
{
	uint64_t end_us = clock_mono_us() + PATIENCE_US;

	while (box.removed < box.put) {
		assert_true(clock_mono_us() < end_us);
		poll(NULL, 0, 1);
	}
}

static void a_removal_that_fails_is_tried_again(void **state)
{
	struct outbox_sender *sender = start(10);

	(void)state;
	box.n_failures = 1;
	put(sender, 3);
	await(&wire.n_sent, 3);
	await_empty();
	assert_int_equal(box.n_failures, 0);
	assert_int_equal(wire.n_sent, 3);
	outbox_sender_stop(sender);
}

/* As UDP has no connection that could end. */
static void what_stands_while_a_batch_is_too_large_gets_each_message_once(void **state)
{
	struct outbox_sender *sender = start(4 * TIMEOUT_MS);

	(void)state;
	wire.most = 5;
	put(sender, 5);
	await(&wire.n_sent, 5);
	put(sender, 60);
	await_empty();
	assert_int_equal(wire.n_sent, 65);
	assert_true(wire.n_slow > 0);
	outbox_sender_stop(sender);
}

static void any_number_of_small_batches_goes_out_while_the_first_is_held(void **state)
{
	struct outbox_sender *sender = start(3600000);

	(void)state;
	for (unsigned i = 1; i <= 200; i++) {
		put(sender, 1);
		await(&wire.n_sent, i);
	}
	assert_int_equal(box.removed, 0);
	outbox_sender_stop(sender);
}

/* What went out is held for longer than the time of a batch, or for less. */
static void a_slow_receiver_gets_batches_that_it_can_take(void **state)
{
	static const uint64_t holds_ms[] = { TIMEOUT_MS / 4, 4 * TIMEOUT_MS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(holds_ms); i++) {
		struct outbox_sender *sender = start(holds_ms[i]);

		wire.most = 5;
		wire.ends = true;
		put(sender, 60);
		await_empty();
		outbox_sender_stop(sender);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_removal_that_fails_is_tried_again),
		cmocka_unit_test(a_slow_receiver_gets_batches_that_it_can_take),
		cmocka_unit_test(what_stands_while_a_batch_is_too_large_gets_each_message_once),
		cmocka_unit_test(any_number_of_small_batches_goes_out_while_the_first_is_held),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
