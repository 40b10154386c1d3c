#ifndef WEIR_LOADGEN_CONTROL_CONFIG_H
#define WEIR_LOADGEN_CONTROL_CONFIG_H
/* What the control port is told. */
#include "common/net/net.h"
#include "loadgen/control/emitter.h"

struct control_config {
	struct net_addr addr; /* where it listens */
	const char *token;    /* that commands have to come with; NULL: none. Borrowed */
	const char *format;   /* of the packets, for /stats. Borrowed */
	struct emitter *emitter;
};

#endif
