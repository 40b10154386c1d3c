#ifndef WEIR_COMMON_NET_URL_H
#define WEIR_COMMON_NET_URL_H
/* The URLs of servers: what is spoken there, the host, the port, the path. Pure. */
#include "common/net/net_authority.h"

/* What is spoken to the host of a URL. */
enum net_scheme {
	NET_HTTP,
	NET_HTTPS, /* HTTP/1.1 or HTTP/2, as the handshake agrees */
	NET_H2C,   /* HTTP/2 without TLS, which the other side is known to speak */
	NET_GRPC,
	NET_GRPCS,
	NET_SCHEMES
};

/* A parsed URL. */
struct net_url {
	char host[NET_HOST_SIZE]; /* without brackets */
	uint16_t port;            /* 80 / 443 where none is given; of gRPC 4317, as OTLP has it */
	bool tls;                 /* https, grpcs */
	enum net_scheme scheme;
	char path[1024]; /* "/..." with the query; "/" where none is given */
};
/* NET_E_SYNTAX: not http(s)://host[:port][/path], or with user@ */
int net_url_parse(struct net_url *url, const char *text) MUST_CHECK;
/* The URL of an analyzer, which has any of the schemes. One of gRPC has no path: a call has its own. */
int net_url_parse_analyzer(struct net_url *url, const char *text) MUST_CHECK;
/* The scheme that the text begins with, and what is behind its "://". NET_SCHEMES: none of these. */
enum net_scheme net_url_scheme(const char *text, const char **behindp);
/* Calls of gRPC go there. */
bool net_url_is_called(const char *text);
/* "http" */
const char *net_scheme_name(enum net_scheme scheme);

#endif
