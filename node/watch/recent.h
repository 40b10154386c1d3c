#ifndef WEIR_NODE_RECENT_H
#define WEIR_NODE_RECENT_H
/*
 * The last entries of the journal, the oldest first, as objects that journal.h describes. It has no
 * lock of its own.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>

#define RECENT_EVENTS 200

struct recent {
	cJSON *events; /* at most RECENT_EVENTS */
};

/* False: out of memory. */
bool recent_init(struct recent *r);
void recent_deinit(struct recent *r);
/* The name of the latest one; NULL: there is none. */
const char *recent_last(const struct recent *r);
/* Takes a list of newer ones. One that stands for several takes the place of the earlier one. */
void recent_take(struct recent *r, cJSON *list);
/* Those after the one named `after`, NULL: all; of them the last `most`. The caller's to delete. */
cJSON *recent_json(const struct recent *r, const char *after, unsigned most);

#endif
