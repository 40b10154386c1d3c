#include "common/http/secret.h"

#include <string.h>
#include <strings.h>

#define MAX_DECODED 512

static bool is_token(const char *given, size_t len, const char *token)
{
	size_t token_len = strlen(token);
	unsigned char difference = len != token_len || token_len == 0;

	for (size_t i = 0; i < len && token_len; i++)
		difference |= (unsigned char)(given[i] ^ token[i % token_len]);
	return difference == 0;
}

/* What is behind "SCHEME "; NULL: it is another scheme. */
static const char *behind_scheme(const char *authorization, size_t len, const char *scheme)
{
	size_t n = strlen(scheme);

	if (len <= n || strncasecmp(authorization, scheme, n) != 0 || authorization[n] != ' ')
		return NULL;
	return authorization + n + 1;
}

bool secret_is_bearer(const char *authorization, size_t len, const char *token)
{
	const char *given = behind_scheme(authorization, len, "Bearer");

	return given && is_token(given, len - (size_t)(given - authorization), token);
}

static int base64_value(char ch)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = ch ? strchr(digits, ch) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bytes decoded; 0: it is no base64, or too long. */
static size_t decode_base64(const char *text, size_t len, char decoded[MAX_DECODED])
{
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value < 0 || n == MAX_DECODED)
			return 0;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			decoded[n++] = (char)(bits >> n_bits);
		}
	}
	return n;
}

/* base64 of "somebody:TOKEN" */
static bool is_pair(const char *given, size_t len, const char *token)
{
	char decoded[MAX_DECODED];
	size_t n = decode_base64(given, len, decoded);
	const char *colon = memchr(decoded, ':', n);

	return colon && is_token(colon + 1, n - (size_t)(colon + 1 - decoded), token);
}

bool secret_is_given(const char *authorization, size_t len, const char *token)
{
	static const struct {
		const char *scheme;
		bool may_be_plain, may_be_pair;
	} forms[] = { { "Bearer", true, false },
		      { "Splunk", true, false },
		      { "ApiKey", true, true },
		      { "Basic", false, true } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *given = behind_scheme(authorization, len, forms[i].scheme);
		size_t n = given ? len - (size_t)(given - authorization) : 0;

		if (given)
			return (forms[i].may_be_plain && is_token(given, n, token)) ||
			       (forms[i].may_be_pair && is_pair(given, n, token));
	}
	return false;
}
