#ifndef WEIR_NODE_FAILURES_H
#define WEIR_NODE_FAILURES_H
/*
 * What last went wrong with each analyzer, in words, for people: workers and probes write it, the
 * node's report reads it. A writer that would have to wait leaves its note out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "node/send/transfer.h"

#define FAILURES_SLOTS 1024
#define FAILURE_TEXT_SIZE 96

struct failure {
	uint64_t at_ms; /* wall clock; 0: nothing went wrong yet */
	char text[FAILURE_TEXT_SIZE];
};

struct failures {
	pthread_mutex_t lock;
	struct failure of[FAILURES_SLOTS]; /* by slot, as is the next */
	_Atomic uint64_t
		checked_ms[FAILURES_SLOTS]; /* wall clock: the last health probe; 0: none */
};

void failures_init(struct failures *f);
void failures_deinit(struct failures *f);

/* A request ended like this: status 0: there was none, and error says why. */
void failures_note(struct failures *f, unsigned slot, int status, const char *error);
/* The same, of a transfer: a call of gRPC ended with words, which tell more than a status. */
void failures_note_transfer(struct failures *f, unsigned slot, const struct transfer *t);
/* Another analyzer has the slot now. */
void failures_forget(struct failures *f, unsigned slot);
struct failure failures_of(struct failures *f, unsigned slot);

#endif
