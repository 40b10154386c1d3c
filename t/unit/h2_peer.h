#ifndef WEIR_T_UNIT_H2_PEER_H
#define WEIR_T_UNIT_H2_PEER_H
/*
 * A server of HTTP/2 without TLS, by nghttp2, on the loop of what is tested. It answers each request as the
 * test says, also rudely.
 */
#include <event2/event.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/net/net.h"

#define H2_PEER_STREAMS 128
#define H2_PEER_CONNS 8

struct h2_answer {
	const char *status; /* "200"; NULL: the stream is reset */
	const char *fields; /* "name: value\n" of the header section; NULL: none */
	const char *body;   /* NULL: none */
	size_t body_len;
	const char *trailers; /* as fields; NULL: none */
	bool is_endless;      /* the trailers have no end */
};

struct h2_peer_conn;

struct h2_peer {
	struct event_base *base; /* borrowed */
	struct event *listening;
	int listen_fd;
	char h2c_url[64], grpc_url[64]; /* h2c://127.0.0.1:port/in, grpc://127.0.0.1:port */
	struct h2_answer answer;
	uint32_t max_streams; /* that it allows on a connection */
	int32_t window_bytes; /* of a connection, and of each stream; 0: as the protocol has it */
	bool is_holding;      /* requests are answered by h2_peer_release */
	unsigned n_conns, n_requests, n_open, n_open_most;
	struct buf head, body; /* of the last request: "name: value\n" */
	struct h2_peer_conn *conns[H2_PEER_CONNS];
};

void h2_peer_init(struct h2_peer *p, struct event_base *base);
void h2_peer_deinit(struct h2_peer *p);
void h2_peer_release(struct h2_peer *p);
/* Allows max_streams on each connection that it has. */
void h2_peer_allow(struct h2_peer *p, uint32_t max_streams);
/* Closes all connections. */
void h2_peer_hang_up(struct h2_peer *p);
/* It reads and says nothing any more on the connections that it has, and tells nobody. New ones are served. */
void h2_peer_vanish(struct h2_peer *p);
/* Whether the client has closed the connection that came as the i-th, from 0. */
bool h2_peer_is_left(const struct h2_peer *p, unsigned i);
/* Whether the last request had this field. */
bool h2_peer_has(struct h2_peer *p, const char *line);

#endif
