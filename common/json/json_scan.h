#ifndef WEIR_COMMON_JSON_SCAN_H
#define WEIR_COMMON_JSON_SCAN_H
/*
 * A strict scanner of JSON (RFC 8259, UTF-8): finds where a value ends and builds nothing, so the
 * raw bytes of a packet can be handed on. Pure. A scan starts at the first byte of a value and
 * leaves the cursor just behind it; where it fails, the cursor is wherever the fault was seen.
 * It does not recurse, so it needs the same small stack for every depth.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Arrays and objects inside each other, in all that Weir reads; an empty one at the bottom is not
 * counted. Whatever recurses over foreign JSON reads only what the scanner has let pass.
 */
#define JSON_MAX_DEPTH 256
#define JSON_BATCH_MAX_DEPTH (JSON_MAX_DEPTH + 1) /* packets of that depth in an array */
#define JSON_SCAN_E_SYNTAX 1                      /* not JSON, not UTF-8, or nested too deep */

struct json_cursor {
	const char *at;
	const char *end;
};

/* Borrowed from the bytes scanned; of a string: what is between the quotes, escapes as written. */
struct json_slice {
	const char *data;
	size_t len;
};

/* Called at a value, which it must scan. What it returns but 0 ends the scan and is its result. */
typedef int (*json_element_fn)(struct json_cursor *c, unsigned depth, void *arg);
typedef int (*json_member_fn)(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			      void *arg);

void json_scan_space(struct json_cursor *c);
/* All the bytes are one value, with white space around it. */
int json_scan_document(const char *data, size_t len, unsigned depth) MUST_CHECK;
/* `depth`: how many more levels may be nested, at most JSON_BATCH_MAX_DEPTH. */
int json_scan_value(struct json_cursor *c, unsigned depth) MUST_CHECK;
/* Neither an array nor an object. */
int json_scan_scalar(struct json_cursor *c) MUST_CHECK;
/* The cursor is at '['. fn NULL: elements are only scanned. */
int json_scan_array(struct json_cursor *c, unsigned depth, json_element_fn fn, void *arg,
		    size_t *n_elementsp) MUST_CHECK;
/* The cursor is at '{'. fn NULL: members are only scanned. */
int json_scan_object(struct json_cursor *c, unsigned depth, json_member_fn fn,
		     void *arg) MUST_CHECK;
/* The cursor is at '"'. */
int json_scan_string(struct json_cursor *c, struct json_slice *text) MUST_CHECK;

/* Each backslash in the bytes begins an escape of a string. */
bool json_scan_escapes(const char *data, size_t len);

/* The string, its escapes read, is `word` (ASCII). */
bool json_slice_is(const struct json_slice *slice, const char *word);

#endif
