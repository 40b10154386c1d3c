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

#define SECRET_MAX_DECODED 512

/* What an Authorization header gives as a token. */
struct secret_given {
	const char *plain; /* as it stands there; NULL: its scheme has none. Borrowed */
	const char *pair;  /* behind the colon of a pair in base64; NULL: there is none */
	size_t n_plain, n_pair;
	char decoded[SECRET_MAX_DECODED];
};

/*
 * Reads all the forms that agents know: "Bearer TOKEN", "Splunk TOKEN", "ApiKey TOKEN", "ApiKey" with
 * base64 of "id:TOKEN", and "Basic" with base64 of "anybody:TOKEN". Borrows the header's value for as
 * long as `given` is used.
 */
void secret_read(const char *authorization, size_t len, struct secret_given *given);
/* Takes as long for a wrong token as for the right one. */
bool secret_given_is(const struct secret_given *given, const char *token);

#endif
