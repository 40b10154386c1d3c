#include "node/listen/stream_tls.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tls/tls_begin.h"
#include "node/ingest/conn_tls.h"
#include "node/node_metrics.h"

static void count(const struct listen_shared *s, enum conn_tls_result result)
{
	metrics_add(s->config.metrics, M_TLS_HANDSHAKES, result, 1);
}

static void log_failure(const struct net_addr *peer, const char *reason)
{
	char text[NET_ADDR_STRLEN];

	net_addr_format(peer, text);
	log_warn("listen", "TLS handshake failed", "client=%s reason=%s", text, reason);
}

/* What the sender begins with decides. */
static enum stream_tls_step begin(struct stream_tls *t, struct listen_shared *s, int fd,
				  const struct net_addr *peer)
{
	struct tls_begin_proxy no_proxy = { .is_awaited = false };

	switch (tls_begin(fd, &no_proxy)) {
	case TLS_BEGIN_WAIT:
		return STREAM_TLS_WAIT;
	case TLS_BEGIN_TLS:
		t->tls = tls_stream_accept(s->config.tls, fd);
		if (!t->tls) {
			log_failure(peer, "there is no memory");
			return STREAM_TLS_END;
		}
		tls_stream_forgo_alpn(t->tls);
		return STREAM_TLS_DONE;
	case TLS_BEGIN_PLAIN:
		count(s, CONN_TLS_PLAIN);
		log_failure(peer, "it speaks without TLS to a port of TLS");
		return STREAM_TLS_END;
	default:
		return STREAM_TLS_END;
	}
}

enum stream_tls_step stream_tls_greet(struct stream_tls *t, struct listen_shared *s, int fd,
				      const struct net_addr *peer)
{
	enum stream_tls_step step = t->tls ? STREAM_TLS_DONE : begin(t, s, fd, peer);
	int r;

	if (step != STREAM_TLS_DONE)
		return step;
	r = conn_tls_take_turn(t->tls, &s->greeting_us);
	if (r == TLS_STREAM_AGAIN || r == -EBUSY)
		return STREAM_TLS_WAIT;
	t->is_greeting = false;
	if (r == 0) {
		count(s, tls_stream_is_resumed(t->tls) ? CONN_TLS_RESUMED : CONN_TLS_FULL);
		return STREAM_TLS_DONE;
	}
	count(s, CONN_TLS_FAILED);
	log_failure(peer, tls_stream_why(t->tls));
	return STREAM_TLS_END;
}

void stream_tls_time_out(const struct listen_shared *s, const struct net_addr *peer)
{
	count(s, CONN_TLS_TIMEOUT);
	log_failure(peer, "it took too long");
}

ssize_t stream_tls_read(struct stream_tls *t, int fd, void *to, size_t size)
{
	return t->tls ? tls_stream_read(t->tls, to, size) : read(fd, to, size);
}

ssize_t stream_tls_write(struct stream_tls *t, int fd, const void *from, size_t len)
{
	return t->tls ? tls_stream_write(t->tls, from, len) : send(fd, from, len, MSG_NOSIGNAL);
}

bool stream_tls_has_more(const struct stream_tls *t)
{
	return t->tls && tls_stream_has_more(t->tls);
}

bool stream_tls_wants_write(const struct stream_tls *t)
{
	return t->tls && tls_stream_wants_write(t->tls);
}
