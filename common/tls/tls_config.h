#ifndef WEIR_COMMON_TLS_CONFIG_H
#define WEIR_COMMON_TLS_CONFIG_H
/*
 * What TLS is made of: files, and what is asked of the other side.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define TLS_MAX_CERTS 32
#define TLS_WHY_SIZE 512

enum tls_role { TLS_SERVER, TLS_CLIENT };
enum tls_min { TLS_MIN_1_2, TLS_MIN_1_3, TLS_MINS };
extern const char *const tls_min_names[TLS_MINS + 1]; /* "1.2", "1.3", NULL */

/* What a server asks of its clients, where it has `ca`. */
enum tls_verify { TLS_VERIFY_REQUIRED, TLS_VERIFY_OPTIONAL, TLS_VERIFIES };
extern const char *const tls_verify_names[TLS_VERIFIES + 1];

/* All texts are borrowed. Files are PEM. */
struct tls_config {
	enum tls_role role;
	/* Chains, the leaf first. A server with several chooses by the name that its client asks
	 * for; the first is for whoever asks for none of them. A client has at most one. */
	const char *const *certs;
	size_t n_certs;
	/* keys[i] is for certs[i]. Fewer: the file of the certificate has its key, too. */
	const char *const *keys;
	size_t n_keys;
	const char *password_file; /* of encrypted keys; NULL: none is */
	/* Authorities. A server asks its clients for certificates where it has them; a client
	 * without them believes those of the system. NULL: none. */
	const char *ca;
	const char *crl; /* revoked certificates of the other side; NULL: none are */
	enum tls_verify verify;
	enum tls_min min;
	/* The protocols of a server, "h2,http/1.1", the one that it likes best first; or those of a
	 * client. NULL: none is named. */
	const char *alpn;
};

#endif
