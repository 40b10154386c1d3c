#ifndef WEIR_NODE_WATCH_H
#define WEIR_NODE_WATCH_H
/*
 * Watches the whole pool for those who want to see it: a thread that reads it from Redis each
 * second while somebody looks. Else it reads only what a history and the metrics need, every ten
 * seconds, or so rarely that all nodes together take a hundredth of Redis' time for it. New shares
 * come from the control thread, as of when they changed, so that what was due is right.
 *
 *   roster.lua, report, journal --> history --> overview, as text --> any number of readers
 *
 * However many look, Redis is asked once. It is no part of routing.
 */
#include "node/shared.h"
#include "node/watch/past.h"
#include "node/watch/recent.h"
#include "node/watch/view.h"

struct watch;

/* Borrows shared. The thread starts at once. */
int watch_new(struct node_shared *shared, struct watch **watchp) MUST_CHECK;
/* No reader may be in any of these functions. */
void watch_free(struct watch *w);
/* There are new shares, as of now. From any thread. */
void watch_tell(struct watch *w, struct roster *roster);
/* What the node reports of itself, each second, also while Redis is away. From any thread. */
void watch_hear(struct watch *w, const char *report);
/* Whoever waits in watch_view returns now, and later at once. */
void watch_stop(struct watch *w);

/* A reference to what was last seen, at most about a second ago if Redis answers; NULL: nothing was
 * ever seen. */
struct view *watch_view(struct watch *w);
/* The same without waiting: as it is, maybe old; the thread looks again for whoever asks. */
struct view *watch_latest(struct watch *w);
/* The pool as it was last seen, when that was (monotonic), without asking for more; it may lack
 * accounts. A reference; NULL: never. */
struct roster *watch_roster(struct watch *w, uint64_t *seen_usp);

/* GET /v1/history; the caller's to delete. NULL: nothing was ever seen, or no memory. */
cJSON *watch_history_json(struct watch *w, enum past_range range);

/* Events of the journal after the one named `after`, NULL: of all there are; the last `most` of
 * them, the oldest first. An array of objects as journal.h has them; the caller's to delete. */
cJSON *watch_events_json(struct watch *w, const char *after, unsigned most);

#endif
