#ifndef WEIR_ANALYZER_HTTP_CLIENT_H
#define WEIR_ANALYZER_HTTP_CLIENT_H
/*
 * Blocking requests over one kept-alive connection; one thread at a time. Proxies named in the
 * environment are not used. It is HTTP/1.1: by HTTP/2 libcurl keeps a connection after a timeout,
 * also where it is dead.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define HTTP_CLIENT_E_FAILED 1 /* no answer; http_client_error says why */

struct http_client;

/* token: sent as "Authorization: Bearer", NULL: none. NULL: out of memory. */
struct http_client *http_client_new(const char *content_type, const char *token);
void http_client_free(struct http_client *client);

/* One more header field, "Name: value", for all requests. -ENOMEM. */
int http_client_add_header(struct http_client *client, const char *line) MUST_CHECK;
/* ca: a file of certificates that servers may have, instead of those of the system; NULL: no change. */
void http_client_trust(struct http_client *client, const char *ca);
/* How much of an answer is kept; at first 64 KiB. */
void http_client_keep_answer(struct http_client *client, size_t max_bytes);
/* For https:// URLs: files in PEM. ca NULL: the authorities of the system; cert NULL: none is shown; key
 * NULL: it is in the file of the certificate. All are copied. */
void http_client_set_tls(struct http_client *client, const char *ca, const char *cert,
			 const char *key);

/* 0 with the status of whatever was answered, or HTTP_CLIENT_E_FAILED. */
int http_client_send(struct http_client *client, const char *method, const char *url,
		     const char *body, size_t len, uint64_t timeout_ms, long *statusp) MUST_CHECK;
/* Body of the last answer, what is kept of it; borrowed until the next request. */
const char *http_client_answer(struct http_client *client);
const char *http_client_error(const struct http_client *client);

#endif
