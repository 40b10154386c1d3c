#ifndef WEIR_ANALYZER_MEMBERSHIP_H
#define WEIR_ANALYZER_MEMBERSHIP_H
/*
 * Keeps this analyzer registered, in a thread of its own: registers, sends heartbeats with what was
 * processed, hands on faults from the answers, and deregisters at the end.
 */
#include "analyzer/registration.h"
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

enum membership_call {
	CALL_REGISTER,
	CALL_HEARTBEAT,
	CALL_DEREGISTER,
	CALL_FAILED,
	MEMBERSHIP_CALLS
};

/* Its thread calls these. */
struct membership_hooks {
	uint64_t (*processed)(void *arg); /* messages so far, or PROCESSED_UNKNOWN; NULL: unknown */
	bool (*is_well)(
		void *arg); /* false: it waits with registering and heartbeats; NULL: always */
	void (*on_registered)(void *arg, bool is_registered); /* NULL: not wanted */
	void (*on_call)(void *arg,
			enum membership_call call);     /* what was done, or failed; or NULL */
	void (*on_fault)(void *arg, const char *fault); /* to simulate; NULL: none; or NULL */
	void *arg;
};

/* Starts the thread. Borrows the member until membership_free; copies the hooks. Negative errno. */
int membership_start(const struct member *member, const struct membership_hooks *hooks,
		     struct membership **membershipp) MUST_CHECK;

/* Readable once the life has ended: MEMBER_TAKEN or MEMBER_LEFT. */
int membership_end_fd(const struct membership *m);
enum membership_state membership_state(struct membership *m);
/* Begins to deregister; returns at once. */
void membership_leave(struct membership *m);
/* After membership_leave, or at the end: waits for the thread. */
void membership_free(struct membership *m);

#endif
