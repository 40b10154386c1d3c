#ifndef WEIR_NODE_CONN_IO_H
#define WEIR_NODE_CONN_IO_H
/*
 * Bytes of a connection: those of its socket, or of TLS on it.
 */
#include <unistd.h>

#include "common/tls/tls_stream.h"
#include "node/ingest/conn_state.h"

/* As read and write. */
static inline ssize_t conn_io_read(struct conn *c, void *to, size_t size)
{
	return c->tls ? tls_stream_read(c->tls, to, size) : read(c->fd, to, size);
}

static inline ssize_t conn_io_write(struct conn *c, const void *from, size_t len)
{
	return c->tls ? tls_stream_write(c->tls, from, len) : write(c->fd, from, len);
}

#endif
