#ifndef WEIR_NODE_LISTEN_PORT_H
#define WEIR_NODE_LISTEN_PORT_H
/* The sockets that take messages without HTTP, and why messages are dropped at them: for metrics. */
#include <stdbool.h>

#include "common/format/format.h"

/* What an operator gives an address to. */
enum listen_kind { LISTEN_SYSLOG, LISTEN_GELF, LISTEN_FORWARD, LISTEN_KINDS };

/* Of each kind one over UDP, and one over TCP, at the same address. */
enum listen_port {
	LISTEN_SYSLOG_UDP,
	LISTEN_SYSLOG_TCP,
	LISTEN_GELF_UDP,
	LISTEN_GELF_TCP,
	LISTEN_FORWARD_UDP, /* heartbeats alone */
	LISTEN_FORWARD_TCP,
	LISTEN_SYSLOG_TLS, /* over TCP, at an address of its own, as the next two */
	LISTEN_GELF_TLS,
	LISTEN_FORWARD_TLS,
	LISTEN_PORTS
};
extern const char *const listen_port_names[LISTEN_PORTS]; /* "syslog-udp" */

enum listen_drop {
	LISTEN_DROP_KERNEL,     /* datagrams that found the socket's buffer full */
	LISTEN_DROP_QUEUE_FULL, /* datagrams that came while the node could hold no more */
	LISTEN_DROP_TOO_LONG,   /* longer than max-body */
	LISTEN_DROP_BAD_FORMAT,
	LISTEN_DROP_BAD_ENCODING, /* compressed, and broken */
	LISTEN_DROP_EXPANDS,      /* a bomb */
	LISTEN_DROP_BAD_CHUNK,    /* no chunk of GELF can look like this */
	LISTEN_DROP_NO_CHUNK,     /* a message whose other chunks did not come in time */
	LISTEN_DROP_INCOMPLETE,   /* the connection ended before the message did */
	LISTEN_DROP_UNAUTHORIZED, /* no proof of the shared key came first */
	LISTEN_DROP_STOPPED,      /* the node ended, and nobody would take it */
	LISTEN_DROPS
};
extern const char *const listen_drop_names[LISTEN_DROPS];

static inline enum listen_port listen_port_of(enum listen_kind kind, bool is_tcp)
{
	return (enum listen_port)(2 * kind + is_tcp);
}

static inline enum listen_port listen_port_of_tls(enum listen_kind kind)
{
	return (enum listen_port)(LISTEN_SYSLOG_TLS + kind);
}

static inline bool listen_port_is_tls(enum listen_port port)
{
	return port >= LISTEN_SYSLOG_TLS;
}

static inline enum listen_kind listen_port_kind(enum listen_port port)
{
	return (enum listen_kind)(listen_port_is_tls(port) ? port - LISTEN_SYSLOG_TLS : port / 2);
}

enum format_id listen_port_format(enum listen_port port);
/* Of the requests that its messages could have come in. */
const char *listen_port_path(enum listen_port port);

#endif
