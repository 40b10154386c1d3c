#ifndef WEIR_COMMON_FRONT_H2_H
#define WEIR_COMMON_FRONT_H2_H
/*
 * A connection that speaks HTTP/2. Each of its streams is a request (front_stream.h), which is decided
 * and served as one of HTTP/1.1 is. All on the thread of the front.
 *
 *   bytes -> front_h2_take -> h2_server -> front_stream -> decide, serve
 *   answer -> front_h2_flush -> bytes
 */
#include "common/front/front_state.h"
#include "common/front/front_stream.h"

/* Its first bytes are in c->in. False: closed. */
bool front_h2_begin(struct front_conn *c) MUST_CHECK;
/* Takes bytes that came, and sends what is due. False: closed. */
bool front_h2_take(struct front_conn *c, const char *data, size_t len) MUST_CHECK;
/* Sends what it can. False: closed. */
bool front_h2_flush(struct front_conn *c);
/* Now and then: deadlines, and that the front drains. May close it. */
void front_h2_tick(struct front_conn *c);

#endif
