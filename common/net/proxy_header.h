#ifndef WEIR_COMMON_PROXY_HEADER_H
#define WEIR_COMMON_PROXY_HEADER_H
/*
 * The header of the PROXY protocol, version 1 (text) or 2 (binary), with which a balancer says at the
 * beginning of a connection who is behind it. Pure.
 */
#include "common/net/net.h"

enum proxy_header {
	PROXY_HEADER_NONE,    /* the bytes are no such header */
	PROXY_HEADER_PARTIAL, /* more bytes are needed */
	PROXY_HEADER_BAD,
	PROXY_HEADER_WHOLE
};

/* WHOLE: *lenp bytes are the header. *addr is the client, or as it was where the header has none. */
enum proxy_header proxy_header_read(const char *data, size_t len, size_t *lenp,
				    struct net_addr *addr) MUST_CHECK;

#endif
