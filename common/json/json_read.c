#include "common/json/json_read.h"

#include <string.h>

#include "common/json/json_scan.h"

/* In valid JSON a backslash begins an escape, and stands in strings alone. */
static bool has_nul(const char *data, size_t len)
{
	const char *end = data + len, *at = data;

	while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		if (memcmp(at, "\\u0000", (size_t)(end - at) < 6 ? 2 : 6) == 0)
			return true;
		at += 2;
	}
	return false;
}

int json_read(const char *data, size_t len, cJSON **jsonp)
{
	if (json_scan_document(data, len, JSON_MAX_DEPTH) != 0)
		return JSON_READ_E_SYNTAX;
	if (has_nul(data, len))
		return JSON_READ_E_NUL;
	*jsonp = cJSON_ParseWithLength(data, len);
	return *jsonp ? 0 : -ENOMEM;
}

cJSON *json_read_text(const char *text)
{
	cJSON *json = NULL;

	return text && json_read(text, strlen(text), &json) == 0 ? json : NULL;
}

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at;
}

static bool is_shallow(const char *at, const char *end)
{
	unsigned depth = 0;

	for (; at < end && depth <= JSON_MAX_DEPTH; at++) {
		if (*at == '"')
			at = skip_string(at, end);
		else if (*at == '[' || *at == '{')
			depth++;
		else if (depth > 0 && (*at == ']' || *at == '}'))
			depth--;
	}
	return depth <= JSON_MAX_DEPTH;
}

cJSON *json_read_own(const char *text, size_t len)
{
	return is_shallow(text, text + len) ? cJSON_ParseWithLength(text, len) : NULL;
}
