#ifndef WEIR_COMMON_HTTP_HEAD_H
#define WEIR_COMMON_HTTP_HEAD_H
/*
 * The grammar of a header section, private to http_reader.c: from bytes that are all there to a
 * struct http_head. Which bytes belong to it, and how many are allowed, is the reader's business.
 */
#include "common/http/http.h"

/*
 * `data` is a whole header section, the empty line at its end included, in which every LF follows a
 * CR. The slices of `head` point into it. What was understood before a refusal is filled in, the
 * rest is 0.
 */
enum http_refusal http_head_parse(struct http_head *head, const char *data, size_t len) MUST_CHECK;

/* `line` is one well-formed header field (a trailer), its CRLF included. */
bool http_is_field_line(const char *line, size_t len);

#endif
