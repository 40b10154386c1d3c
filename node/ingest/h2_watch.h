#ifndef WEIR_NODE_H2_WATCH_H
#define WEIR_NODE_H2_WATCH_H
/*
 * Calls of grpc.health.v1.Health/Watch: each is told at once whether the node is ready, and then of
 * each change. What changes faster than the client reads is told once, with its latest state.
 */
#include "node/ingest/h2_session.h"

/* Begins new watches, and tells the others what has changed. A watch ends with its deadline, and when
 * its connection is to end. */
void h2_watch_look(struct exchange_h2 *h);
/* A watch may last for minutes without a frame, so a client that watches and has sent nothing for idle
 * is asked by PING. False: nothing came within write. */
bool h2_watch_has_client(struct exchange_h2 *h) MUST_CHECK;

#endif
