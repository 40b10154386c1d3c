#ifndef WEIR_T_UNIT_NODE_SENDING_H
#define WEIR_T_UNIT_NODE_SENDING_H
/*
 * Transfers by HTTP/1.1, plain or with TLS, to a server whose part the test plays.
 */
#include "common/tls/tls_context.h"
#include "node/send/sender_plain.h"
#include "t/unit/peer.h"
#include "t/unit/tls_relay.h"

#define SENDING_MAX 8
#define SENDING_HEADERS "Content-Type: application/json\r\nWeir-Packets: 3\r\n"

/* One transfer, with what it points to. */
struct sending {
	struct transfer transfer;
	struct sending_fixture *fixture;
	struct iovec part;
	char error[400]; /* as on_done had it */
	size_t kept_len; /* of the answer, as on_done had it */
	bool was_cut, was_long;
	unsigned n_done;
	struct sending *then; /* on_done starts it, but at the end; NULL: none */
};

struct sending_fixture {
	struct event_base *base;
	struct sender_plain *plain;
	struct peer peer;
	struct tls_context *tls; /* NULL: plain */
	struct tls_relay relay;  /* with TLS: it is before the peer */
	struct certs certs;
	char ca[256];
	bool inside_start, is_ending;
	struct sending all[SENDING_MAX];
};

int sending_setup_plain(void **state);
int sending_setup_tls(void **state);
int sending_teardown(void **state);
/* All that is under way ends. */
void sending_end(struct sending_fixture *f);

/* A POST of "[1]" to `url` (NULL: the peer's, or the relay's), to be changed before it is started. */
struct sending *sending_prepare(struct sending_fixture *f, unsigned i, const char *url);
/* 0: on_done follows. */
int sending_start(struct sending *s);
/* Prepares and starts. */
struct sending *sending_post(struct sending_fixture *f, unsigned i);
/* Until it has ended; it must be so. */
void sending_wait(struct sending *s, enum transfer_result result, int status);
/* The peer's part: it takes the connection if it has none, reads the request, answers. */
void sending_serve(struct sending_fixture *f, const char *answer);

#endif
