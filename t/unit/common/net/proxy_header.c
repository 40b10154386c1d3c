#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/net/proxy_header.h"

#define V2(rest) "\r\n\r\n\0\r\nQUIT\n" rest
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	enum proxy_header result;
	const char *addr; /* NULL: as it was */
} cases[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n"), PROXY_HEADER_WHOLE,
	  "192.0.2.1:4711" },
	{ BYTES("PROXY TCP6 2001:db8::1 ::1 4711 80\r\n"), PROXY_HEADER_WHOLE,
	  "[2001:db8::1]:4711" },
	{ BYTES("PROXY UNKNOWN\r\n"), PROXY_HEADER_WHOLE, NULL },
	{ BYTES("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), PROXY_HEADER_WHOLE, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\n"), PROXY_HEADER_BAD, NULL },
	{ BYTES("PROXY TCP4 host 192.0.2.2 4711 80\r\n"), PROXY_HEADER_BAD, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n"), PROXY_HEADER_BAD, NULL },
	{ BYTES("PROXY TCP4\r\n"), PROXY_HEADER_BAD, NULL },
	{ BYTES("PROXY \r\n"), PROXY_HEADER_BAD, NULL },
	{ BYTES(V2("\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x50")), PROXY_HEADER_WHOLE,
	  "192.0.2.1:4711" },
	{ BYTES(V2("\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x50\x04\0\0")), PROXY_HEADER_WHOLE,
	  "192.0.2.1:4711" },
	{ BYTES(V2("\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
		   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x67\0\x50")),
	  PROXY_HEADER_WHOLE, "[2001:db8::1]:4711" },
	{ BYTES(V2("\x20\0\0\0")), PROXY_HEADER_WHOLE, NULL },
	{ BYTES(V2("\x21\0\0\0")), PROXY_HEADER_WHOLE, NULL },
	{ BYTES(V2("\x21\x11\0\4\xc0\0\2\1")), PROXY_HEADER_BAD, NULL },
	{ BYTES(V2("\x31\x11\0\0")), PROXY_HEADER_BAD, NULL },
	{ BYTES(V2("\x22\x11\0\0")), PROXY_HEADER_BAD, NULL },
	{ BYTES(V2("\x21\x11\xff\xff")), PROXY_HEADER_BAD, NULL },
	{ BYTES("POST / HTTP/1.1\r\n"), PROXY_HEADER_NONE, NULL },
	{ BYTES("\r\nPOST"), PROXY_HEADER_NONE, NULL },
};

/* Of copies of their own size, so that a sanitizer sees each byte too many that is read. */
static enum proxy_header read_copy(const char *bytes, size_t len, size_t *lenp,
				   struct net_addr *addr)
{
	char *copy = malloc(len);
	enum proxy_header result;

	memcpy(copy, bytes, len);
	result = proxy_header_read(copy, len, lenp, addr);
	free(copy);
	return result;
}

static void headers_are_read_and_wrong_ones_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[NET_ADDR_STRLEN];
		struct net_addr addr;
		size_t n = 0;

		assert_int_equal(net_addr_numeric(&addr, "10.0.0.9", 1), 0);
		if (read_copy(cases[i].bytes, cases[i].len, &n, &addr) != cases[i].result)
			fail_msg("case %zu", i);
		if (cases[i].result == PROXY_HEADER_WHOLE)
			assert_int_equal(n, cases[i].len);
		net_addr_format(&addr, text);
		assert_string_equal(text, cases[i].addr ? cases[i].addr : "10.0.0.9:1");
	}
}

static void a_part_is_waited_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_addr addr = { 0 };

		for (size_t len = 1; cases[i].result == PROXY_HEADER_WHOLE && len < cases[i].len;
		     len++) {
			size_t n;

			assert_int_equal(read_copy(cases[i].bytes, len, &n, &addr),
					 PROXY_HEADER_PARTIAL);
		}
	}
}

static void a_line_without_end_is_refused(void **state)
{
	char line[200] = "PROXY TCP4 ";
	struct net_addr addr;
	size_t n;
	(void)state;

	memset(line + 11, '1', sizeof(line) - 11);
	assert_int_equal(read_copy(line, 106, &n, &addr), PROXY_HEADER_PARTIAL);
	assert_int_equal(read_copy(line, 107, &n, &addr), PROXY_HEADER_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read_and_wrong_ones_refused),
		cmocka_unit_test(a_part_is_waited_for),
		cmocka_unit_test(a_line_without_end_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/proxy_header", tests, NULL, NULL);
}
