#ifndef WEIR_COMMON_JSON_TEXT_H
#define WEIR_COMMON_JSON_TEXT_H
/*
 * Any bytes as a JSON string: escaped as RFC 8259 needs it, and what is not UTF-8 replaced by
 * U+FFFD, one for each maximal part of a broken sequence (the practice of Unicode 15, 3.9).
 */
#include "common/buf.h"

/* Appends the string with its quotes. */
void json_text_append(struct buf *out, const char *data, size_t len);

#endif
