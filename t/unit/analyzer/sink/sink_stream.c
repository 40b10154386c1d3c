/* GELF over TCP, to a receiver on a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyzer/sink/sink_kind.h"
#include "common/clock.h"
#include "common/net/net.h"

#define LARGE_BYTES (16u << 20) /* more than the buffers of a connection have room for */
#define PATIENCE_US (60 * US_PER_S)

struct side {
	int fd; /* of the receiver's listener */
	struct sink_options options;
	struct sink_counters counters;
	struct items items;
	void *carrier;
};

static int start(void **state)
{
	struct side *s = calloc(1, sizeof(*s));
	struct net_addr addr;
	char text[64], why[TARGET_WHY_STRLEN];

	assert_non_null(s);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:0"), 0);
	assert_int_equal(bind(s->fd, (const struct sockaddr *)&addr.sa, addr.len), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(net_local_addr(s->fd, &addr), 0);
	snprintf(text, sizeof(text), "gelf+tcp://127.0.0.1:%u", net_addr_port(&addr));
	assert_int_equal(target_parse(&s->options.target, text, why), 0);
	s->carrier = carrier_stream.open(&s->options, &s->counters);
	assert_non_null(s->carrier);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct side *s = *state;

	carrier_stream.close(s->carrier);
	items_deinit(&s->items);
	close(s->fd);
	free(s);
	return 0;
}

static int send_bytes(struct side *s, size_t n, uint64_t patience_us)
{
	items_clear(&s->items);
	assert_int_equal(buf_reserve(&s->items.bytes, n), 0);
	memset(s->items.bytes.data, 'x', n);
	s->items.bytes.len = n;
	assert_int_equal(items_end_one(&s->items), 0);
	return carrier_stream.send(s->carrier, &s->items, clock_mono_us() + patience_us);
}

static void what_is_not_taken_in_time_is_told_from_a_connection_that_ends(void **state)
{
	struct side *s = *state;
	int fd;

	assert_int_equal(send_bytes(s, 1, PATIENCE_US), 0);
	assert_int_equal(send_bytes(s, LARGE_BYTES, 100 * US_PER_MS), CARRIER_E_SLOW);
	assert_int_equal(s->items.list[0].state, ITEM_PENDING);
	assert_false(carrier_stream.is_alive(s->carrier));
	fd = accept(s->fd, NULL, NULL);
	close(fd);
	assert_int_equal(send_bytes(s, 1, PATIENCE_US), 0);
	fd = accept(s->fd, NULL, NULL);
	close(fd); /* with bytes that it has not read */
	close(s->fd);
	s->fd = -1;
	assert_int_equal(send_bytes(s, 1, PATIENCE_US), SINK_E_AWAY);
}

/* What it had may have to go again first. */
static void behind_an_outbox_an_ended_connection_is_not_replaced_unnoticed(void **state)
{
	struct side *s = *state;

	s->options.outbox = "outbox";
	assert_int_equal(send_bytes(s, 1, PATIENCE_US), 0);
	close(accept(s->fd, NULL, NULL));
	assert_int_equal(send_bytes(s, 1, PATIENCE_US), SINK_E_AWAY);
	assert_int_equal(send_bytes(s, 1, PATIENCE_US), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_taken_in_time_is_told_from_a_connection_that_ends),
		TEST(behind_an_outbox_an_ended_connection_is_not_replaced_unnoticed),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
