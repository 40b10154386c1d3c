#ifndef WEIR_LOADGEN_FORWARD_TALK_H
#define WEIR_LOADGEN_FORWARD_TALK_H
/*
 * What a sender of the forward protocol hears, and how it proves the shared key. Pure, but for the
 * salt.
 */
#include "common/buf.h"

#define FORWARD_TALK_E_WRONG 1 /* it does not say what was awaited */

/* Of a HELO: the PING that answers it. FORWARD_TALK_E_WRONG, -EIO, -ENOMEM. */
int forward_talk_answer_hello(const char *hello, size_t len, const char *key,
			      struct buf *ping) MUST_CHECK;
/* Whether a PONG lets the sender in. */
bool forward_talk_is_welcome(const char *pong, size_t len);
/* Whether it acknowledges the chunk. */
bool forward_talk_is_ack(const char *ack, size_t len, const char *chunk);

#endif
