#ifndef WEIR_NODE_ROUTER_H
#define WEIR_NODE_ROUTER_H
/*
 * Where a packet goes. One per worker; owns the ledger, the lanes and the numbered calls.
 *
 *                    leased, or Redis does not answer in time
 *   submit ------------------------------------------------------> ledger ----> lane
 *      |  exact, or a big packet                                                  ^
 *      +-----> pending --(all that came while the last call was out)--> route.lua-+
 *
 * Exact when slow: without credit, every packet is chosen on the pot in Redis. Leased when fast:
 * a worker with 4 packets per analyzer and window, or more than Redis affords to choose for, takes
 * credit, and tells Redis at the end of each window. A packet waits for Redis at most
 * redis_timeout; then it is routed here, and the unanswered call is made good when its answer comes
 * (ledger_resolve).
 */
#include "node/route/router_place.h"

int router_init(struct router *r, const struct router_config *config) MUST_CHECK;
/* After router_end_deliveries and sender_free. */
void router_deinit(struct router *r);

/* Takes a reference of its own. */
void router_set_roster(struct router *r, struct roster *roster);
/* Takes the packet; it comes back through one of the callbacks. */
void router_submit(struct router *r, struct packet *p);
/* The same for a suspect (suspicion.h). False, and it is not taken: no analyzer is known to serve others. */
bool router_submit_suspect(struct router *r, struct packet *p);
/* At the end of each turn of the loop. */
void router_turn(struct router *r);
/* Registered, whatever their state. */
unsigned router_n_analyzers(const struct router *r);
/* Somebody could take a packet now. */
bool router_can_place(const struct router *r);
unsigned router_n_packets(const struct router *r);

/* The node ends: nobody can take a packet any more. Those that wait here go to on_unplaced; those under way do when
 * the sender is freed, which is due now. */
void router_end_deliveries(struct router *r);
/* Settles for the last time; router_has_left when Redis knows. */
void router_leave(struct router *r);
bool router_has_left(const struct router *r);

#endif
