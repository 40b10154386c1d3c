#include "t/unit/certs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#define PATHS 64

const char *certs_path(const struct certs *c, const char *name)
{
	static char paths[PATHS][512];
	static unsigned at;
	char *path = paths[at++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", c->folder, name);
	return path;
}

/* A file in its place at once, as programs that renew certificates do it. */
static FILE *begin_file(const struct certs *c)
{
	FILE *file = fopen(certs_path(c, "new"), "w");

	assert_non_null(file);
	return file;
}

static void end_file(const struct certs *c, const char *name, FILE *file)
{
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(certs_path(c, "new"), certs_path(c, name)), 0);
}

void certs_write_text(const struct certs *c, const char *name, const char *text)
{
	FILE *file = begin_file(c);

	fputs(text, file);
	end_file(c, name, file);
}

static void write_cert(const struct certs *c, const char *name, X509 *cert)
{
	FILE *file = begin_file(c);

	assert_int_equal(PEM_write_X509(file, cert), 1);
	end_file(c, name, file);
}

static void write_key(const struct certs *c, const char *name, EVP_PKEY *key, const char *password)
{
	FILE *file = begin_file(c);

	assert_int_equal(PEM_write_PrivateKey(file, key, password ? EVP_aes_128_cbc() : NULL,
					      (const unsigned char *)password,
					      password ? (int)strlen(password) : 0, NULL, NULL),
			 1);
	end_file(c, name, file);
}

static void set_name(X509_NAME *name, const char *cn)
{
	if (cn)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1,
					   -1, 0);
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *text)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, text);
	assert_non_null(extension);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *make(struct certs *c, EVP_PKEY *key, const struct cert_spec *spec, bool is_ca)
{
	bool has_time = spec->from_s != 0 || spec->until_s != 0;
	X509 *cert = X509_new();

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++c->n_made);
	X509_gmtime_adj(X509_getm_notBefore(cert), has_time ? spec->from_s : -CERTS_DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), has_time ? spec->until_s : 90 * CERTS_DAY_S);
	set_name(X509_get_subject_name(cert), spec->cn);
	X509_set_issuer_name(cert, X509_get_subject_name(is_ca ? cert : c->ca));
	X509_set_pubkey(cert, key);
	add_extension(cert, is_ca ? cert : c->ca, NID_basic_constraints,
		      is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (spec->names)
		add_extension(cert, c->ca, NID_subject_alt_name, spec->names);
	assert_true(X509_sign(cert, c->ca_key, EVP_sha256()) > 0);
	return cert;
}

void certs_init(struct certs *c)
{
	const char *above = getenv("TMPDIR");

	memset(c, 0, sizeof(*c));
	snprintf(c->folder, sizeof(c->folder), "%s/weir-certs-XXXXXX", above ? above : "/tmp");
	assert_non_null(mkdtemp(c->folder));
	c->ca_key = EVP_EC_gen("P-256");
	assert_non_null(c->ca_key);
	c->ca = make(c, c->ca_key, &(struct cert_spec){ .cn = "an authority" }, true);
	write_cert(c, "ca.pem", c->ca);
}

void certs_deinit(struct certs *c)
{
	DIR *folder = opendir(c->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlink(certs_path(c, entry->d_name));
	if (folder)
		closedir(folder);
	rmdir(c->folder);
	X509_free(c->ca);
	EVP_PKEY_free(c->ca_key);
}

X509 *certs_make(struct certs *c, const char *name, const struct cert_spec *spec)
{
	EVP_PKEY *key = spec->is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	char file[64];
	X509 *cert;

	assert_non_null(key);
	cert = make(c, key, spec, false);
	snprintf(file, sizeof(file), "%s.pem", name);
	write_cert(c, file, cert);
	snprintf(file, sizeof(file), "%s.key", name);
	write_key(c, file, key, spec->password);
	EVP_PKEY_free(key);
	return cert;
}

void certs_write(struct certs *c, const char *name, const struct cert_spec *spec)
{
	X509_free(certs_make(c, name, spec));
}

static void add_revoked(X509_CRL *crl, long serial)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *when = X509_gmtime_adj(NULL, -60);

	ASN1_INTEGER_set(number, serial);
	X509_REVOKED_set_serialNumber(revoked, number);
	X509_REVOKED_set_revocationDate(revoked, when);
	X509_CRL_add0_revoked(crl, revoked);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(when);
}

void certs_revoke(struct certs *c, const char *name, long serial)
{
	ASN1_TIME *last = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, CERTS_DAY_S);
	X509_CRL *crl = X509_CRL_new();
	FILE *file = begin_file(c);

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(c->ca));
	X509_CRL_set1_lastUpdate(crl, last);
	X509_CRL_set1_nextUpdate(crl, next);
	if (serial)
		add_revoked(crl, serial);
	assert_true(X509_CRL_sign(crl, c->ca_key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
	end_file(c, name, file);
	X509_CRL_free(crl);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
}
