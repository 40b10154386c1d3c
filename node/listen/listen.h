#ifndef WEIR_NODE_LISTEN_H
#define WEIR_NODE_LISTEN_H
/*
 * The listeners of one worker that are not HTTP: syslog, GELF and the forward protocol. Each worker
 * has sockets of its own at the same addresses. Messages are gathered into packets by their source,
 * and these go the way of all packets.
 */
#include "node/ingest/acceptors.h"
#include "node/listen/datagrams.h"
#include "node/listen/listen_shared.h"

struct listen {
	struct listen_shared shared;
	struct acceptors acceptors;
	struct datagrams datagrams[LISTEN_KINDS];
	struct datagram_room *room;
	struct event *sweep_event;
	bool is_on; /* there is a listener */
};

/* Takes config->fds, also when it fails. */
int listen_init(struct listen *l, const struct listen_config *config) MUST_CHECK;
void listen_deinit(struct listen *l);

/* At the end of each turn of the loop. */
void listen_turn(struct listen *l);
void listen_start_accepting(struct listen *l);
/* No new connections; those there are end where a frame ends, and what was gathered goes out. */
void listen_stop(struct listen *l);
/* Nothing is left of it but what could be refused again. */
bool listen_is_quiet(const struct listen *l);

#endif
