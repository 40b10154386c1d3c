#ifndef WEIR_LOADGEN_CONTROL_H
#define WEIR_LOADGEN_CONTROL_H
/*
 * The control port of the emitter, served by civetweb:
 *
 *   GET   /           the page             POST  /start     {"rate":200}, or no body
 *   GET   /stats      what it does         POST  /stop
 *   GET   /health     that it is there     POST  /generate  {"messages":10}: at once, running or not
 *                                          PATCH /rate      {"rate":200}: packets a second
 *
 * civetweb serves each connection with one of its threads, so slow clients can take all of them. No
 * packet passes here, requests end after REQUEST_MS, and connections are not kept.
 */
#include "loadgen/control/control_config.h"

struct control;

/* Serves from now on. Negative errno, the reason is logged. */
int control_start(const struct control_config *config, struct control **controlp) MUST_CHECK;
/* Waits for the requests that are being served. */
struct control *control_stop(struct control *control);
/* What it is bound to, with the real port. */
const struct net_addr *control_addr(const struct control *control);

#endif
