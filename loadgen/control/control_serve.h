#ifndef WEIR_LOADGEN_CONTROL_SERVE_H
#define WEIR_LOADGEN_CONTROL_SERVE_H
/* What the control port answers. The user data of civetweb's context is its config. */
#include <civetweb.h>

#include "loadgen/control/control_config.h"

/* Callbacks of civetweb: a whole head is there; the request was not understood. */
int control_serve(struct mg_connection *conn);
int control_refuse(struct mg_connection *conn, int status, const char *detail);

#endif
