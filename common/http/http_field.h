#ifndef WEIR_COMMON_HTTP_FIELD_H
#define WEIR_COMMON_HTTP_FIELD_H
/*
 * The fields of a header section that http_reader has let pass, one after the other: for what the
 * reader itself has no use for. Pure.
 */
#include "common/http/http.h"

struct http_fields {
	const char *at; /* the next field line */
	const char *end;
};

/* `section` is a whole header section, from its request line to the empty line. */
void http_fields_begin(struct http_fields *f, const char *section, size_t len);
/* False: there are no more. The value has no blanks around it. */
bool http_fields_next(struct http_fields *f, struct http_slice *name, struct http_slice *value);

#endif
