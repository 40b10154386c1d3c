#ifndef WEIR_T_UNIT_TLS_RELAY_H
#define WEIR_T_UNIT_TLS_RELAY_H
/*
 * TLS in front of a plain server whose part a test plays, on the loop of what is tested. It accepts, connects to
 * the server, greets the client, and hands bytes on both ways; so it does with closes and resets.
 */
#include <event2/event.h>
#include <openssl/ssl.h>

#include "common/net/net.h"
#include "t/unit/certs.h"

#define TLS_RELAY_CONNS 16

struct tls_relay_conn;

struct tls_relay {
	struct event_base *base; /* borrowed */
	struct net_addr to;      /* the server */
	struct event *listening;
	int listen_fd;
	char https_url[64], grpcs_url[64]; /* https://127.0.0.1:port/in, grpcs://127.0.0.1:port */
	SSL_CTX *context;
	const char *protocol; /* that it agrees to; NULL: none */
	unsigned n_accepted;
	int alert; /* the client's last one, as in RFC 5246, 7.2 */
	struct tls_relay_conn *conns[TLS_RELAY_CONNS]; /* NULL: closed */
};

/* Its certificate is NAME.pem. */
void tls_relay_init(struct tls_relay *r, struct event_base *base, const struct net_addr *to,
		    const struct certs *certs, const char *name);
void tls_relay_deinit(struct tls_relay *r);
/* Clients must have a certificate. */
void tls_relay_ask(struct tls_relay *r, const struct certs *certs);
/* Connections from now on are of TLS 1.2. */
void tls_relay_age(struct tls_relay *r);
/* Greets the clients of all connections anew: TLS 1.2 by a renegotiation, TLS 1.3 by other keys. */
void tls_relay_greet_again(struct tls_relay *r);
/* Says something that is no TLS on all connections. */
void tls_relay_spoil(struct tls_relay *r);

#endif
