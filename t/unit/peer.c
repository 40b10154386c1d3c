#include "t/unit/peer.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void peer_init(struct peer *p, struct event_base *base, const char *at)
{
	char text[NET_ADDR_STRLEN];

	*p = (struct peer){ .base = base, .listen_fd = -1, .fd = -1 };
	assert_int_equal(net_addr_parse(&p->addr, at), 0);
	assert_int_equal(net_listen(&p->addr, false, 64, &p->listen_fd), 0);
	assert_int_equal(net_local_addr(p->listen_fd, &p->addr), 0);
	net_addr_format(&p->addr, text);
	snprintf(p->url, sizeof(p->url), "http://%s/in", text);
}

void peer_deinit(struct peer *p)
{
	peer_refuse(p);
	peer_close(p);
}

void peer_refuse(struct peer *p)
{
	if (p->listen_fd >= 0)
		close(p->listen_fd);
	p->listen_fd = -1;
}

void peer_turn(struct event_base *base)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	poll(NULL, 0, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void wait_readable(struct peer *p, int fd)
{
	PEER_TURN_UNTIL(p->base, is_readable(fd));
}

bool peer_is_called(struct peer *p)
{
	peer_turn(p->base);
	return is_readable(p->listen_fd);
}

void peer_accept(struct peer *p)
{
	peer_close(p);
	wait_readable(p, p->listen_fd);
	p->fd = accept(p->listen_fd, NULL, NULL);
	assert_true(p->fd >= 0);
}

size_t peer_read(struct peer *p, const char *end, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		wait_readable(p, p->fd);
		n = recv(p->fd, out + len, size - 1 - len, 0);
		assert_true(n > 0);
		len += (size_t)n;
		out[len] = '\0';
	} while (len < strlen(end) || strcmp(out + len - strlen(end), end) != 0);
	return len;
}

void peer_read_bytes(struct peer *p, char *out, size_t n_bytes)
{
	char thrown_away[16384];
	ssize_t n;

	while (n_bytes) {
		size_t room = out || n_bytes < sizeof(thrown_away) ? n_bytes : sizeof(thrown_away);

		wait_readable(p, p->fd);
		n = recv(p->fd, out ? out : thrown_away, room, 0);
		assert_true(n > 0);
		n_bytes -= (size_t)n;
		out = out ? out + n : NULL;
	}
}

void peer_write(struct peer *p, const char *text)
{
	assert_int_equal(send(p->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void peer_reset(struct peer *p)
{
	const struct linger at_once = { .l_onoff = 1 };

	assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	peer_close(p);
}
