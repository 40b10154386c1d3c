#include "common/tls/tls_name.h"

#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

/* Logs and metrics show it: what is not printable, or too long, is no name. */
static bool take(const ASN1_STRING *from, char out[TLS_NAME_SIZE])
{
	unsigned char *text = NULL;
	int len = from ? ASN1_STRING_to_UTF8(&text, from) : 0;
	bool is_fine = len > 0 && len < TLS_NAME_SIZE;

	for (int i = 0; i < len && is_fine; i++)
		is_fine = text[i] > ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\';
	if (is_fine) {
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
	}
	OPENSSL_free(text);
	return is_fine;
}

static bool take_common_name(X509 *cert, char out[TLS_NAME_SIZE])
{
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at >= 0 && take(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), out);
}

static void take_alternative(X509 *cert, char out[TLS_NAME_SIZE])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int n = names ? sk_GENERAL_NAME_num(names) : 0;
	bool is_taken = false;

	for (int i = 0; i < n && !is_taken; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL)
			is_taken = take(name->d.ia5, out);
	}
	GENERAL_NAMES_free(names);
}

void tls_name_of(X509 *cert, char out[TLS_NAME_SIZE])
{
	out[0] = '\0';
	if (cert && !take_common_name(cert, out))
		take_alternative(cert, out);
}

static bool is_one(const char *name, const char *pattern)
{
	size_t len = strlen(name), tail = strlen(pattern);

	if (strcmp(pattern, "*") == 0)
		return true;
	if (pattern[0] != '*' || pattern[1] != '.')
		return strcasecmp(name, pattern) == 0;
	tail--; /* without the star */
	return len > tail && strcasecmp(name + len - tail, pattern + 1) == 0;
}

bool tls_name_is_listed(const char *name, const char *const *patterns, size_t n_patterns)
{
	for (size_t i = 0; i < n_patterns && *name; i++)
		if (is_one(name, patterns[i]))
			return true;
	return false;
}
