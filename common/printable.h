#ifndef WEIR_COMMON_PRINTABLE_H
#define WEIR_COMMON_PRINTABLE_H
/*
 * Text from outside, for logs and terminals: which characters a reader does not see as what they
 * are, because they move the cursor, turn the direction, break the line or show nothing at all.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Bytes of the well-formed UTF-8 sequence at s (RFC 3629), 0: there is none, and
 * *cpp stays. *cpp: the character. */
size_t printable_decode(const char *s, size_t len, uint32_t *cpp);
/* Control characters (C0, DEL, C1), line and paragraph separators, format characters. */
bool printable_is_hidden(uint32_t cp);
/* Appends the text; what is hidden as \uXXXX, what is not UTF-8 as \ufffd. The C0
 * characters in `keep` stay. */
void printable_append(struct buf *out, const char *text, size_t len, const char *keep);

#endif
