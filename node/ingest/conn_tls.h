#ifndef WEIR_NODE_CONN_TLS_H
#define WEIR_NODE_CONN_TLS_H
/*
 * How a connection to the TLS port begins: perhaps with the header of a trusted proxy, then with the
 * handshake. Handshakes cost a worker far more than packets do. So each turn of its loop has a limit
 * of time for them; those that are left go on at the next turn, after the packets.
 */
#include "common/tls/tls_stream.h"
#include "node/ingest/conn_state.h"

/* Once the handshake is over: "ok", "resumed", or why it is not. */
enum conn_tls_result {
	CONN_TLS_FULL,
	CONN_TLS_RESUMED, /* a session ticket spared the costly part */
	CONN_TLS_FAILED,
	CONN_TLS_PLAIN, /* it was spoken to without TLS */
	CONN_TLS_TIMEOUT,
	CONN_TLS_RESULTS
};
extern const char *const conn_tls_result_names[CONN_TLS_RESULTS];

enum conn_tls_next {
	CONN_TLS_WAIT, /* for the socket; or the connection is closed or ends, and nothing is left to do */
	CONN_TLS_READ,  /* greeted: it may be read */
	CONN_TLS_REFUSE /* it speaks plain HTTP: answer so, and end */
};

/* The handshake goes on, if this turn has time left for it: *greeting_usp is what its handshakes took.
 * As tls_stream_greet; -EBUSY: the socket stays readable until the next turn. */
int conn_tls_take_turn(struct tls_stream *tls, uint64_t *greeting_usp) MUST_CHECK;

/* CONN_GREETING, and there is something to read. May close. */
enum conn_tls_next conn_tls_greet(struct conn *c) MUST_CHECK;
/* It took too long. */
void conn_tls_time_out(struct conn *c);

#endif
