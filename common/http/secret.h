#ifndef WEIR_COMMON_SECRET_H
#define WEIR_COMMON_SECRET_H
/*
 * Bearer tokens (RFC 6750), and how log agents carry a token that can say no "Bearer".
 */
#include <stdbool.h>
#include <stddef.h>

/*
 * Whether an Authorization header's value (len bytes) is "Bearer TOKEN" with this token. Takes as
 * long for a wrong token as for the right one.
 */
bool secret_is_bearer(const char *authorization, size_t len, const char *token);
/*
 * The same for all the forms that agents know: "Bearer TOKEN", "Splunk TOKEN", "ApiKey TOKEN",
 * "ApiKey" with base64 of "id:TOKEN", and "Basic" with base64 of "anybody:TOKEN".
 */
bool secret_is_given(const char *authorization, size_t len, const char *token);

#endif
