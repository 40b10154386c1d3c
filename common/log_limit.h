#ifndef WEIR_COMMON_LOG_LIMIT_H
#define WEIR_COMMON_LOG_LIMIT_H
/*
 * Which messages are held back because they repeat too fast: LOG_BURST in a window of LOG_PERIOD_S.
 * Pure: time is a parameter. Not thread-safe; log.c holds its lock around it.
 */
#include <stdbool.h>
#include <stdint.h>

#define LOG_BURST 20        /* lines */
#define LOG_PERIOD_S 10     /* seconds */
#define LOG_LIMIT_SLOTS 256 /* a power of two, well above the number of messages in a program */

struct log_limit_slot {
	const void *key;   /* the message's address; NULL: free */
	uint64_t start_us; /* of the window */
	uint32_t n_passed; /* in the window */
	uint32_t n_held;   /* since the last line that passed */
};

struct log_limit {
	struct log_limit_slot slots[LOG_LIMIT_SLOTS];
};

/* May the message `key` pass now? If so, *n_heldp were held back since the last that did. */
bool log_limit_pass(struct log_limit *limit, const void *key, uint64_t now_us, uint32_t *n_heldp);

#endif
