#include "common/format/format_query.h"

#include <string.h>

static int hex_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

size_t format_query_decode(struct format_slice text, char *to)
{
	const char *at = text.data, *end = at + text.len;
	size_t n = 0;

	while (at < end) {
		int high = *at == '%' && end - at > 2 ? hex_value(at[1]) : -1;
		int low = high >= 0 ? hex_value(at[2]) : -1;

		if (low >= 0) {
			to[n++] = (char)(high << 4 | low);
			at += 3;
		} else {
			to[n++] = *at == '+' ? ' ' : *at;
			at++;
		}
	}
	return n;
}

bool format_query_next(struct format_slice *rest, struct format_slice *name,
		       struct format_slice *value)
{
	while (rest->len > 0) {
		const char *start = rest->data, *end = start + rest->len;
		const char *stop = memchr(start, '&', rest->len), *equals;

		rest->data = stop ? stop + 1 : end;
		rest->len = (size_t)(end - rest->data);
		if (!stop)
			stop = end;
		if (stop == start)
			continue;
		equals = memchr(start, '=', (size_t)(stop - start));
		*name = (struct format_slice){ start, (size_t)((equals ? equals : stop) - start) };
		*value = (struct format_slice){ equals ? equals + 1 : stop,
						equals ? (size_t)(stop - equals - 1) : 0 };
		return true;
	}
	return false;
}

size_t format_query_get(struct format_slice query, const char *name,
			char value[FORMAT_QUERY_VALUE_MAX])
{
	struct format_slice key, text;

	while (format_query_next(&query, &key, &text))
		if (key.len == strlen(name) && memcmp(key.data, name, key.len) == 0)
			return text.len <= FORMAT_QUERY_VALUE_MAX ? format_query_decode(text, value)
								  : 0;
	return 0;
}
