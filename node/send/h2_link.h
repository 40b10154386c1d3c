#ifndef WEIR_NODE_H2_LINK_H
#define WEIR_NODE_H2_LINK_H
/*
 * One connection of HTTP/2 by nghttp2, and the requests that are its streams: to a server that is known to speak
 * it, or, with TLS, to one that agrees to it in the handshake. The owner hears of each request's end, and of the connection's, never from inside of a call that it
 * makes here. It frees both.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/net/net.h"
#include "node/send/h2_socket.h"
#include "node/send/h2_streams.h"

#define H2_LINK_STREAMS 128 /* at once, at most */
#define H2_LINK_LAST_ID                                                                            \
	(INT32_MAX - 2) /* of its streams: a client has 2^30 of them, RFC 9113 5.1.1 */

enum h2_link_state {
	H2_LINK_NEW,        /* it has no socket */
	H2_LINK_CONNECTING, /* its socket is not connected yet */
	H2_LINK_GREETING,   /* the TLS handshake is not over */
	H2_LINK_OPEN,
	H2_LINK_LOST /* its socket is closed, and its requests have ended */
};

struct h2_link;

struct h2_link_owner {
	struct event_base *base;
	struct tls_context *tls; /* borrowed; NULL: without TLS */
	const char *protocols;   /* that are offered in a handshake: "h2,http/1.1" */
	/* It is to be connected. */
	void (*on_begin)(struct h2_link *link);
	void (*on_open)(struct h2_link *link);
	/* It is LOST before it was open: `error` is static, strerror's, or the link's. It may be connected to another
	 * address. */
	void (*on_refused)(struct h2_link *link, const char *error);
	/* It is LOST, as the server did not agree to HTTP/2. */
	void (*on_other)(struct h2_link *link);
	/* It is on no connection any more: see its `end`. */
	void (*on_done)(struct h2_link *link, struct h2_request *r);
	/* Nothing is on it any more, and nothing can be: free it. */
	void (*on_lost)(struct h2_link *link);
};

struct h2_link {
	const struct h2_link_owner *owner; /* borrowed */
	enum h2_link_state state;
	bool has_begun;
	struct h2_socket socket;
	struct h2_streams streams;
	struct event readable, writable, flush;
	struct event late; /* it is not open in time */
	const char *host;  /* whose certificate it must be; the owner's */
	struct buf out;    /* bytes that the socket did not take */
	unsigned n_served;
	unsigned n_reads;       /* that brought bytes */
	unsigned n_writes;      /* that took some */
	uint64_t idle_since_us; /* while it has no requests */
	const char *error;      /* why it is lost */
	bool is_late;           /* it is, because it took no bytes in time */
	/* The owner's: */
	TAILQ_ENTRY(h2_link) link;
	struct origin *origin;
	struct h2_request_list waiting; /* until it is open */
	unsigned n_waiting;
	bool is_alone, is_looking_up;
	unsigned addr_at, n_more; /* of the origin's addresses */
};
TAILQ_HEAD(h2_link_list, h2_link);

/* on_begin follows. NULL: out of memory. */
struct h2_link *h2_link_new(const struct h2_link_owner *owner);
/* It has no requests. */
void h2_link_free(struct h2_link *link);
/* on_open, on_refused or on_other follows; within the time. A negative errno: neither does. */
int h2_link_connect(struct h2_link *link, const struct net_addr *addr,
		    uint64_t within_us) MUST_CHECK;
/* Requests that it can take now. */
unsigned h2_link_room(const struct h2_link *link);
/* It is open, and has room. 0: on_done follows; -ENOMEM, -EPROTO: it does not. */
int h2_link_send(struct h2_link *link, struct h2_request *r, const char *authority,
		 const char *path) MUST_CHECK;
/* Nobody waits for it any more. on_done follows. */
void h2_link_cancel(struct h2_link *link, const struct h2_request *r);
/* It has bytes to send, and has taken none since the request was sent, so nothing on it can end. Or nobody else waits
 * for what is on it: then what cancels the request could stay behind those bytes for a quarter of an hour. */
bool h2_link_is_stuck(const struct h2_link *link, const struct h2_request *r);
/* It has brought no byte since the request was sent. Where its other end is gone without a word, the kernel takes
 * small requests for a quarter of an hour. */
bool h2_link_is_silent(const struct h2_link *link, const struct h2_request *r);
/* It is stuck: all that is on it is lost, and so is it. */
void h2_link_break(struct h2_link *link, const char *error);
/* on_lost follows, once nothing is on it. */
void h2_link_go(struct h2_link *link);

#endif
