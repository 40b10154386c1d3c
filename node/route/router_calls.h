#ifndef WEIR_NODE_ROUTER_CALLS_H
#define WEIR_NODE_ROUTER_CALLS_H
/*
 * The part of the router that talks with Redis: packets that wait for it, its answers, the windows.
 */
#include "node/route/router_place.h"

void router_start_calls(struct router *r);
bool router_is_big(const struct router *r, const struct packet *p);
/* A packet came: its window counts it. */
void router_count(struct router *r, const struct packet *p, bool is_big);
/* Takes the packet, which waits for Redis to choose, but no longer than redis_timeout. */
void router_wait(struct router *r, struct packet *p);
/* What waits for Redis is routed here at once. */
void router_wait_no_longer(struct router *r);
/* Starts the call that is due, if any. */
void router_call(struct router *r);

void router_on_answer(void *arg, enum settler_call call, const struct settlement_answer *answer);
void router_on_up(void *arg, bool up);
void router_write_not_now(void *arg, struct buf *out);
void router_write_unreachable(void *arg, struct buf *out);
void router_write_slow(void *arg, struct buf *out);
void router_on_tick(evutil_socket_t fd, short what, void *arg);
void router_on_deadline(evutil_socket_t fd, short what, void *arg);
void router_on_pause(evutil_socket_t fd, short what, void *arg);

#endif
