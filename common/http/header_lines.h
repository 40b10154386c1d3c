#ifndef WEIR_COMMON_HEADER_LINES_H
#define WEIR_COMMON_HEADER_LINES_H
/*
 * Header lines that somebody gives for requests to a server, such as a token or a tenant. They are text:
 * "Name: value", CRLF, and so on. Values are secrets, and nothing here shows them. Pure.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/http/http.h"

#define HEADER_LINES_MOST 16     /* of one server */
#define HEADER_LINES_BYTES 4096  /* of all of them */
#define HEADER_LINES_NAME_MAX 64 /* characters */
#define HEADER_LINES_VALUE_MAX 4000

/* NULL, or why no request may have that header (static, without the value). */
const char *header_lines_check(struct http_slice name, struct http_slice value);
/* Takes "Name: value" apart. NULL, or why it is none, as above. */
const char *header_lines_split(const char *text, size_t len, struct http_slice *namep,
			       struct http_slice *valuep);

/* Adds one that was checked; one of the same name goes. NULL, or why there is no room (static). */
const char *header_lines_set(struct buf *lines, struct http_slice name, struct http_slice value);
/* Whether there is one of that name. */
bool header_lines_have(const char *lines, struct http_slice name);
/* The next name, from *atp on, which moves on. False: there is none. */
bool header_lines_next(const char **atp, struct http_slice *namep);

#endif
