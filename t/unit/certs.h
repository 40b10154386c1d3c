#ifndef WEIR_T_UNIT_CERTS_H
#define WEIR_T_UNIT_CERTS_H
/*
 * Certificates that a test makes, in a folder of its own below TMPDIR. Its functions fail the running
 * test where something does not work.
 */
#include <openssl/x509.h>
#include <stdbool.h>

#define CERTS_DAY_S 86400

struct certs {
	char folder[128];
	EVP_PKEY *ca_key;
	X509 *ca;    /* also in FOLDER/ca.pem */
	long n_made; /* the serial of the last one */
};

struct cert_spec {
	const char *cn;       /* NULL: none */
	const char *names;    /* "DNS:a.example,IP:127.0.0.1"; NULL: none */
	long from_s, until_s; /* from now; both 0: from yesterday, for 90 days */
	const char *password; /* of the key; NULL: it is not encrypted */
	bool is_rsa;          /* else P-256 */
};

void certs_init(struct certs *c);
/* Removes the folder. */
void certs_deinit(struct certs *c);
/* FOLDER/name, in one of a few places that are used in turn. */
const char *certs_path(const struct certs *c, const char *name);
/* Writes NAME.pem and NAME.key. Returns the certificate, the caller's. */
X509 *certs_make(struct certs *c, const char *name, const struct cert_spec *spec);
/* The same where nobody needs the certificate. */
void certs_write(struct certs *c, const char *name, const struct cert_spec *spec);
/* Writes a list of revoked certificates; serial 0: it is empty. */
void certs_revoke(struct certs *c, const char *file, long serial);
void certs_write_text(const struct certs *c, const char *name, const char *text);

#endif
