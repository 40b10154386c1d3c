#ifndef WEIR_NODE_CONN_STATE_H
#define WEIR_NODE_CONN_STATE_H
/*
 * One connection of an agent: its socket and its state. What is asked on it is in exchange.h, what
 * is read and written in conn.c.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "node/ingest/exchange.h"

#define CONN_TLS_BYTES (24u << 10) /* charged for what OpenSSL keeps of a connection */

struct conn {
	struct conn_shared *shared;
	struct conn *prev, *next; /* in the list of its state */
	struct event event;
	int fd;
	struct tls_stream *tls; /* NULL: plain, or greeting has not begun */
	struct exchange_h2 *h2; /* NULL: it speaks HTTP/1.1 */
	enum conn_state state;
	short armed;       /* EV_READ, EV_WRITE it waits for */
	bool is_bounded;   /* it counts for its address */
	bool at_eof;       /* the client has sent its last byte */
	bool is_held;      /* `in` begins with a request for which there was no room in the queue */
	uint64_t since_us; /* when it entered its state, or a new request began in it; LINGER: when
			      bytes came last */
	uint64_t expires_us; /* max_connection_age: the next answer after that closes it */
	uint32_t n_begun;    /* of `requests`, when since_us was set */
	struct requests requests;
	struct buf in;  /* bytes of a header section that is not whole, or what is_held says */
	struct buf out; /* answers that the socket did not take at once */
	size_t n_sent;  /* of out: the bytes that it took since */
	size_t n_discarded_bytes;  /* LINGER */
	uint64_t lingers_since_us; /* LINGER */
	size_t n_charged_bytes;    /* the memory charged for it, buffers and exchanges included */
};

/* Takes fd. NULL: out of memory, or memory-max is reached: fd is still the caller's. */
struct conn *conn_open(struct conn_shared *shared, int fd, const struct net_addr *peer,
		       enum conn_state first, event_callback_fn on_event);
/* Closes and frees. */
void conn_close(struct conn *c, enum conn_close reason);

/* Bytes of answers that the socket has not taken yet. */
static inline size_t conn_n_unsent(const struct conn *c)
{
	return c->out.len - c->n_sent;
}

/* The one setter of the state. */
void conn_set_state(struct conn *c, enum conn_state state);
/* LINGER: bytes have come. */
void conn_note_bytes(struct conn *c);
/* Follows what was read and written. Each request has the whole time of its states for itself. */
void conn_update_state(struct conn *c);
/* Follows the state: the one place that says what the socket is waited for. */
void conn_arm(struct conn *c);
/* Bytes are here that the socket does not tell of: the connection gets its turn to read. */
void conn_recall(struct conn *c);
/* Its buffers and exchanges have changed. False: there is no memory for them. */
bool conn_recharge(struct conn *c) MUST_CHECK;

#endif
