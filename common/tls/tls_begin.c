#include "common/tls/tls_begin.h"

#include <poll.h>
#include <sys/socket.h>

#include "common/net/proxy_header.h"

#define PEEK_BYTES 536        /* the longest header of a proxy that is taken */
#define HANDSHAKE_RECORD 0x16 /* with which TLS begins */

/* So that a partial header does not keep the loop awake: the socket is readable from then on. */
static void wait_for_more_than(int fd, int n)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){ n + 1 }, sizeof(int));
}

/* The socket is readable from then on, whatever it is to wait for. */
static bool has_ended(int fd)
{
	return poll(&(struct pollfd){ .fd = fd, .events = POLLRDHUP }, 1, 0) > 0;
}

/* True: the header is read, or there is none. *np: the bytes in `front` now; 0: the rest never comes. */
static bool take_header(int fd, struct tls_begin_proxy *proxy, char front[PEEK_BYTES], ssize_t *np)
{
	size_t len = 0;
	enum proxy_header result = proxy_header_read(front, (size_t)*np, &len, &proxy->client);

	if (result == PROXY_HEADER_PARTIAL && *np < PEEK_BYTES) {
		wait_for_more_than(fd, (int)*np);
		*np = has_ended(fd) ? 0 : *np;
		return *np == 0;
	}
	proxy->is_awaited = false;
	wait_for_more_than(fd, 0);
	if (result != PROXY_HEADER_WHOLE)
		return true;
	proxy->has_come = true;
	*np = recv(fd, front, len, 0);
	if (*np == (ssize_t)len)
		*np = recv(fd, front, PEEK_BYTES, MSG_PEEK | MSG_DONTWAIT);
	return true;
}

enum tls_begin tls_begin(int fd, struct tls_begin_proxy *proxy)
{
	char front[PEEK_BYTES];
	ssize_t n = recv(fd, front, sizeof(front), MSG_PEEK | MSG_DONTWAIT);

	if (n > 0 && proxy->is_awaited && !take_header(fd, proxy, front, &n))
		return TLS_BEGIN_WAIT;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TLS_BEGIN_WAIT : TLS_BEGIN_RESET;
	if (n == 0)
		return TLS_BEGIN_CLOSED;
	return front[0] == HANDSHAKE_RECORD ? TLS_BEGIN_TLS : TLS_BEGIN_PLAIN;
}
