#ifndef WEIR_COMMON_BUF_H
#define WEIR_COMMON_BUF_H
/*
 * A growable run of bytes. An append that runs out of memory sets `failed`,
 * and every later append does nothing: check once, at the end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/err.h"

struct buf {
	char *data;      /* owned; NULL while capacity is 0 */
	size_t len;      /* bytes in use */
	size_t capacity; /* bytes allocated */
	bool failed;     /* an append ran out of memory */
};

void buf_deinit(struct buf *b); /* releases the memory; b is empty and usable after */
void buf_clear(struct buf *b);  /* len = 0, keeps the memory, clears `failed` */

int buf_reserve(struct buf *b, size_t n_more) MUST_CHECK; /* -ENOMEM */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* NUL-terminates (not counted in len) and returns data; "" if it failed or is empty. */
const char *buf_str(struct buf *b);

#endif
