#ifndef WEIR_NODE_NODE_H
#define WEIR_NODE_NODE_H
/*
 * A node as a whole: builds its parts in order, waits for signals, ends in the order that loses
 * nothing.
 */
#include "node/config.h"

struct node;

/* 0, or the reason is logged. */
int node_new(const struct node_config *config, struct node **nodep) MUST_CHECK;

/*
 * Serves until SIGTERM or SIGINT, which must be blocked in all threads; then:
 *
 *   unready -> drain-delay, still serving -> no new connections -> what is in flight ends
 *           -> settle -> leave
 *
 * On SIGHUP, blocked as well, `reload` reads the configuration again; true: the node takes from it what
 * it keeps in another form. Returns the exit status: 0, or 1 if a second signal cut it short.
 */
int node_run(struct node *node, bool (*reload)(void));

#endif
