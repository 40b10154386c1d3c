#ifndef WEIR_COMMON_TLS_WATCH_H
#define WEIR_COMMON_TLS_WATCH_H
/*
 * A thread that looks at the files of contexts every second. It logs when they are read again, when
 * they cannot be used, and, once a day, that a certificate ends within two weeks.
 */
#include "common/tls/tls_context.h"

#define TLS_WATCH_MOST 4
#define TLS_WATCH_PERIOD_MS 1000
#define TLS_WATCH_SOON_S (14 * 86400)

struct tls_watched {
	const char *what; /* "ingest": static, for the log */
	struct tls_context *context;
	int64_t warned_at; /* Unix time of the last warning; 0: none */
};

struct tls_watch;

/* Borrows the contexts until it is freed. Negative errno. */
int tls_watch_new(const struct tls_watched *watched, unsigned n,
		  struct tls_watch **watchp) MUST_CHECK;
void tls_watch_free(struct tls_watch *w);

/* One turn of it, as the thread does it. Returns whether it warned that the certificate ends. */
bool tls_watch_look(struct tls_watched *watched, int64_t now);

#endif
