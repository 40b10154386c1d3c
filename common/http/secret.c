#include "common/http/secret.h"

#include <string.h>
#include <strings.h>

bool secret_is_bearer(const char *authorization, size_t len, const char *token)
{
	static const char scheme[] = "Bearer ";
	size_t scheme_len = sizeof(scheme) - 1, token_len = strlen(token);
	unsigned char difference;

	if (len < scheme_len || strncasecmp(authorization, scheme, scheme_len) != 0)
		return false;
	authorization += scheme_len;
	len -= scheme_len;
	difference = len != token_len || token_len == 0;
	for (size_t i = 0; i < len && token_len; i++)
		difference |= (unsigned char)(authorization[i] ^ token[i % token_len]);
	return difference == 0;
}
