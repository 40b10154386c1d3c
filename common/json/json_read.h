#ifndef WEIR_COMMON_JSON_READ_H
#define WEIR_COMMON_JSON_READ_H
/*
 * The one way from foreign bytes to a tree of cJSON: bodies of requests and answers, and what
 * comes out of Redis. cJSON recurses, takes much that is no JSON, and ends a string at its first
 * NUL; so the scanner looks first, and what it refuses cJSON never sees.
 */
#include <cjson/cJSON.h>
#include <stddef.h>

#include "common/err.h"

#define JSON_READ_E_SYNTAX 1 /* not JSON in UTF-8, nested too deep, or more behind it */
#define JSON_READ_E_NUL 2    /* a string holds \u0000 */

/* *jsonp: the caller's to delete. -ENOMEM too. */
int json_read(const char *data, size_t len, cJSON **jsonp) MUST_CHECK;
/* The same for a string; NULL: there is no tree, for whatever reason. text may be NULL. */
cJSON *json_read_text(const char *text);
/*
 * Of what a program has written around foreign strings, one of Weir's or the server of a sink: they need
 * not be UTF-8, and may hold \u0000, or one of them would hide all the others. Nested too deep: NULL, as
 * above.
 */
cJSON *json_read_own(const char *text, size_t len);

#endif
