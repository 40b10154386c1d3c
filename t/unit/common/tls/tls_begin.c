#include "common/tls/tls_begin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HELLO "\x16\x03\x01\x02\x00"

static int ends[2];

static enum tls_begin begin(const char *bytes, size_t len, struct tls_begin_proxy *proxy)
{
	if (len)
		assert_int_equal(write(ends[1], bytes, len), len);
	return tls_begin(ends[0], proxy);
}

static void open_ends(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void the_first_byte_decides_and_is_left_where_it_is(void **state)
{
	struct tls_begin_proxy proxy = { 0 };
	char byte;

	(void)state;
	open_ends();
	assert_int_equal(begin("", 0, &proxy), TLS_BEGIN_WAIT);
	assert_int_equal(begin(HELLO, 5, &proxy), TLS_BEGIN_TLS);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 0x16);
	close_ends();
	open_ends();
	assert_int_equal(begin("GET / HTTP/1.1\r\n", 16, &proxy), TLS_BEGIN_PLAIN);
	close_ends();
	open_ends();
	close(ends[1]);
	assert_int_equal(tls_begin(ends[0], &proxy), TLS_BEGIN_CLOSED);
	close(ends[0]);
}

static void a_trusted_proxy_says_who_is_behind_it(void **state)
{
	struct tls_begin_proxy proxy = { .is_awaited = true };
	char text[NET_ADDR_STRLEN], byte;

	(void)state;
	open_ends();
	assert_int_equal(begin("PROXY TCP4 192.0.2.1 ", 21, &proxy), TLS_BEGIN_WAIT);
	assert_true(proxy.is_awaited);
	assert_int_equal(begin("192.0.2.9 4711 443\r\n" HELLO, 25, &proxy), TLS_BEGIN_TLS);
	assert_true(proxy.has_come);
	assert_false(proxy.is_awaited);
	net_addr_format(&proxy.client, text);
	assert_string_equal(text, "192.0.2.1:4711");
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 0x16);
	close_ends();
}

static void what_follows_a_proxys_header_may_come_later(void **state)
{
	struct tls_begin_proxy proxy = { .is_awaited = true };

	(void)state;
	open_ends();
	assert_int_equal(begin("PROXY TCP4 192.0.2.1 192.0.2.9 4711 443\r\n", 41, &proxy),
			 TLS_BEGIN_WAIT);
	assert_true(proxy.has_come);
	assert_int_equal(begin(HELLO, 5, &proxy), TLS_BEGIN_TLS);
	close_ends();
}

static void a_proxy_may_send_no_header(void **state)
{
	struct tls_begin_proxy proxy = { .is_awaited = true };

	(void)state;
	open_ends();
	assert_int_equal(begin(HELLO, 5, &proxy), TLS_BEGIN_TLS);
	assert_false(proxy.has_come);
	close_ends();
}

/* Its socket stays readable, and would wake its owner without end. */
static void a_proxy_that_closes_within_its_header_has_closed(void **state)
{
	static const char *const parts[] = { "P", "PROXY", "PROXY TCP4 192.0.2.1 192.0.2.9 4711 44",
					     "\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct tls_begin_proxy proxy = { .is_awaited = true };

		open_ends();
		assert_int_equal(begin(parts[i], strlen(parts[i]), &proxy), TLS_BEGIN_WAIT);
		assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
		assert_int_equal(begin("", 0, &proxy), TLS_BEGIN_CLOSED);
		close_ends();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_byte_decides_and_is_left_where_it_is),
		cmocka_unit_test(a_trusted_proxy_says_who_is_behind_it),
		cmocka_unit_test(what_follows_a_proxys_header_may_come_later),
		cmocka_unit_test(a_proxy_may_send_no_header),
		cmocka_unit_test(a_proxy_that_closes_within_its_header_has_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tls/tls_begin", tests, NULL, NULL);
}
