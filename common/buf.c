#include "common/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define MIN_CAPACITY 256

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

int buf_reserve(struct buf *b, size_t n_more)
{
	size_t capacity = b->capacity < MIN_CAPACITY ? MIN_CAPACITY : b->capacity;
	char *data;

	if (n_more <= b->capacity - b->len)
		return 0;
	if (n_more > PTRDIFF_MAX - b->len)
		return -ENOMEM;
	/* Doubling makes n appends cost O(n); it cannot overflow below PTRDIFF_MAX. */
	while (capacity < b->len + n_more)
		capacity *= 2;
	data = realloc(b->data, capacity);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->capacity = capacity;
	return 0;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
	if (b->failed || len == 0)
		return;
	if (len > b->capacity - b->len && buf_reserve(b, len) != 0) {
		b->failed = true;
		return;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t n_free = b->capacity - b->len;
	va_list ap, again;
	int n;

	if (b->failed)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(n_free > 0 ? b->data + b->len : NULL, n_free, fmt, ap);
	if (n >= 0 && (size_t)n >= n_free) {
		if (buf_reserve(b, (size_t)n + 1) == 0)
			n = vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		else
			n = -1;
	}
	if (n < 0)
		b->failed = true;
	else
		b->len += (size_t)n;
	va_end(again);
	va_end(ap);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

const char *buf_str(struct buf *b)
{
	if (b->failed || b->len == 0 || buf_reserve(b, 1) != 0)
		return "";
	b->data[b->len] = '\0';
	return b->data;
}
