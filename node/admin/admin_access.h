#ifndef WEIR_NODE_ADMIN_ACCESS_H
#define WEIR_NODE_ADMIN_ACCESS_H
/*
 * Who may do what at the admin port. Tokens come in the Authorization header, never in a URL or a
 * cookie, so no page of another site can make a browser send one. Where no token is needed, the name
 * by which the port is called must be known: a page may give a name of its own our address.
 */
#include "common/front/front_request.h"
#include "common/http/token_guard.h"
#include "node/config.h"

/* Whose token opens a route. The admin token opens all of them; no token is needed where none is
 * set. */
enum access {
	ACCESS_OPEN,     /* nobody's: health, what has no data */
	ACCESS_READ,     /* the admin's or an analyzer's, with admin-read=token */
	ACCESS_REGISTER, /* an analyzer's */
	ACCESS_ADMIN,
	ACCESSES
};

struct admin_access {
	const struct node_config *config;    /* borrowed */
	struct token_guard guards[ACCESSES]; /* apart: who has one token may not guess another */
};

void admin_access_init(struct admin_access *a, const struct node_config *config);
void admin_access_deinit(struct admin_access *a);

/* 0: go on. Else the request is answered with that status: 401, 429, or 403 for a change that a
 * page of another origin asks for. */
int admin_access_check(struct admin_access *a, struct front_request *rq,
		       enum access access) MUST_CHECK;
/* Without an admin token, and unless it is to be insecure, loopback alone remains of the address. */
void admin_access_fit(const struct node_config *config, struct net_addr *addr);
/* Whoever reaches this address may change things: a warning. */
void admin_access_warn(const struct node_config *config, const struct net_addr *addr);

#endif
