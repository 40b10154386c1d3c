#ifndef WEIR_COMMON_TLS_NAME_H
#define WEIR_COMMON_TLS_NAME_H
/*
 * Who a certificate is for. The name of a client is the common name of its certificate, or, where
 * there is none, its first alternative name (DNS, URI, e-mail). Pure.
 */
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define TLS_NAME_SIZE 128

/* "": it has no name, or one that is not printable. */
void tls_name_of(X509 *cert, char out[TLS_NAME_SIZE]);
/* Whether one of the patterns is that name: "agent-7", "*.agents.example.com", or "*" for any. The
 * empty name is none of them. */
bool tls_name_is_listed(const char *name, const char *const *patterns, size_t n_patterns);

#endif
