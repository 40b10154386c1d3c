#ifndef WEIR_LOADGEN_WIRE_H
#define WEIR_LOADGEN_WIRE_H
/*
 * The client's side of one connection to a listener without HTTP: a packet at a time, over TCP or UDP.
 *
 *      +--------------------- failed, closed, reset ---------------------+
 *      v                                                                 |
 *   CLOSED -> CONNECTING (-> GREETING) -> SENDING (-> WAITING) -> READY -+
 *
 * A packet of the forward protocol is done when it was acknowledged. Of all others nobody tells: they
 * are done when the kernel has all of their bytes.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/format/msgpack_stream.h"
#include "loadgen/target.h"

enum wire_state {
	WIRE_CLOSED,
	WIRE_CONNECTING,
	WIRE_GREETING, /* forward: the shared key is proven */
	WIRE_SENDING,
	WIRE_WAITING, /* forward: for the acknowledgement */
	WIRE_READY,
	WIRE_STATES
};

enum wire_outcome {
	WIRE_SENT,           /* and acknowledged, where it can be */
	WIRE_CONNECT_FAILED, /* see error */
	WIRE_CLOSED_EARLY,
	WIRE_BAD_ANSWER, /* of the forward protocol; or the key is refused */
	WIRE_OUTCOMES
};

struct wire {
	struct event_base *base; /* borrowed, as the target */
	const struct target *target;
	/* Once per wire_send, never from inside it. The wire is READY or CLOSED. */
	void (*on_done)(struct wire *w, enum wire_outcome outcome);
	void (*on_connected)(struct wire *w);

	enum wire_state state;
	int fd;    /* -1: no socket */
	int error; /* positive errno, of what failed last */
	struct event read_event, write_event;
	struct event failed_event; /* what failed at once is told from the loop */
	const char *id;            /* of the packet; borrowed until on_done, as its bytes */
	const char *data;
	size_t len, at;
	uint64_t first_byte_us; /* monotonic, when it was written; 0: none was */
	bool has_pinged;        /* GREETING: the PONG is awaited */
	struct buf in;          /* owned: a part of what the node says */
	struct msgpack_stream end;
};

void wire_init(struct wire *w, struct event_base *base, const struct target *target);
void wire_deinit(struct wire *w);
/* On a READY or CLOSED one. */
void wire_send(struct wire *w, const char *id, const char *data, size_t len);
/* Closes it, whatever it was at; on_done is not called. */
void wire_close(struct wire *w);

#endif
