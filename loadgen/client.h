#ifndef WEIR_LOADGEN_CLIENT_H
#define WEIR_LOADGEN_CLIENT_H
/*
 * Packets to one target, one at a time, over one connection: a POST each (common/http_conn), or what
 * a listener without HTTP takes (loadgen/wire). It connects when
 * there is something to send, and after a failed connect it rests (common/backoff) before it is
 * available again. A request that met the close of an idle connection is sent once more, and
 * counted
 * (`n_resent`). Nothing else is repeated here.
 */
#include <event2/event.h>
#include <stdbool.h>

#include "loadgen/target.h"

/* What became of a request. */
enum client_outcome {
	CLIENT_ANSWERED,       /* a whole answer: see status */
	CLIENT_CONNECT_FAILED, /* refused, unreachable */
	CLIENT_CLOSED_EARLY,   /* closed or reset before the answer was whole */
	CLIENT_BAD_ANSWER,     /* not HTTP */
	CLIENT_TIMED_OUT,
	CLIENT_ABORTED, /* client_abort */
	CLIENT_OUTCOMES
};
extern const char *const client_outcome_names[CLIENT_OUTCOMES];

struct client_result {
	enum client_outcome outcome;
	int status; /* 200 to 599 where ANSWERED, else 0. 200 too where a listener without HTTP has it */
	int64_t retry_after_s;  /* -1: none */
	uint64_t first_byte_us; /* monotonic, of the request's first byte written; 0: none was */
	uint64_t end_us;        /* monotonic */
};

/* Shared by all clients of a run; the owner reads them. */
struct client_counts {
	uint64_t n_connects; /* connections made, reconnects included */
	uint64_t n_reconnects;
	uint64_t n_resent; /* requests repeated after the keep-alive race */
};

struct client;

/* Once per client_send, never from inside it. The client may be available again: client_send is
 * fine here. */
typedef void (*client_done_fn)(void *arg, const struct client_result *result);

/* Borrows all of its arguments for its life. NULL: out of memory. */
struct client *client_new(struct event_base *base, const struct target *target,
			  struct client_counts *counts, client_done_fn done_fn, void *arg);
/* A request in flight is dropped without a call. */
struct client *client_free(struct client *client);
DEFINE_CLEANUP(struct client, client_free)

/* No request is in flight, and it does not rest. */
bool client_is_available(const struct client *client);
/* Sends `body`, which is borrowed until done_fn, as is its id. The client must be available. */
void client_send(struct client *client, const char *id, const char *body, size_t len,
		 uint64_t now_us);
/* Call now and then: ends what takes longer than timeout_us, and rests that are over. */
void client_sweep(struct client *client, uint64_t now_us, uint64_t timeout_us);
/* Ends a request in flight as ABORTED. */
void client_abort(struct client *client);

#endif
