#ifndef WEIR_COMMON_JSON_UNESCAPE_H
#define WEIR_COMMON_JSON_UNESCAPE_H
/*
 * A string that the scanner has let pass, with its escapes read. Pure.
 */
#include "common/json/json_scan.h"

/* An escape is in it. */
bool json_unescape_is_needed(const struct json_slice *slice);
/*
 * Writes the string in UTF-8. Half of a surrogate pair becomes U+FFFD. `out` has room for slice->len
 * bytes. Returns how many were written.
 */
size_t json_unescape(const struct json_slice *slice, char *out);

#endif
