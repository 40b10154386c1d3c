#ifndef WEIR_REGISTRY_CLAIM_H
#define WEIR_REGISTRY_CLAIM_H
/*
 * The claim of a node's id, made once when it starts (lua/claim.lua). A node id belongs to one process, as
 * the records of its workers in Redis are found by it.
 */
#include "registry/redis/client.h"
#include "registry/roster.h"

#define CLAIM_E_IN_USE 100 /* another process has the id; the answer says which */
#define CLAIM_E_ANSWER 101 /* the answer makes no sense */
#define CLAIM_E_NEWER 102  /* a newer program wrote the registry */
#define CLAIM_RUN_SIZE 9   /* the first 8 digits of a token, and NUL */
#define CLAIM_INFO_MAX 1024

struct claim {
	const char *worker; /* node/0 */
	const char *token;  /* of the run that claims it */
	uint32_t lease_ms;
	const char *info;  /* JSON, see registry/identity.h */
	const char *ended; /* run of a process that is known to have ended; "" = none */
};

/* CLAIM_E_IN_USE: who has it. CLAIM_E_NEWER: only the layout. */
struct claim_holder {
	int64_t layout;   /* of the registry */
	int64_t lease_ms; /* left */
	char run[CLAIM_RUN_SIZE];
	char info[CLAIM_INFO_MAX]; /* JSON; "{}" where it does not fit */
};

/* 0, CLAIM_E_*, CLIENT_E_* or -ENOMEM. */
int claim_make(struct client *client, const struct claim *claim,
	       struct claim_holder *holder) MUST_CHECK;

#endif
