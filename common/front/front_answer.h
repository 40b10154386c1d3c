#ifndef WEIR_COMMON_FRONT_ANSWER_H
#define WEIR_COMMON_FRONT_ANSWER_H
/*
 * What goes out: the answer in rq.out, after which the connection ends or waits for its next request;
 * or a stream. Each may close the connection.
 */
#include "common/front/front_state.h"

#define FRONT_PROGRESS_US (10 * US_PER_S) /* for some bytes of an answer to be taken */

/* Sends what it can of rq.out. False: closed. */
bool front_flush(struct front_conn *c);
/* Sends an answer so, and goes on with what follows it. */
void front_write(struct front_conn *c);
/* The answer is in rq.out. */
void front_answer(struct front_conn *c);
/* The same with a problem; the connection ends then. */
void front_refuse(struct front_conn *c, int status, const char *code, const char *detail);

void front_stream_begin(struct front_conn *c);
/* What is new. Whoever does not read what was sent gets nothing new, and in the end is closed. */
void front_stream_continue(struct front_conn *c);

#endif
