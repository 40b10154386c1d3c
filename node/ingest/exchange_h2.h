#ifndef WEIR_NODE_EXCHANGE_H2_H
#define WEIR_NODE_EXCHANGE_H2_H
/*
 * The requests of an HTTP/2 connection: frames in, frames out. Each stream is a struct requests of its
 * own (h2_stream.h), so limits, refusals, tokens and packets are those of HTTP/1.1, in exchange.c.
 *
 *   bytes -> exchange_h2_feed -> nghttp2 -> h2_stream -> exchange_feed -> on_packet
 *   answer -> exchange_h2_answer -> nghttp2 -> exchange_h2_render -> bytes
 *
 * Answers leave in the order in which they are ready. Nothing here knows sockets.
 */
#include "node/ingest/exchange.h"

struct exchange_h2;

/* The client has sent what HTTP/2 begins with. `connection` is borrowed. NULL: out of memory. */
struct exchange_h2 *exchange_h2_new(struct requests *connection);
void exchange_h2_free(struct exchange_h2 *h);
struct requests *exchange_h2_connection(const struct exchange_h2 *h);
struct exchange_h2 *exchange_h2_next(const struct exchange_h2 *h); /* of this worker */

/* Takes all bytes. False: the connection is to be closed at once, for close_reason. */
bool exchange_h2_feed(struct exchange_h2 *h, const char *data, size_t len) MUST_CHECK;
/* Appends the frames that are due, some 256 KiB at most. *endsp: the connection ends after them.
 * False: as above. */
bool exchange_h2_render(struct exchange_h2 *h, struct buf *out, bool *endsp) MUST_CHECK;
/* More frames are due than the last turn to write has written, and the client has room for them. */
bool exchange_h2_wants_write(const struct exchange_h2 *h);

/* A stream has an answer. Its connection gets its turn to write (exchange_h2_pop_due). */
void exchange_h2_answer(struct requests *stream);
/* The connection whose streams have answers; NULL: there is none. */
struct requests *exchange_h2_pop_due(struct conn_shared *shared);

/* Where the connection is: CONN_IDLE, CONN_HEAD, CONN_WAITING or CONN_DELAYED. */
enum conn_state exchange_h2_state(const struct exchange_h2 *h);

/* Says that no more requests are taken: first that it will be so, and after a second that it is. */
void exchange_h2_shut_down(struct exchange_h2 *h);
/* Takes no more requests from now on. */
void exchange_h2_stop(struct exchange_h2 *h);
/* Ends it after a last word, whatever is under way. */
void exchange_h2_end(struct exchange_h2 *h, enum conn_close reason);
/* The client has sent its last byte. True: it waits for answers. */
bool exchange_h2_end_input(struct exchange_h2 *h);
/* Answers that were held back have been for long enough. */
void exchange_h2_release(struct exchange_h2 *h);
/* Refuses requests that came too slowly. False: the client takes an answer too slowly, or it watches
 * and does not answer a PING. */
bool exchange_h2_look(struct exchange_h2 *h) MUST_CHECK;

#endif
