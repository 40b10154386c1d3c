#ifndef WEIR_NODE_FORWARD_HELLO_H
#define WEIR_NODE_FORWARD_HELLO_H
/*
 * How a sender of the forward protocol proves that it has the shared key, and the node in turn:
 *
 *   node: HELO nonce    sender: PING salt, digest    node: PONG digest
 *
 * A digest is the SHA-512, in hex, of salt, host name, nonce and key. Pure but for the nonce.
 */
#include <stdbool.h>

#include "common/buf.h"

#define FORWARD_NONCE_BYTES 16

/* -EIO: there are no random numbers. */
int forward_hello_make_nonce(char nonce[FORWARD_NONCE_BYTES]) MUST_CHECK;
void forward_hello_write(struct buf *out, const char nonce[FORWARD_NONCE_BYTES]);
/* Whether the PING proves it; the PONG says so. */
bool forward_hello_judge(const char *ping, size_t len, const char nonce[FORWARD_NONCE_BYTES],
			 const char *key, const char *host, struct buf *pong);

#endif
