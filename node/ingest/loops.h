#ifndef WEIR_NODE_LOOPS_H
#define WEIR_NODE_LOOPS_H
/*
 * Whether a packet that a node delivers has been here before. Deliveries say which pools it has been
 * in, as Weir-Pool: "edge/0badcafe, default/5e1f0a3b", the latest last. The mark behind a pool is that
 * of the process, because pools of different Redis servers may have one name. Pure.
 */
#include "common/http/http.h"
#include "node/http/refusal.h"
#include "registry/roster.h"

#define LOOPS_MAX_HOPS 8
#define LOOPS_MAX_VIA 1024 /* bytes of Weir-Pool: more than that many pools need */

struct loops {
	const char *pool, *node_id, *mark; /* own; borrowed */
	struct roster *roster;             /* a reference; NULL: none yet */
};

void loops_deinit(struct loops *l);
/* Takes a reference of its own. */
void loops_set_roster(struct loops *l, struct roster *roster);
/* REFUSAL_NONE: it may come in. *n_hopsp: deliveries between nodes so far. */
enum refusal loops_judge(const struct loops *l, const struct http_head *head, unsigned *n_hopsp);

#endif
