#ifndef WEIR_COMMON_TLS_LOAD_H
#define WEIR_COMMON_TLS_LOAD_H
/*
 * Files become contexts of OpenSSL, one for each certificate.
 */
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <time.h>

#include "common/tls/tls_config.h"

#define TLS_E_FILE 1    /* a file is missing, broken, or does not belong to another */
#define TLS_E_EXPIRED 2 /* a certificate of our own is, or is not valid yet */

/* The application's data of a connection that agrees on no protocol. */
#define TLS_NO_ALPN ((void *)1)

struct tls_set {
	_Atomic unsigned n_refs;
	_Atomic unsigned n_in_pieces; /* clients whose ClientHello has come in part */
	unsigned n;
	SSL_CTX *contexts
		[TLS_MAX_CERTS];    /* [0] always; a client without a certificate has it, too */
	X509 *certs[TLS_MAX_CERTS]; /* borrowed from the contexts; NULL: none */
	const char *alpn;           /* borrowed from the config */
	time_t expires;       /* Unix time at which the first of the certificates ends; 0: none */
	const char *expiring; /* its file, borrowed from the config; NULL: none */
};

/*
 * 0; -ENOMEM; or TLS_E_FILE, and `why` names the file and what to do. With TLS_E_EXPIRED,
 * `why` does so, too, and *setp has a set all the same, for whoever has no better one.
 */
int tls_load(const struct tls_config *config, time_t now, struct tls_set **setp,
	     char why[TLS_WHY_SIZE]) MUST_CHECK;
struct tls_set *tls_set_ref(struct tls_set *set);
void tls_set_unref(struct tls_set *set);

#endif
