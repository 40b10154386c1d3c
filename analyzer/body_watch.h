#ifndef WEIR_ANALYZER_BODY_WATCH_H
#define WEIR_ANALYZER_BODY_WATCH_H
/*
 * Breaks off deliveries whose bodies come too slowly. civetweb waits for each body on one of its
 * threads, and begins anew to wait with every byte, so that as many slow clients as it has threads
 * would shut everybody out.
 *
 * A body has BODY_WATCH_MAX_MS in all. Where more than half of the threads read bodies, the oldest
 * of those that have lasted BODY_WATCH_SLOW_MS are broken off until it is half of them again.
 */
#include <stdint.h>

#include "common/err.h"

#define BODY_WATCH_MAX_MS 30000
#define BODY_WATCH_SLOW_MS 300

struct body_watch;

int body_watch_start(unsigned n_threads, struct body_watch **watchp) MUST_CHECK;
void body_watch_stop(struct body_watch *watch);

/* The descriptor of the connection from that address and port; -1: not found. civetweb does not tell
 * it. */
int body_watch_find(const struct body_watch *watch, const char *address, int port);
/* Between these the body on that connection is waited for. fd -1: it is not watched. The connection is
 * not closed before the second. */
void body_watch_begin(struct body_watch *watch, int fd);
void body_watch_end(struct body_watch *watch, int fd);

#endif
