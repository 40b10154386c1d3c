/*
 * hiredis would verify that a certificate is good, but not whose it is, so the SSL objects are made
 * here and handed over. Nor does it look what others on the same thread have left in OpenSSL's
 * queue of errors, which would be taken for this connection's: so that is emptied before each read
 * and write.
 */
#include "registry/redis/tls.h"

#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct redis_tls {
	atomic_uint n_references;
	SSL_CTX *context; /* shared by the connections of all threads */
};

static pthread_mutex_t funcs_lock = PTHREAD_MUTEX_INITIALIZER;
static const redisContextFuncs *hiredis_funcs; /* how hiredis reads and writes TLS */
static redisContextFuncs our_funcs;            /* the same, with an empty queue */
static _Thread_local char refused[160]; /* why a certificate was, in this thread's last handshake */

/* Threads go on while the process exits: OpenSSL must not be taken down under them. This is heeded
 * only before anybody else uses it. */
__attribute__((constructor)) static void keep_until_the_end(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static int on_verify(int is_fine, X509_STORE_CTX *store)
{
	if (!is_fine)
		snprintf(refused, sizeof(refused), "its certificate is refused: %s",
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return is_fine;
}

const char *tls_why(const char *otherwise)
{
	static _Thread_local char why[160];
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	if (!refused[0] && !reason)
		return otherwise;
	if (refused[0])
		memcpy(why, refused, sizeof(why));
	else
		snprintf(why, sizeof(why), "TLS: %s", reason);
	refused[0] = '\0';
	return why;
}

static int bad_file(struct redis_url *url, const char *name, const char *file)
{
	snprintf(url->why, sizeof(url->why), "%s=%.200s: %s", name, file,
		 tls_why("cannot be used"));
	return REDIS_URL_E_FILE;
}

static int load_files(struct redis_url *url, SSL_CTX *context)
{
	const char *cert = url->cert, *key = url->key[0] ? url->key : cert;

	if (!url->ca[0])
		SSL_CTX_set_default_verify_paths(context);
	else if (SSL_CTX_load_verify_locations(context, url->ca, NULL) != 1)
		return bad_file(url, "ca", url->ca);
	if (cert[0] && SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		return bad_file(url, "cert", cert);
	if (key[0] && (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
		       SSL_CTX_check_private_key(context) != 1))
		return bad_file(url, "key", key);
	return 0;
}

int tls_new(struct redis_url *url)
{
	struct redis_tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return -ENOMEM;
	tls->n_references = 1;
	tls->context = SSL_CTX_new(TLS_client_method());
	if (!tls->context) {
		free(tls);
		return -ENOMEM;
	}
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, on_verify);
	r = load_files(url, tls->context);
	if (r != 0)
		tls_free(tls);
	else
		url->tls = tls;
	return r;
}

struct redis_tls *tls_take(struct redis_url *url)
{
	struct redis_tls *tls;

	pthread_mutex_lock(&url->lock);
	tls = url->tls;
	if (tls)
		atomic_fetch_add(&tls->n_references, 1);
	pthread_mutex_unlock(&url->lock);
	return tls;
}

void tls_free(struct redis_tls *tls)
{
	if (!tls || atomic_fetch_sub(&tls->n_references, 1) > 1)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

/* The name goes to the server too (SNI); an address must be in the certificate itself. */
static bool expect(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static ssize_t read_clean(redisContext *context, char *to, size_t len)
{
	ERR_clear_error();
	return hiredis_funcs->read(context, to, len);
}

static ssize_t write_clean(redisContext *context)
{
	ERR_clear_error();
	return hiredis_funcs->write(context);
}

static void set_funcs(redisContext *context)
{
	pthread_mutex_lock(&funcs_lock);
	if (!hiredis_funcs) {
		hiredis_funcs = context->funcs;
		our_funcs = *hiredis_funcs;
		our_funcs.read = read_clean;
		our_funcs.write = write_clean;
	}
	pthread_mutex_unlock(&funcs_lock);
	context->funcs = &our_funcs;
}

int tls_start(struct redis_tls *tls, redisContext *context, const char *host)
{
	SSL *ssl = SSL_new(tls->context);

	refused[0] = '\0';
	if (!ssl || !expect(ssl, host)) {
		context->err = REDIS_ERR_OTHER;
		snprintf(context->errstr, sizeof(context->errstr), "TLS cannot be set up");
		SSL_free(ssl);
		return REDIS_ERR;
	}
	if (redisInitiateSSL(context, ssl) == REDIS_OK) {
		set_funcs(context);
		return REDIS_OK;
	}
	if (SSL_want_read(ssl))
		snprintf(context->errstr, sizeof(context->errstr),
			 "no answer to TLS in time: is that a port without?");
	SSL_free(ssl); /* it did not take it */
	return REDIS_ERR;
}
