#ifndef WEIR_NODE_CONN_H
#define WEIR_NODE_CONN_H
/*
 * One connection of an agent, and the exchanges on it.
 *
 * An exchange is a request and its answer. Requests may be pipelined: exchanges stand in a queue,
 * and an answer goes out when those before it have gone.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "node/http/http_reader.h"
#include "node/ingest/answer.h"
#include "node/packet/packet.h"

struct ingest;

/* The life of a connection. Each state is a list of the ingest, oldest first. */
enum conn_state {
	CONN_IDLE,    /* no request; closed silently after idle */
	CONN_HEAD,    /* some bytes of a header section; 408 after head */
	CONN_BODY,    /* a body is coming; 408 after body */
	CONN_WAITING, /* requests are being handled, none is being read; lanes have their own
			 timeouts */
	CONN_WRITING, /* the client does not read its answers; reset after write */
	CONN_LINGER,  /* the last answer is out; what still comes is thrown away, so that it is not
			 lost by a reset */
	CONN_STATES
};

/* Why a connection was closed: log and counter. */
enum conn_close {
	CLOSE_BY_CLIENT, /* it closed, between requests */
	CLOSE_ABORTED,   /* it closed its side within a request */
	CLOSE_RESET,     /* a socket error */
	CLOSE_IDLE,      /* idle timeout */
	CLOSE_HEAD_TIMEOUT,
	CLOSE_BODY_TIMEOUT,
	CLOSE_WRITE_TIMEOUT,
	CLOSE_REFUSED,  /* after a refusal that ends the connection */
	CLOSE_ANSWERED, /* the client asked for it, or it was told so: age, drain */
	CLOSE_TOO_MANY, /* over max-connections */
	CLOSE_NO_MEMORY,
	CLOSE_STOPPED, /* the node ends */
	CLOSE_REASONS
};
extern const char *const conn_close_names[CLOSE_REASONS];

struct exchange {
	struct exchange *next;
	struct conn *conn;     /* NULL: the connection is gone, free it instead of answering */
	bool is_done;          /* `answer` may go out */
	bool ends;             /* the connection closes after this answer */
	uint32_t token_wait_s; /* 429: as token_guard_judge says; else 0 */
	struct answer answer;
};

struct conn_list {
	struct conn *first, *last;
	unsigned n;
};

struct conn {
	struct ingest *ingest;
	struct conn *prev, *next; /* in the list of its state */
	struct conn *next_dirty;
	struct event event;
	int fd;
	enum conn_state state;
	enum conn_close close_reason; /* LINGER: why */
	short armed;                  /* EV_READ, EV_WRITE it waits for */
	bool dirty;                   /* in the ingest's list of those with answers to write */
	bool is_used;                 /* a request has come on it */
	bool is_trusted;              /* one with the right token has */
	bool no_more;                 /* no further request is read */
	bool at_eof;                  /* the client has sent its last byte */
	bool is_held;  /* `in` begins with a request for which there was no room in the queue */
	bool is_bulky; /* the last body was large: of the next request no more than the header
			  section goes through the scratch */
	bool owes_continue; /* the client waits for 100 Continue; due when all answers before it are
			       out */
	uint64_t since_us;  /* when it entered its state */
	uint64_t expires_us; /* max_connection_age: the next answer after that closes it */
	struct http_reader reader;
	struct buf in;  /* bytes of a header section that is not whole, or what is_held says */
	struct buf out; /* answers that the socket did not take yet */
	struct packet *packet;    /* being read */
	struct exchange *reading; /* its request is not whole yet; also in the queue */
	struct exchange *first, **tailp;
	unsigned n_exchanges;
	size_t n_discarded_bytes; /* LINGER */
	size_t n_charged_bytes;   /* what it is reckoned with, buffers and exchanges included */
};

#define CONN_MAX_PIPELINED 64

/* Takes fd. NULL: out of memory, or of what may be used: fd is still the caller's. */
struct conn *conn_new(struct ingest *in, int fd);
/* Closes and frees. */
void conn_close(struct conn *c, enum conn_close reason);
/* Writes the answers that are ready; may close. */
void conn_flush(struct conn *c);
/* Its state has lasted too long. */
void conn_on_timeout(struct conn *c);

/* For exchange.c: the one setter of the state; and whether another request is read now. */
void conn_set_state(struct conn *c, enum conn_state state);
bool conn_may_read(const struct conn *c);

void conn_list_unlink(struct conn_list *list, struct conn *c);
void conn_list_push(struct conn_list *list, struct conn *c);

#endif
