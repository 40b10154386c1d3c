#include "common/tls/tls_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* Threads go on while the process exits: OpenSSL must not be taken down under them. This is heeded
 * only before anybody else uses it. */
__attribute__((constructor)) static void keep_until_the_end(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

const char *tls_error_text(const char *otherwise)
{
	static _Thread_local char why[128];
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	if (ERR_SYSTEM_ERROR(error))
		reason = strerror(ERR_GET_REASON(error));
	if (reason)
		snprintf(why, sizeof(why), "%s", reason);
	ERR_clear_error();
	return reason ? why : otherwise;
}
