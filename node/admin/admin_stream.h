#ifndef WEIR_NODE_ADMIN_STREAM_H
#define WEIR_NODE_ADMIN_STREAM_H
/*
 * Server-sent events for one reader: what happens in the pool, and the overview whenever there is a
 * new one. It has no thread, and never waits: whoever sends it asks now and then for what is new.
 */
#include "common/front/front_request.h"
#include "node/watch/watch.h"

struct admin_stream;

/* The header section goes into rq->out. NULL: out of memory. */
struct admin_stream *admin_stream_begin(struct watch *watch, struct front_request *rq,
					uint64_t now_us);
/* Appends what is new, which may be nothing. */
void admin_stream_continue(struct admin_stream *s, uint64_t now_us, struct buf *out);
void admin_stream_end(struct admin_stream *s);

/* The view as JSON: its text is whole but for its age. */
void admin_append_view(struct buf *out, const struct view *view);

#endif
