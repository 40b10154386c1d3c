#ifndef WEIR_NODE_H2_STREAMS_H
#define WEIR_NODE_H2_STREAMS_H
/*
 * The requests of a connection as streams of HTTP/2: what nghttp2 tells of them. Those that end move to the list of
 * what is to be told. No I/O.
 */
#include "node/send/h2_request.h"

struct h2_streams {
	nghttp2_session *session;
	struct h2_request_list requests; /* with a stream */
	struct h2_request_list ended;    /* to be told */
	unsigned n_requests;
	bool is_going; /* the server, or the owner, wants no more requests */
};

/* Makes the session, which its owner ends. -ENOMEM. */
int h2_streams_init(struct h2_streams *s) MUST_CHECK;
/* The connection is lost: all that is on it ends so. */
void h2_streams_lose(struct h2_streams *s);

#endif
