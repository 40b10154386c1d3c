#ifndef WEIR_COMMON_FORMAT_BODY_H
#define WEIR_COMMON_FORMAT_BODY_H
/* What a reader of a format gets, and what it says. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define FORMAT_E_SYNTAX 1    /* the body is not in this format, or nested too deep */
#define FORMAT_E_EMPTY 2     /* it holds no messages */
#define FORMAT_E_TOO_LARGE 3 /* its JSON form is larger than the sink takes */

#define FORMAT_MARK "\xef\xbb\xbf" /* the byte order mark of UTF-8 */

/* Borrowed bytes. len 0: absent. */
struct format_slice {
	const char *data;
	size_t len;
};

struct format_body {
	const char *data;
	size_t len;
	struct format_slice path, query; /* of the request */
};

/* Where messages are counted, and their JSON form goes. */
struct format_sink {
	struct buf *out;     /* NULL: they are only counted */
	size_t max_bytes;    /* of `out` */
	bool is_full;        /* max_bytes was reached */
	uint64_t n_messages; /* so far */
};

#endif
