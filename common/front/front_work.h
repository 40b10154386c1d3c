#ifndef WEIR_COMMON_FRONT_WORK_H
#define WEIR_COMMON_FRONT_WORK_H
/*
 * The request of a stream of HTTP/2. A thread may have it: then it outlives its stream and its connection,
 * and comes back to nobody. Its bytes stay charged until it does.
 */
#include "common/front/front_state.h"

struct front_h2;
struct front_stream;

/* From when it is pushed to the pool until it comes back, nobody else looks at `rq`. */
struct front_work {
	struct front_job job;
	struct front_request rq;
	struct front_crowd *crowd;
	TAILQ_ENTRY(front_work) entry; /* of those of its connection that the pool has */
	struct front_h2 *h2;           /* NULL: its connection is gone */
	struct front_stream *stream;   /* NULL: its stream is gone */
	uint64_t n_held_bytes;         /* of its body */
};

TAILQ_HEAD(front_work_list, front_work);

/* on_done: on the thread of the front, when a thread is done with it. NULL: out of memory. */
struct front_work *front_work_new(struct front_crowd *crowd,
				  void (*on_done)(struct front_job *job));
/* No bytes are charged for it. */
void front_work_free(struct front_work *work);
/* n_bytes are charged for it, to its connection. */
void front_work_hold(struct front_work *work, struct front_conn *c, uint64_t n_bytes);
/* Its connection is gone: no bytes are charged for it any more. */
void front_work_let_go(struct front_work *work);
/* The connection ends: what threads serve is left to them. */
void front_work_leave_all(struct front_work_list *works, struct front_conn *c);

#endif
