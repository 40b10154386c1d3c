#ifndef WEIR_REGISTRY_MEMBERSHIP_H
#define WEIR_REGISTRY_MEMBERSHIP_H
/*
 * Analyzers join, beat, leave and are changed: the sync scripts with types.
 * Every function returns 0, a MEMBERSHIP_E_*, CLIENT_E_AWAY, CLIENT_E_REPLY or a negative errno.
 */
#include "registry/keys.h"
#include "registry/redis/client.h"
#include "registry/roster.h"

#define MEMBERSHIP_E_UNKNOWN 11 /* the registry does not know this analyzer */
#define MEMBERSHIP_E_TAKEN 12   /* another instance owns the id */
#define MEMBERSHIP_E_FULL 13    /* ROSTER_MAX_SLOTS are taken */
#define MEMBERSHIP_E_ANSWER 14  /* an answer that the script does not give */
#define MEMBERSHIP_E_CHANGED 15 /* it has another revision than those that were asked for */

#define MEMBERSHIP_E_IN_USE 16 /* another instance has the id, its lease runs, it lives elsewhere */

#define MEMBERSHIP_TTL_MIN_MS 500
#define MEMBERSHIP_TTL_MAX_MS 600000
#define MEMBERSHIP_TTL_DEFAULT_MS 10000

struct registration {
	const char *id, *url, *instance;
	const char *info; /* JSON object: accepts, max_batch_packets, max_batch_bytes,
			     slow_start_ms, version, delivery_token, headers, encoding, source, spec */
	double weight;
	int64_t ttl_ms;
	bool spares_others; /* MEMBERSHIP_E_IN_USE rather than replace one that lives elsewhere */
	const char *by;     /* who does it, for the journal; NULL: not said */
};

/* Why an id, url, weight, token cannot be: one sentence; NULL: they can. */
const char *membership_check_id(const char *id);
const char *membership_check_url(const char *url);
const char *membership_check_weight(double weight);
const char *membership_check_token(const char *delivery_token);

/* The call that registers it, for a link. `args` borrows from reg. */
void membership_register_args(const struct registration *reg, struct script_args *args);
/* *createdp: it was not there, or its lease had run out. With MEMBERSHIP_E_FULL *epochp is how many ms
 * it takes at most until a slot is free. */
int membership_register(struct client *c, const struct registration *reg, bool *createdp,
			uint64_t *epochp) MUST_CHECK;
/* processed < 0: not said. `fault` gets "" or the fault to simulate. */
int membership_renew(struct client *c, const char *id, const char *instance, int64_t processed,
		     uint64_t *epochp, char fault[FAULT_TEXT_MAX + 1]) MUST_CHECK;
/* An operator removes it. by: as in a registration. */
int membership_remove(struct client *c, const char *id, const char *by,
		      uint64_t *epochp) MUST_CHECK;
/* The call that removes one whose lease ended silent_ms ago. */
void membership_forget_args(const char *id, int64_t silent_ms, struct script_args *args);
int membership_deregister(struct client *c, const char *id, const char *instance, int64_t processed,
			  uint64_t *epochp) MUST_CHECK;

/* What is to be changed; NULL pointers stay as they are. */
struct membership_change {
	const double *weight;
	const enum analyzer_state *state;
	const char *fault;        /* "" = none */
	const char *if_revisions; /* "3,17": only if it has one of these now */
	const char *by;           /* as in a registration */
};
/* *revisionp (or NULL): what it has now, also with MEMBERSHIP_E_CHANGED. */
int membership_set(struct client *c, const char *id, const struct membership_change *change,
		   uint64_t *epochp, uint64_t *revisionp) MUST_CHECK;
int membership_roster(struct client *c, struct roster **rosterp) MUST_CHECK;
/* Without the accounts, which cost by far the most where there are many nodes. */
int membership_roster_brief(struct client *c, struct roster **rosterp) MUST_CHECK;

/* The call that brings one analyzer of a roster back to a Redis that has lost it. `args` borrows
 * from a. */
void membership_restore_args(const struct analyzer *a, uint64_t epoch_floor,
			     struct script_args *args);
/* If the registry is behind `known`, it has lost data: brings back all whose leases were alive. */
int membership_restore(struct client *c, const struct registry_keys *keys,
		       const struct roster *known) MUST_CHECK;

#endif
