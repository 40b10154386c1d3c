/* Transfers by HTTP/2 that time out while the socket of their connection takes a little at a time, or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/h2_link.h"
#include "node/send/sender.h"
#include "t/unit/h2_peer.h"
#include "t/unit/peer.h"

#define LONG_BYTES (8u << 20)
#define SOON_MS 500  /* time enough to connect */
#define LATE_MS 2000 /* and to send LONG_BYTES */

struct post {
	struct transfer transfer;
	struct iovec part;
	unsigned n_done;
	bool is_left_open; /* when it ended: its connection */
};

struct bench {
	struct event_base *base;
	struct sender *sender;
	struct h2_peer peer;
	struct post slow, late;
	char *bytes;
};

/* The socket of the last connection, and what it takes until a transfer has ended. */
static int socket_fd;
static enum { TAKES_ALL, TAKES_A_BYTE, TAKES_NOTHING } takes;
static bool has_taken; /* a byte, so that the next write finds it full */

int __real_h2_socket_connect(struct h2_socket *s, const struct net_addr *addr);
int __wrap_h2_socket_connect(struct h2_socket *s, const struct net_addr *addr);
int __wrap_h2_socket_connect(struct h2_socket *s, const struct net_addr *addr)
{
	int r = __real_h2_socket_connect(s, addr);

	socket_fd = s->fd;
	return r;
}

ssize_t __real_h2_socket_write(struct h2_socket *s, const void *from, size_t len);
ssize_t __wrap_h2_socket_write(struct h2_socket *s, const void *from, size_t len);
ssize_t __wrap_h2_socket_write(struct h2_socket *s, const void *from, size_t len)
{
	has_taken = !has_taken;
	if (takes == TAKES_ALL)
		return __real_h2_socket_write(s, from, len);
	if (takes == TAKES_A_BYTE && has_taken)
		return __real_h2_socket_write(s, from, 1);
	errno = EAGAIN;
	return -1;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->bytes = calloc(1, LONG_BYTES);
	b->base = event_base_new();
	b->sender = sender_new(b->base, NULL);
	h2_peer_init(&b->peer, b->base);
	b->peer.window_bytes = INT32_MAX;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	sender_free(b->sender);
	h2_peer_deinit(&b->peer);
	event_base_free(b->base);
	free(b->bytes);
	free(b);
	return 0;
}

static void on_done(struct transfer *t)
{
	struct post *p = CONTAINER_OF(t, struct post, transfer);

	p->n_done++;
	p->is_left_open = fcntl(socket_fd, F_GETFD) >= 0;
	takes = TAKES_ALL;
}

static void start(struct bench *b, struct post *p, size_t len, uint32_t timeout_ms)
{
	*p = (struct post){ .part = { b->bytes, len } };
	p->transfer = (struct transfer){ .url = b->peer.h2c_url,
					 .parts = &p->part,
					 .n_parts = 1,
					 .len = len,
					 .connect_ms = 20000,
					 .timeout_ms = timeout_ms,
					 .on_done = on_done };
	assert_int_equal(sender_start(b->sender, &p->transfer), 0);
}

static void wait_for(struct bench *b, struct post *p, enum transfer_result result, int status)
{
	PEER_TURN_UNTIL(b->base, p->n_done);
	assert_int_equal(p->n_done, 1);
	assert_int_equal(p->transfer.result, result);
	assert_int_equal(p->transfer.status, status);
}

/* Bytes always wait for the socket, and always go. */
static void one_that_times_out_on_a_busy_connection_ends_alone(void **state)
{
	struct bench *b = *state;

	takes = TAKES_A_BYTE;
	b->peer.is_holding = true;
	start(b, &b->slow, LONG_BYTES, 60000);
	start(b, &b->late, 6, SOON_MS);
	wait_for(b, &b->late, TRANSFER_TIMEOUT, 0);
	assert_true(b->late.is_left_open);
	h2_peer_release(&b->peer);
	wait_for(b, &b->slow, TRANSFER_ANSWERED, 200);
	assert_int_equal(b->peer.n_conns, 1);
}

/* None of them is at fault itself, so none is told to be broken. */
static void those_on_a_connection_that_takes_nothing_time_out_together(void **state)
{
	struct bench *b = *state;

	takes = TAKES_NOTHING;
	start(b, &b->slow, LONG_BYTES, 60000);
	start(b, &b->late, 6, SOON_MS);
	wait_for(b, &b->late, TRANSFER_TIMEOUT, 0);
	wait_for(b, &b->slow, TRANSFER_TIMEOUT, 0);
	assert_false(b->late.is_left_open);
}

/* What would end its stream might not leave, either. */
static void a_connection_with_unsent_bytes_for_nobody_is_closed(void **state)
{
	struct bench *b = *state;

	takes = TAKES_A_BYTE;
	start(b, &b->slow, LONG_BYTES, SOON_MS);
	wait_for(b, &b->slow, TRANSFER_TIMEOUT, 0);
	assert_false(b->slow.is_left_open);
}

/* While the socket seems to be ready, and is not, peer_turn would not end. */
static void turn_often(struct bench *b)
{
	for (unsigned i = 0; i < 20; i++)
		event_base_loop(b->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* It was queued while the server still allowed it, and would hold its connection for ever. */
static void a_connection_whose_requests_may_not_leave_is_closed(void **state)
{
	struct bench *b = *state;

	takes = TAKES_NOTHING;
	b->peer.is_holding = true;
	start(b, &b->slow, LONG_BYTES, 60000);
	while (b->peer.n_conns == 0)
		turn_often(b);
	turn_often(b); /* the bytes that wait for the socket keep all else from being written */
	start(b, &b->late, 6, LATE_MS);
	h2_peer_allow(&b->peer, 0);
	turn_often(b);
	takes = TAKES_ALL;
	wait_for(b, &b->late, TRANSFER_TIMEOUT, 0);
	h2_peer_release(&b->peer);
	wait_for(b, &b->slow, TRANSFER_ANSWERED, 200);
	PEER_TURN_UNTIL(b->base, h2_peer_is_left(&b->peer, 0));
	assert_true(h2_peer_is_left(&b->peer, 0));
	assert_int_equal(b->peer.n_requests, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_that_times_out_on_a_busy_connection_ends_alone),
		TEST(those_on_a_connection_that_takes_nothing_time_out_together),
		TEST(a_connection_with_unsent_bytes_for_nobody_is_closed),
		TEST(a_connection_whose_requests_may_not_leave_is_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender_h2_stuck", tests, NULL, NULL);
}
