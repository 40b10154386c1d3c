#ifndef WEIR_REGISTRY_HISTORY_STORE_H
#define WEIR_REGISTRY_HISTORY_STORE_H
/*
 * What one node keeps of its history in Redis, as text, so that weirctl has the same windows as a
 * node: the samples at which they begin, and the last one.
 *
 *   {"shares":[...], "changed":when they became so, "former":[[routed,packets],...],                              by slot
 *    "samples":[{"at","routed","packets","gone","spill","dead","refused","of":[[routed,due,packets],...]}]}
 */
#include "registry/history.h"

#define HISTORY_STORE_FIELD "history" /* of the HASH `past` */

/* The caller's to free; NULL: out of memory. There must be a sample. */
char *history_store_text(const struct history *h);
/* Into a history that was initialized, and is empty. Its times are those of Redis then, so the next
 * roster is to be pushed at its now_ms. What is no such text leaves it empty. -ENOMEM. */
int history_store_read(const char *text, struct history *h) MUST_CHECK;

#endif
