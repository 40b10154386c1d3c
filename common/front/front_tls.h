#ifndef WEIR_COMMON_FRONT_TLS_H
#define WEIR_COMMON_FRONT_TLS_H
/*
 * Bytes of a connection, which may be those of TLS, and how such a connection begins. Handshakes get
 * half of the time of the loop at most, so that they hold up nobody at the plain port.
 */
#include "common/front/front_state.h"

enum front_tls {
	FRONT_TLS_WAIT,
	FRONT_TLS_DONE,
	FRONT_TLS_PLAIN, /* it speaks plain HTTP, and is to be told so */
	FRONT_TLS_FAILED
};

/* Goes on with the handshake; nothing is closed here. */
enum front_tls front_tls_greet(struct front_conn *c) MUST_CHECK;
/* As read and write. */
ssize_t front_tls_read(struct front_conn *c, void *to, size_t size);
ssize_t front_tls_write(struct front_conn *c, const void *from, size_t len);
/* Bytes are here that the socket does not tell of. */
bool front_tls_has_more(const struct front_conn *c);
/* What is to be read waits until the socket can be written. */
bool front_tls_wants_write(const struct front_conn *c);
/* Nothing more is written. */
void front_tls_end(struct front_conn *c);

#endif
