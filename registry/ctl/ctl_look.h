#ifndef WEIR_REGISTRY_CTL_LOOK_H
#define WEIR_REGISTRY_CTL_LOOK_H
/*
 * The pool as one look finds it: read from Redis, or told by a node (--admin). Both give the same.
 *
 *   Redis: roster, reports, journal, history --> overview.h --+
 *   a node: GET /v1/overview ---------------------------------+--> ctl_look --> status, top, verify
 */
#include "registry/ctl/ctl.h"
#include "registry/roster.h"

#define CTL_WHY_SIZE 320

struct ctl_look {
	struct roster *roster; /* owned */
	cJSON *overview;       /* owned; as GET /v1/overview answers */
	bool is_own;           /* Redis is away or refuses, so these are figures of one node */
};

#define CTL_LOOK_E_NODE 40 /* no answer of a node that could be read */

/* 0, CTL_LOOK_E_NODE, or what membership_roster returns. Not 0: `why` says what is wrong, in a few
 * words, and there is nothing to release. */
int ctl_look(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE]) MUST_CHECK;
/* The same; what goes wrong is told. */
enum ctl_exit ctl_look_or_tell(struct ctl *ctl, struct ctl_look *look) MUST_CHECK;
void ctl_look_deinit(struct ctl_look *look);

/* The two ways. */
int ctl_look_at_redis(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE]) MUST_CHECK;
int ctl_look_at_node(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE]) MUST_CHECK;

#endif
