#ifndef WEIR_NODE_DISCOVER_WATCH_H
#define WEIR_NODE_DISCOVER_WATCH_H
/*
 * Looks at one source again and again, on a thread of its own, because name lookups and files may block.
 *
 *     PENDING --> READ <--> FAILED      a thread sets it; FAILED keeps what was read last
 *        `-------> FAILED
 */
#include "node/discover/discover_source.h"

enum watch_state { WATCH_PENDING, WATCH_READ, WATCH_FAILED };

struct discover_watch;

/* Copies the source. event_fd (an eventfd, kept by the caller until it is stopped) is written when
 * something is new. Negative errno. */
int discover_watch_start(const struct source *source, uint64_t interval_ms, int event_fd,
			 struct discover_watch **watchp) MUST_CHECK;
/* Returns at once: a lookup under way is left to itself. NULL is fine. */
void discover_watch_stop(struct discover_watch *w);

/* Where it stands. With is_news *listp is what was read, which the caller takes. */
enum watch_state discover_watch_take(struct discover_watch *w, struct target_list *listp,
				     bool *is_newsp);
const struct source *discover_watch_source(const struct discover_watch *w);

#endif
