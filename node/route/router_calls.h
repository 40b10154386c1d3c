#ifndef WEIR_NODE_ROUTER_CALLS_H
#define WEIR_NODE_ROUTER_CALLS_H
/*
 * What router.c and router_calls.c know of each other; nobody else includes it.
 */
#include "node/route/router.h"

/* ---- router.c: one packet ---- */

/* Takes the packet: to the lane of `slot`, or to nobody (-1). */
void router_place(struct router *r, int slot, struct packet *p);
/* Chosen on the own credit. */
void router_route_here(struct router *r, struct packet *p);
/* It has its accrual already, from Redis or from here, and was refunded. False: nobody can take it.
 */
bool router_route_again(struct router *r, struct packet *p);

/* ---- router_calls.c: Redis ---- */

void router_start_calls(struct router *r);
/* Redis does not answer, or not in time. */
bool router_is_away(const struct router *r);
bool router_is_big(const struct router *r, const struct packet *p);
/* A packet came: its window counts it. */
void router_count(struct router *r, const struct packet *p);
/* Takes the packet, which waits for Redis to choose, but no longer than redis_timeout. */
void router_wait(struct router *r, struct packet *p);
/* Starts the call that is due, if any. */
void router_call(struct router *r);

void router_on_answer(void *arg, enum settler_call call, const struct settlement_answer *answer);
void router_on_up(void *arg, bool up);
void router_on_tick(evutil_socket_t fd, short what, void *arg);
void router_on_deadline(evutil_socket_t fd, short what, void *arg);
void router_on_pause(evutil_socket_t fd, short what, void *arg);

#endif
