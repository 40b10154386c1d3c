#ifndef WEIR_BENCH_TALLY_H
#define WEIR_BENCH_TALLY_H
/*
 * What a body held: one packet, or a batch of them as a node delivers it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct tally {
	uint64_t packets, messages;
};

/* Adds what is in the body; false: it is neither, and nothing was added. */
bool tally_add(struct tally *t, const char *body, size_t len) MUST_CHECK;

#endif
