#include "common/tls/tls_load.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/file_check.h"
#include "common/secret_file.h"
#include "common/tls/tls_error.h"

/* Forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"
#define TICKET_S 7200              /* that a session may be resumed */
#define MAX_CHAIN_BYTES (32 << 10) /* of a client's certificates */

const char *const tls_min_names[] = { "1.2", "1.3", NULL };
const char *const tls_verify_names[] = { "required", "optional", NULL };

struct password {
	const char *file;
	bool was_asked;
};

static int bad_file(char why[TLS_WHY_SIZE], const char *file, const char *what, const char *remedy)
{
	snprintf(why, TLS_WHY_SIZE, "%.300s: %.120s: %.80s", file, what, remedy);
	ERR_clear_error();
	return TLS_E_FILE;
}

/* ---- certificates and keys ---- */

static int check_readable(const char *file, char why[TLS_WHY_SIZE])
{
	int r = file_check_read(file);

	return r == 0 ? 0
		      : bad_file(why, file, strerror(-r), "name a file that this process may read");
}

static int load_cert(SSL_CTX *context, const char *file, char why[TLS_WHY_SIZE])
{
	int r = check_readable(file, why);

	if (r != 0)
		return r;
	if (SSL_CTX_use_certificate_chain_file(context, file) == 1)
		return 0;
	return bad_file(why, file, tls_error_text("cannot be used"),
			"it must hold certificates in PEM, the server's own first");
}

/* OpenSSL would ask at the terminal otherwise. */
static int on_password(char *out, int size, int is_for_writing, void *arg)
{
	struct password *password = arg;
	char *text;
	int len = -1;

	(void)is_for_writing;
	password->was_asked = true;
	text = password->file ? malloc(SECRET_FILE_MAX) : NULL;
	if (text && secret_file_read(password->file, text) == 0 && strlen(text) < (size_t)size) {
		len = (int)strlen(text);
		memcpy(out, text, (size_t)len);
	}
	if (text)
		OPENSSL_cleanse(text, SECRET_FILE_MAX);
	free(text);
	return len;
}

static int no_key(const char *file, const struct password *password, char why[TLS_WHY_SIZE])
{
	if (!password->was_asked)
		return bad_file(why, file, "has no private key in PEM",
				"name the file with the key of the certificate");
	if (!password->file)
		return bad_file(
			why, file, "the key is encrypted",
			"name a file with its password (tls-key-password-file of weir-node), or decrypt it");
	return bad_file(why, file, "the password does not open the key",
			"correct the password file");
}

static int load_key(SSL_CTX *context, const char *cert, const char *file, const char *password_file,
		    char why[TLS_WHY_SIZE])
{
	struct password password = { .file = password_file };
	int r = check_readable(file, why);
	EVP_PKEY *key;
	BIO *bio;

	if (r != 0)
		return r;
	bio = BIO_new_file(file, "r");
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, on_password, &password) : NULL;
	BIO_free(bio);
	if (!key)
		return no_key(file, &password, why);
	r = SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
	EVP_PKEY_free(key);
	if (r)
		return 0;
	snprintf(why, TLS_WHY_SIZE,
		 "%.200s: the key does not belong to the certificate %.200s: name its own key",
		 file, cert);
	ERR_clear_error();
	return TLS_E_FILE;
}

/* ---- the other side ---- */

static int load_crl(SSL_CTX *context, const char *file, char why[TLS_WHY_SIZE])
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	int r = check_readable(file, why);

	if (r != 0)
		return r;
	if (!lookup || X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) < 1)
		return bad_file(why, file, "has no list of revoked certificates in PEM",
				"name the list that the authority publishes");
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return 0;
}

static int load_ca(SSL_CTX *context, const struct tls_config *config, char why[TLS_WHY_SIZE])
{
	int r = check_readable(config->ca, why);

	if (r != 0)
		return r;
	if (SSL_CTX_load_verify_locations(context, config->ca, NULL) != 1)
		return bad_file(why, config->ca, "has no certificate in PEM",
				"name the certificates of the authorities");
	if (config->role == TLS_SERVER)
		SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(config->ca));
	return 0;
}

static int load_trust(SSL_CTX *context, const struct tls_config *config, char why[TLS_WHY_SIZE])
{
	int mode = SSL_VERIFY_PEER, r = 0;

	if (config->ca)
		r = load_ca(context, config, why);
	else if (config->role == TLS_SERVER)
		return 0; /* it asks nobody */
	else
		SSL_CTX_set_default_verify_paths(context);
	if (r == 0 && config->crl)
		r = load_crl(context, config->crl, why);
	if (config->role == TLS_SERVER && config->verify == TLS_VERIFY_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context, mode, NULL);
	return r;
}

/* ---- contexts ---- */

/* Where the client's list has the protocol; NULL: it does not. */
static const unsigned char *find_offer(const unsigned char *offered, unsigned int n_offered,
				       const char *own, size_t len)
{
	for (unsigned int at = 0; at < n_offered; at += 1u + offered[at]) {
		if (at + 1 + offered[at] > n_offered)
			break;
		if (offered[at] == len && memcmp(offered + at + 1, own, len) == 0)
			return offered + at + 1;
	}
	return NULL;
}

/* The first of its own protocols that the client offers. */
static int on_alpn(SSL *ssl, const unsigned char **outp, unsigned char *lenp,
		   const unsigned char *offered, unsigned int n_offered, void *arg)
{
	if (SSL_get_app_data(ssl) == TLS_NO_ALPN)
		return SSL_TLSEXT_ERR_NOACK;
	for (const char *own = arg; *own;) {
		size_t len = strcspn(own, ",");

		*outp = find_offer(offered, n_offered, own, len);
		*lenp = (unsigned char)len;
		if (*outp)
			return SSL_TLSEXT_ERR_OK;
		own += len + (own[len] == ',');
	}
	return SSL_TLSEXT_ERR_NOACK; /* clients that name others only are served all the same */
}

static bool matches(X509 *cert, const char *name)
{
	return X509_check_host(cert, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ||
	       X509_check_host(cert, name, 0, 0, NULL) == 1;
}

/* Which certificate is for the name that the client asks for. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_set *set = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (unsigned i = 0; name && i < set->n; i++) {
		if (!matches(set->certs[i], name))
			continue;
		if (i > 0)
			SSL_set_SSL_CTX(ssl, set->contexts[i]);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static void set_rules(SSL_CTX *context, const struct tls_config *config)
{
	static const unsigned char id[] = "weir";

	SSL_CTX_set_min_proto_version(context,
				      config->min == TLS_MIN_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context, CIPHERS);
	SSL_CTX_set1_groups_list(context, GROUPS);
	/* a side that closes without a good-bye has closed: HTTP knows where a message ends */
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_PRIORITIZE_CHACHA |
					     SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* idle connections keep no buffers; bytes are read as many as there are */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
	SSL_CTX_set_timeout(context, TICKET_S);
	SSL_CTX_set_num_tickets(context, 1);
	if (config->role == TLS_SERVER)
		SSL_CTX_set_max_cert_list(context, MAX_CHAIN_BYTES);
	if (config->alpn && config->role == TLS_SERVER)
		SSL_CTX_set_alpn_select_cb(context, on_alpn, (void *)config->alpn);
}

static const char *key_of(const struct tls_config *config, size_t i)
{
	return i < config->n_keys ? config->keys[i] : config->certs[i];
}

static int load_pair(SSL_CTX *context, const struct tls_config *config, size_t i,
		     char why[TLS_WHY_SIZE])
{
	int r = load_cert(context, config->certs[i], why);

	return r == 0 ? load_key(context, config->certs[i], key_of(config, i),
				 config->password_file, why)
		      : r;
}

/* One more context. i: its certificate, where there is one. */
static int add_context(struct tls_set *set, const struct tls_config *config, size_t i,
		       char why[TLS_WHY_SIZE])
{
	SSL_CTX *context =
		SSL_CTX_new(config->role == TLS_SERVER ? TLS_server_method() : TLS_client_method());
	int r = 0;

	if (!context)
		return -ENOMEM;
	set->contexts[set->n++] = context;
	set_rules(context, config);
	if (i < config->n_certs)
		r = load_pair(context, config, i, why);
	if (r == 0)
		r = load_trust(context, config, why);
	set->certs[i] = SSL_CTX_get0_certificate(context);
	return r;
}

/* ---- time ---- */

static time_t unix_time(const ASN1_TIME *from)
{
	struct tm tm;

	return ASN1_TIME_to_tm(from, &tm) == 1 ? timegm(&tm) : 0;
}

static void find_end(struct tls_set *set, const struct tls_config *config)
{
	for (size_t i = 0; i < config->n_certs; i++) {
		time_t end = unix_time(X509_get0_notAfter(set->certs[i]));

		if (!set->expiring || end < set->expires) {
			set->expires = end;
			set->expiring = config->certs[i];
		}
	}
}

static void format_day(time_t when, char out[32])
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm);
}

static int check_time(const struct tls_set *set, const struct tls_config *config, time_t now,
		      char why[TLS_WHY_SIZE])
{
	char day[32], what[80];

	for (size_t i = 0; i < config->n_certs; i++) {
		time_t begin = unix_time(X509_get0_notBefore(set->certs[i]));
		time_t end = unix_time(X509_get0_notAfter(set->certs[i]));

		if (begin <= now && now <= end)
			continue;
		format_day(now > end ? end : begin, day);
		snprintf(what, sizeof(what), "the certificate %s %s",
			 now > end ? "expired on" : "is not valid before", day);
		(void)bad_file(why, config->certs[i], what,
			       now > end ? "renew it" : "wait, or correct the clock");
		return TLS_E_EXPIRED;
	}
	return 0;
}

/* ---- life ---- */

int tls_load(const struct tls_config *config, time_t now, struct tls_set **setp,
	     char why[TLS_WHY_SIZE])
{
	struct tls_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	atomic_store(&set->n_refs, 1);
	set->alpn = config->alpn;
	assert(config->n_certs <= TLS_MAX_CERTS);
	r = add_context(set, config, 0, why);
	for (size_t i = 1; i < config->n_certs && r == 0; i++)
		r = add_context(set, config, i, why);
	if (r != 0) {
		tls_set_unref(set);
		return r;
	}
	if (config->role == TLS_SERVER) {
		SSL_CTX_set_tlsext_servername_callback(set->contexts[0], on_server_name);
		SSL_CTX_set_tlsext_servername_arg(set->contexts[0], set);
	}
	find_end(set, config);
	*setp = set;
	return check_time(set, config, now, why);
}

struct tls_set *tls_set_ref(struct tls_set *set)
{
	atomic_fetch_add_explicit(&set->n_refs, 1, memory_order_relaxed);
	return set;
}

void tls_set_unref(struct tls_set *set)
{
	if (!set || atomic_fetch_sub_explicit(&set->n_refs, 1, memory_order_acq_rel) > 1)
		return;
	for (unsigned i = 0; i < set->n; i++)
		SSL_CTX_free(set->contexts[i]);
	free(set);
}
