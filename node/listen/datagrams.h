#ifndef WEIR_NODE_DATAGRAMS_H
#define WEIR_NODE_DATAGRAMS_H
/*
 * A socket that takes messages by UDP. While the node can hold no more it is not read: the kernel
 * keeps what its buffer can take, drops the rest, and counts it.
 */
#include <sys/socket.h>

#include "node/listen/gelf_chunks.h"
#include "node/listen/listen_shared.h"

struct datagram_room;

struct datagrams {
	struct listen_shared *shared;
	enum listen_port port;
	int fd; /* owned; -1: it is closed */
	struct event *event;
	bool is_paused;
	uint32_t n_kernel_drops; /* as the kernel counted them last */
	struct gelf_chunks chunks;
	struct datagram_room *room; /* borrowed */
};

struct datagram_room *datagram_room_new(void); /* NULL: no memory */
void datagram_room_free(struct datagram_room *room);

/* Takes fd. */
int datagrams_init(struct datagrams *d, struct listen_shared *shared, enum listen_port port, int fd,
		   struct datagram_room *room) MUST_CHECK;
void datagrams_deinit(struct datagrams *d);
/* Pauses, goes on, counts what the kernel dropped. */
void datagrams_sweep(struct datagrams *d);
void datagrams_resume(struct datagrams *d);
/* Reads what has come, and closes the socket. */
void datagrams_end(struct datagrams *d);

#endif
