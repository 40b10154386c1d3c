#ifndef WEIR_NODE_ADMIN_H
#define WEIR_NODE_ADMIN_H
/*
 * The admin port: page, API, metrics, health. An event loop reads requests and writes answers; a few
 * threads run the handlers (see common/front). Handlers read snapshots and atomics. Those that
 * change the registry, and the cluster view, call Redis on a connection of their own. What the
 * dashboard shows is the watch's.
 */
#include "node/admin/admin_api.h"

struct admin;

/* Negative errno; the reason is logged. */
int admin_start(const struct admin_config *config, struct admin **adminp) MUST_CHECK;
void admin_stop(struct admin *admin);

#endif
