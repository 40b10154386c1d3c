#ifndef WEIR_COMMON_TLS_CONTEXT_H
#define WEIR_COMMON_TLS_CONTEXT_H
/*
 * The certificates in use, from any thread. Files are looked at by tls_context_look, and read again
 * when one of them has changed. Streams that stand keep what they began with. Where the new files
 * cannot be used, the old certificates stay.
 */
#include "common/tls/tls_load.h"

struct tls_context;

/* Borrows all that the config points to. TLS_E_EXPIRED: there is a context all the same, and `why`
 * says what is wrong with it. Otherwise as tls_load. */
int tls_context_new(const struct tls_config *config, struct tls_context **contextp,
		    char why[TLS_WHY_SIZE]) MUST_CHECK;
void tls_context_free(struct tls_context *c);

/* What is in use now: a reference. NULL: out of memory. */
struct tls_set *tls_context_set(struct tls_context *c);

enum tls_look {
	TLS_LOOK_SAME, /* no file has changed, or it was said already that they are bad */
	TLS_LOOK_RENEWED,
	TLS_LOOK_BAD /* they cannot be used: `why` */
};
/* One thread at a time. Reads again what had changed by the last look and has not changed since, and
 * once a day what has not changed: tickets of sessions are made with a new key then. */
enum tls_look tls_context_look(struct tls_context *c, char why[TLS_WHY_SIZE]);
/* Unix seconds at which the first certificate ends; 0: there is none. */
int64_t tls_context_expires(struct tls_context *c);

#endif
