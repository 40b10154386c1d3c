#ifndef WEIR_REGISTRY_SPILL_STATE_H
#define WEIR_REGISTRY_SPILL_STATE_H
/*
 * How much is in the spill, and who has taken of it, for people.
 */
#include "registry/entries.h"

struct spill_consumer {
	const char *name; /* node/worker; borrowed from the reply */
	uint64_t n_taken; /* packets */
	bool is_live;
};

struct spill_state {
	uint64_t now_ms, n_packets;
	double n_messages, n_bytes;
	char oldest[SPILL_ENTRY_NAME_MAX]; /* "": there is none */
	redisReply *reply;                 /* of XINFO CONSUMERS; NULL: there is no group */
	struct spill_consumer *consumers;  /* owned */
	size_t n_consumers;
};

/* `s` is zeroed before, and released by spill_state_deinit also when this fails. As functions of
 * entries.h. */
int spill_state_read(const struct entries *spill, struct spill_state *s) MUST_CHECK;
void spill_state_deinit(struct spill_state *s);
/* How long the oldest packet has waited; there must be one. */
uint64_t spill_state_oldest_ms(const struct spill_state *s);
/* packets, messages, bytes, oldest_ms (or null). */
void spill_state_add_totals(const struct spill_state *s, cJSON *json);

#endif
