#ifndef WEIR_ANALYZER_MEMBERSHIP_H
#define WEIR_ANALYZER_MEMBERSHIP_H
/*
 * Keeps this analyzer registered, in a thread of its own: registers, sends heartbeats with what was
 * processed, takes faults from the answers, and deregisters at the end.
 */
#include "analyzer/config.h"
#include "analyzer/fault.h"
#include "analyzer/stats.h"
#include "common/err.h"

#define MEMBERSHIP_LEAVE_MS 2000 /* deregistering takes no longer */

enum membership_state {
	MEMBER_JOINING, /* holds no lease; registers until it does */
	MEMBER_ACTIVE,  /* holds a lease, as far as it knows */
	MEMBER_TAKEN,   /* another process holds its id: the end, it must not fight its successor */
	MEMBER_LEFT,    /* deregistered, or out of time to do so: the end */
	MEMBER_STATES
};

struct membership;

/* Starts the thread. Borrows all until membership_free. `delivery_url` is copied. delivery_token: what
 * nodes are to send with deliveries; NULL: nothing. Negative errno.
 */
int membership_start(const struct config *config, const char *delivery_url,
		     const char *delivery_token, struct stats *stats, struct faults *faults,
		     struct membership **membershipp) MUST_CHECK;

/* Readable once the life has ended: MEMBER_TAKEN or MEMBER_LEFT. */
int membership_end_fd(const struct membership *m);
enum membership_state membership_state(struct membership *m);
/* Begins to deregister; returns at once. */
void membership_leave(struct membership *m);
/* After membership_leave, or at the end: waits for the thread. */
void membership_free(struct membership *m);

#endif
