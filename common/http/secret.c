#include "common/http/secret.h"

#include <string.h>
#include <strings.h>

#include "common/base64.h"

#define LONG_TOKEN 4096 /* bytes: beyond that the length alone decides first */

static bool is_token(const char *given, size_t len, const char *token)
{
	size_t token_len = strlen(token);
	unsigned char difference = len != token_len || token_len == 0;

	if (len > LONG_TOKEN &&
	    len != token_len) /* or a header could cost much, with many tokens */
		return false;
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

void secret_read(const char *authorization, size_t len, struct secret_given *given)
{
	static const struct {
		const char *scheme;
		bool may_be_plain, may_be_pair;
	} forms[] = { { "Bearer", true, false },
		      { "Splunk", true, false },
		      { "ApiKey", true, true },
		      { "Basic", false, true } };
	const char *text = NULL, *colon;
	size_t i = 0, n;

	given->plain = given->pair = NULL;
	given->n_plain = given->n_pair = 0;
	while (i < sizeof(forms) / sizeof(forms[0]) &&
	       !(text = behind_scheme(authorization, len, forms[i].scheme)))
		i++;
	if (!text)
		return;
	n = len - (size_t)(text - authorization);
	if (forms[i].may_be_plain) {
		given->plain = text;
		given->n_plain = n;
	}
	n = forms[i].may_be_pair ? base64_read(text, n, given->decoded, SECRET_MAX_DECODED) : 0;
	colon = memchr(given->decoded, ':', n);
	if (!colon)
		return;
	given->pair = colon + 1;
	given->n_pair = n - (size_t)(colon + 1 - given->decoded);
}

bool secret_given_is(const struct secret_given *given, const char *token)
{
	bool is_plain = given->plain && is_token(given->plain, given->n_plain, token);
	bool is_pair = given->pair && is_token(given->pair, given->n_pair, token);

	return is_plain || is_pair;
}
