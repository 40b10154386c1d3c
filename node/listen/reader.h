#ifndef WEIR_NODE_READER_H
#define WEIR_NODE_READER_H
/* What each listener makes of what it reads. */
#include "node/listen/gelf_chunks.h"
#include "node/listen/stream.h"

const struct stream_reader *reader_of(enum listen_port port);

extern const struct stream_reader reader_syslog, reader_gelf, reader_forward;

/* One datagram, whole. */
void reader_syslog_datagram(struct listen_shared *s, const struct net_addr *peer, const char *data,
			    size_t len);
/* The same, or a chunk of one. */
void reader_gelf_datagram(struct listen_shared *s, struct gelf_chunks *chunks,
			  const struct net_addr *peer, const char *data, size_t len);

#endif
