#ifndef WEIR_NODE_INGEST_H
#define WEIR_NODE_INGEST_H
/*
 * The front of one worker: its listener and its connections. Packets go up through on_packet; their
 * fate comes back through exchange_accept and exchange_refuse.
 *
 * Answers that are ready are written once per turn of the loop (ingest_flush), all of a connection
 * in one write.
 */
#include "node/ingest/acceptors.h"
#include "node/ingest/conn_shared.h"

struct ingest {
	struct conn_shared shared;  /* with its connections */
	struct acceptors acceptors; /* 0 of them: it accepts no more */
	struct event *sweep_event;
};

/* Takes listen_fd, and tls_fd, which may be -1: there is no TLS port. */
int ingest_init(struct ingest *in, const struct conn_config *config, int listen_fd,
		int tls_fd) MUST_CHECK;
void ingest_deinit(struct ingest *in);

/* At the end of each turn of the loop. */
void ingest_flush(struct ingest *in);
/* There is somewhere to put a packet. Without that it starts by itself after a while. */
void ingest_start_accepting(struct ingest *in);
/* From now on answers close their connections. */
void ingest_drain(struct ingest *in);
/* No new connections but those that the kernel has accepted already; idle ones are closed. */
void ingest_stop_accepting(struct ingest *in);

#endif
