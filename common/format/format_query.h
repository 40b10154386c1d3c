#ifndef WEIR_COMMON_FORMAT_QUERY_H
#define WEIR_COMMON_FORMAT_QUERY_H
/* Fields as a query and a form have them: name=value&name=value, with %XX and '+'. Pure. */
#include <stdbool.h>

#include "common/format/format_body.h"

#define FORMAT_QUERY_VALUE_MAX 256

/* Decodes into `to`, which has room for text.len bytes. Bytes written. A broken %XX stays. */
size_t format_query_decode(struct format_slice text, char *to);
/* Cuts the next field off; false: there is none. */
bool format_query_next(struct format_slice *rest, struct format_slice *name,
		       struct format_slice *value);
/* The first field of that name, decoded. 0: it is absent, empty or longer than `value`. */
size_t format_query_get(struct format_slice query, const char *name,
			char value[FORMAT_QUERY_VALUE_MAX]);

#endif
