#ifndef WEIR_ANALYZER_OUTBOX_H
#define WEIR_ANALYZER_OUTBOX_H
/*
 * Messages on disk that wait for a sink which cannot acknowledge: a database of SQLite in WAL mode, with a
 * row a message, in the order in which they came. What was put is there after a crash of the process; a
 * power cut may take the last moments. One process at a time has it. Any thread.
 */
#include <stdint.h>

#include "analyzer/sink/items.h"
#include "common/err.h"

#define OUTBOX_E_FULL 4  /* as SINK_E_FULL: there is no room for all of them */
#define OUTBOX_E_OTHER 5 /* it holds messages that were written for another kind of sink */

struct outbox;

/* form: what the rows are, a number above 0. Negative errno (-EBUSY: another process has it), or
 * OUTBOX_E_OTHER; logged. */
int outbox_open(const char *path, uint64_t max_bytes, int form, struct outbox **outboxp) MUST_CHECK;
void outbox_close(struct outbox *outbox);

/* All of the items or none. */
int outbox_put(struct outbox *outbox, const struct items *items) MUST_CHECK;
/* Replaces items by the next ones behind `after`, up to n. *lastp: the last one's number. */
int outbox_get(struct outbox *outbox, int64_t after, size_t n, struct items *items,
	       int64_t *lastp) MUST_CHECK;
/* Those up to this number are no longer needed. */
int outbox_remove(struct outbox *outbox, int64_t last) MUST_CHECK;

uint64_t outbox_messages(struct outbox *outbox);
uint64_t outbox_bytes(struct outbox *outbox);

#endif
