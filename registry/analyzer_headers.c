#include "registry/analyzer_headers.h"

#include <stdio.h>
#include <string.h>

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static const char *take(const cJSON *item, struct buf *lines)
{
	const char *text = cJSON_GetStringValue(item), *why;

	if (!text)
		return "the value of a header is a string";
	why = header_lines_check(slice(item->string), slice(text));
	if (!why && header_lines_have(buf_str(lines), slice(item->string)))
		return "a header is there twice";
	return why ? why : header_lines_set(lines, slice(item->string), slice(text));
}

const char *analyzer_headers_read(const cJSON *object, struct buf *lines)
{
	const char *why = NULL;
	const cJSON *item;

	if (object && !cJSON_IsObject(object))
		return "headers are an object of names and values";
	cJSON_ArrayForEach (item, object)
		if (!why)
			why = take(item, lines);
	return why;
}

cJSON *analyzer_headers_names(const char *lines)
{
	cJSON *names = cJSON_CreateArray();
	struct http_slice name;
	char text[HEADER_LINES_NAME_MAX + 1];

	while (header_lines_next(&lines, &name)) {
		snprintf(text, sizeof(text), "%.*s", (int)name.len, name.data);
		cJSON_AddItemToArray(names, cJSON_CreateString(text));
	}
	return names;
}
