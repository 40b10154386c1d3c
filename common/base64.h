#ifndef WEIR_COMMON_BASE64_H
#define WEIR_COMMON_BASE64_H
/* Base64 (RFC 4648): written a few bytes at a time, with its padding. Pure. */
#include <stddef.h>

/* Three bytes, or the one or two that are left at the end, as four letters. */
void base64_write(const char *bytes, size_t n, char four[4]);
/* The bytes that a text stands for, with its padding or without, in either alphabet. 0: it is no base64, or longer than size. */
size_t base64_read(const char *text, size_t len, char *bytes, size_t size);

#endif
