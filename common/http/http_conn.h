#ifndef WEIR_COMMON_HTTP_CONN_H
#define WEIR_COMMON_HTTP_CONN_H
/*
 * The client's side of one HTTP/1.1 keep-alive connection, on the loop of the caller: one request
 * at a time. What is sent stays where it is: a head and the parts that follow it leave by one
 * writev.
 *
 *      +------------ failed, closed, reset, `Connection: close` -----------+
 *      v                                                                   |
 *   CLOSED -> CONNECTING -> SENDING -> WAITING -> READY (-> SENDING ...) --+
 *
 * A server may close an idle connection just when a request is on its way. So a request that was
 * sent on a used connection and met a close before any byte of an answer ends as STALE: its owner
 * sends it once more, on a fresh connection. Nothing is repeated here.
 */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/uio.h>

#include "common/http/http_response.h"
#include "common/net/net.h"

#define HTTP_CONN_MAX_ANSWER (1u << 20) /* bytes; the connection breaks at a longer one */

enum http_conn_state {
	HTTP_CONN_CLOSED,
	HTTP_CONN_CONNECTING, /* a request waits for the connection, TLS handshake included */
	HTTP_CONN_SENDING,    /* part of the request is written */
	HTTP_CONN_WAITING,    /* it is written as far as it goes, the answer is not whole */
	HTTP_CONN_READY,      /* connected, no request */
	HTTP_CONN_STATES
};

/* What became of a request. */
enum http_conn_outcome {
	HTTP_CONN_ANSWERED,       /* a whole answer: see response */
	HTTP_CONN_CONNECT_FAILED, /* refused, unreachable: see error */
	HTTP_CONN_STALE,          /* see above */
	HTTP_CONN_CLOSED_EARLY,   /* closed or reset before the answer was whole */
	HTTP_CONN_BAD_ANSWER,     /* not HTTP, or longer than HTTP_CONN_MAX_ANSWER */
	HTTP_CONN_OUTCOMES
};

struct http_conn;
struct tls_context;
struct tls_stream;

/* Whose connections they are; shared by any number of them. */
struct http_conn_owner {
	struct event_base *base;
	/* Once per http_conn_send, never from inside it. The connection is READY or CLOSED: it may
	 * be sent on, or freed. */
	void (*on_done)(struct http_conn *c, enum http_conn_outcome outcome);
	/* A READY one was closed by the server, or said something unasked. It may be freed. */
	void (*on_idle_close)(struct http_conn *c);
	void (*on_connected)(struct http_conn *c); /* NULL: does not matter */
	bool keeps_json;                           /* see http_response_keep */
};

/* Empty parts are fine. */
struct http_request {
	struct iovec head;
	const struct iovec *parts;
	size_t n_parts;
	size_t keep_max; /* bytes of an answer that are kept of any media type; 0: of JSON alone */
};

struct http_conn {
	const struct http_conn_owner *owner; /* borrowed */
	enum http_conn_state state;
	int fd; /* -1: no socket */
	struct event read_event, write_event;
	struct event failed_event;       /* a connect that failed at once is told from the loop */
	bool write_wanted;               /* write_event is added */
	bool in_flight;                  /* a request is, from http_conn_send to on_done */
	struct tls_context *tls_context; /* borrowed; NULL: plain */
	const char *tls_host;            /* whose certificate it must be; borrowed */
	struct tls_stream *tls;          /* NULL: plain, or not connected */
	bool is_greeting;                /* connected; the TLS handshake is not over */
	int error;                       /* of the connect that failed; positive errno */
	char *tls_problem;  /* see http_conn_problem; owned; NULL: TLS has not failed */
	uint64_t n_answers; /* on this connection */

	struct http_request request; /* borrows all it points to */
	size_t part, part_offset;    /* where its next byte is: 0 the head, 1.. the parts */
	uint64_t first_byte_us;      /* monotonic, when it was written; 0: none was */
	size_t n_answer_bytes;
	struct http_response response; /* valid in on_done where ANSWERED */
	struct buf kept;               /* of the last answer, as response.keep; owned */
};

void http_conn_init(struct http_conn *c, const struct http_conn_owner *owner);
/* From the next connect on it speaks TLS, and believes a certificate of `host` alone. */
void http_conn_use_tls(struct http_conn *c, struct tls_context *context, const char *host);
/* What TLS said when it failed on the last connection, until the next one begins; NULL: it has not. */
const char *http_conn_problem(const struct http_conn *c);
/* A request in flight is dropped without a call. */
void http_conn_deinit(struct http_conn *c);

/* On a READY or CLOSED connection; a closed one connects to `addr` first. What the request points
 * to is borrowed until on_done. */
void http_conn_send(struct http_conn *c, const struct net_addr *addr,
		    const struct http_request *request);
/* Closes it, whatever it was at; on_done is not called for a request in flight. */
void http_conn_close(struct http_conn *c, const char *reason);
/* The same; and what the status line says counts, if it came: ANSWERED or CLOSED_EARLY. */
enum http_conn_outcome http_conn_give_up(struct http_conn *c, const char *reason,
					 enum http_conn_outcome if_undecided);

#endif
