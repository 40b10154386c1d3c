#ifndef WEIR_ANALYZER_SIDECAR_FETCH_H
#define WEIR_ANALYZER_SIDECAR_FETCH_H
/*
 * GET requests over one kept-alive connection, whose answers are handed on piece by piece. Blocking. Proxies
 * named in the environment are not used, and redirects are not followed. It is HTTP/1.1, as http_client is.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/conf/conf_option.h"
#include "common/err.h"

#define FETCH_E_FAILED 1            /* no answer, or not a whole one; fetch_error says why */
#define FETCH_MOST_BYTES (8u << 20) /* of an answer */

struct fetch;

/* NULL: out of memory. */
struct fetch *fetch_new(void);
/* For https:// URLs: the authorities that count instead of those of the system, and what is shown. Each may
 * be NULL. */
void fetch_set_tls(struct fetch *f, const char *ca, const char *cert, const char *key);
void fetch_free(struct fetch *f);
/* lines: "Name: value", of further headers; borrowed. on_data may be NULL. */
int fetch_get(struct fetch *f, const char *url, const struct conf_list *lines, uint64_t timeout_ms,
	      void (*on_data)(void *arg, const char *data, size_t len), void *arg,
	      long *statusp) MUST_CHECK;
const char *fetch_error(const struct fetch *f);

#endif
