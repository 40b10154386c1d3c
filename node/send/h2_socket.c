#include "node/send/h2_socket.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tls/tls_stream.h"

int h2_socket_connect(struct h2_socket *s, const struct net_addr *addr)
{
	int r = net_connect(addr, &s->fd);

	if (r != 0)
		s->fd = -1;
	return r;
}

int h2_socket_connected(const struct h2_socket *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ? errno : error;
}

void h2_socket_close(struct h2_socket *s)
{
	if (s->tls)
		tls_stream_end(s->tls);
	tls_stream_free(s->tls);
	s->tls = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

bool h2_socket_secure(struct h2_socket *s, struct tls_context *context, const char *host,
		      const char *protocols)
{
	assert(s->fd >= 0 && !s->tls); /* h2_socket_close has freed the last one */
	s->tls = tls_stream_connect(context, s->fd, host);
	return s->tls && tls_stream_offer(s->tls, protocols);
}

enum h2_greeting h2_socket_greet(struct h2_socket *s)
{
	int r = tls_stream_greet(s->tls);

	if (r != 0)
		return r == TLS_STREAM_AGAIN ? H2_GREETING_AGAIN : H2_GREETING_FAILED;
	return strcmp(tls_stream_protocol(s->tls), "h2") == 0 ? H2_GREETING_DONE
							      : H2_GREETING_OTHER;
}

ssize_t h2_socket_read(struct h2_socket *s, void *to, size_t size)
{
	return s->tls ? tls_stream_read(s->tls, to, size) : recv(s->fd, to, size, 0);
}

ssize_t h2_socket_write(struct h2_socket *s, const void *from, size_t len)
{
	return s->tls ? tls_stream_write(s->tls, from, len) : send(s->fd, from, len, MSG_NOSIGNAL);
}

bool h2_socket_has_more(const struct h2_socket *s)
{
	return s->tls && tls_stream_has_more(s->tls);
}

bool h2_socket_wants_write(const struct h2_socket *s)
{
	return s->tls && tls_stream_wants_write(s->tls);
}

const char *h2_socket_problem(struct h2_socket *s, int error)
{
	if (!s->tls || (error && error != EPROTO))
		return strerror(error);
	snprintf(s->problem, sizeof(s->problem), "TLS: %s", tls_stream_why(s->tls));
	return s->problem;
}
