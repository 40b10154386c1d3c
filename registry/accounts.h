#ifndef WEIR_REGISTRY_ACCOUNTS_H
#define WEIR_REGISTRY_ACCOUNTS_H
/*
 * What became of every packet that was received. Each run of a worker keeps figures of its own
 * since its start and writes them whole into the HASH `accounts`, so that a Redis that lost some
 * has them again after the next call. Always, for each run and so for their sum, in packets and in
 * messages:
 *
 *   received + taken = delivered + spilled + dead + refused + lost + in flight
 */
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/buf.h"

enum account {
	ACCOUNT_RECEIVED,
	ACCOUNT_TAKEN, /* out of the spill */
	ACCOUNT_DELIVERED,
	ACCOUNT_SPILLED, /* put into the spill, or left there */
	ACCOUNT_DEAD,    /* refused by an analyzer as bad */
	ACCOUNT_REFUSED, /* 503 after it had been received */
	ACCOUNT_LOST,    /* acknowledged as received, and lost with the node */
	ACCOUNT_IN_FLIGHT,
	ACCOUNT_ENDED_IN_FLIGHT, /* a sum alone has it: in flight, as last told, of runs that ended
				  */
	ACCOUNTS
};

extern const char *const account_names[ACCOUNTS + 1]; /* as in JSON; NULL-terminated */

struct amount {
	double packets, messages;
};

struct accounts {
	struct amount of[ACCOUNTS];
	bool has_lost; /* once, counters or accounts were lost, so they may differ */
};

/* {"received":[packets,messages],...}, as lua/settle.lua takes it of one run: without the sums. */
void accounts_encode(const struct accounts *accounts, struct buf *out);
/* A counter as lua/roster.lua writes it: a large one is text. 0 for what is none. */
double accounts_number(const cJSON *item);
/* From {"received":[packets,messages],...}; what is not there is 0. */
void accounts_parse(struct accounts *accounts, const cJSON *json);
/* What the spill got and did not give back; below 0 where more was taken than runs had put there (a
 * replay of dead letters, a Redis that lost the accounts of runs that had ended). */
struct amount accounts_spilled(const struct accounts *accounts);
/* Received, and nobody says what became of it; 0, or somebody counts wrong. */
struct amount accounts_missing(const struct accounts *accounts);
/* {"received":{"packets","messages"},...}: without `taken`, as `spilled` is net. NULL: out of
 * memory. */
cJSON *accounts_json(const struct accounts *accounts);
/* The same in one line, without its end: "received 9 packets of 40 messages = delivered 8 of 35 +
 * ..." */
void accounts_write(const struct accounts *accounts, struct buf *out);

#endif
