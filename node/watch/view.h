#ifndef WEIR_NODE_VIEW_H
#define WEIR_NODE_VIEW_H
/*
 * What was seen of the pool at one time, for any number of readers: immutable, reference counted.
 */
#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

struct view {
	_Atomic unsigned n_refs;
	uint64_t made_us; /* monotonic */
	uint64_t seen_us; /* when the pool was last seen so */
	/* The overview as JSON without its last '}', fit for terminals: this is looked for once, however
	 * many read it. */
	struct buf text;
};

/* Takes json, the overview. NULL: out of memory. */
struct view *view_new(cJSON *json, uint64_t seen_us);
struct view *view_ref(struct view *view); /* NULL is fine, as below */
void view_unref(struct view *view);
DEFINE_CLEANUP(struct view, view_unref)

#endif
