#include "common/metrics/metrics_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A family in the making. */
struct family {
	cJSON *json, *values;
	const char *name;
	bool is_histogram;
};

/* "# HELP name text" or "# TYPE name type", in this order. False: neither. */
static bool read_comment(char *line, cJSON *all, struct family *f)
{
	bool is_help = strncmp(line, "# HELP ", 7) == 0;
	char *name = line + 7, *rest = strchr(name, ' ');

	if (!rest || (!is_help && strncmp(line, "# TYPE ", 7) != 0))
		return false;
	*rest++ = '\0';
	if (is_help) {
		f->json = cJSON_AddObjectToObject(all, name);
		f->name = name;
		cJSON_AddStringToObject(f->json, "help", rest);
		return true;
	}
	f->is_histogram = strcmp(rest, "histogram") == 0;
	cJSON_AddStringToObject(f->json, "type", rest);
	f->values = cJSON_AddArrayToObject(f->json, "values");
	return f->values != NULL;
}

/* The string up to its closing quote, escapes read, in place; what is behind it. NULL: no end. */
static char *read_quoted(char *text)
{
	char *out = text;

	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			*out++ = *++text == 'n' ? '\n' : *text;
		else
			*out++ = *text;
	}
	if (!*text)
		return NULL;
	*out = '\0';
	return text + 1;
}

/* a="b",c="d"} into labels, and *lep, which is none of them. What is behind; NULL: malformed. */
static char *read_labels(char *text, cJSON *labels, const char **lep)
{
	while (*text != '}') {
		char *name = text, *value = strstr(text, "=\"");

		if (!value)
			return NULL;
		*value = '\0';
		value += 2;
		text = read_quoted(value);
		if (!text || (*text != ',' && *text != '}'))
			return NULL;
		text += *text == ',';
		if (strcmp(name, "le") == 0)
			*lep = value;
		else
			cJSON_AddStringToObject(labels, name, value);
	}
	return text + 1;
}

/* Lines of one histogram follow each other, its count last. Takes labels. */
static void add_to_histogram(struct family *f, const char *suffix, cJSON *labels, const char *le,
			     double number)
{
	cJSON *last = cJSON_GetArrayItem(f->values, cJSON_GetArraySize(f->values) - 1);

	if (!last || cJSON_GetObjectItemCaseSensitive(last, "count")) {
		cJSON_AddItemToArray(f->values, last = cJSON_CreateObject());
		cJSON_AddItemToObject(last, "labels", labels);
		cJSON_AddObjectToObject(last, "buckets");
	} else {
		cJSON_Delete(labels);
	}
	if (le)
		cJSON_AddNumberToObject(cJSON_GetObjectItemCaseSensitive(last, "buckets"), le,
					number);
	else
		cJSON_AddNumberToObject(last, suffix, number);
}

static bool read_value(char *line, struct family *f)
{
	size_t len = f->values ? strlen(f->name) : 0;
	char *end = line + strcspn(line, "{ "), mark = *end;
	const char *le = NULL;
	cJSON *labels = cJSON_CreateObject(), *value;

	if (!len || strncmp(line, f->name, len) != 0 || !labels) {
		cJSON_Delete(labels);
		return false;
	}
	*end++ = '\0';
	if (mark == '{')
		end = read_labels(end, labels, &le);
	if (!end) {
		cJSON_Delete(labels);
		return false;
	}
	if (f->is_histogram) {
		add_to_histogram(f, line + len + 1, labels, le, strtod(end, NULL));
		return true;
	}
	cJSON_AddItemToArray(f->values, value = cJSON_CreateObject());
	cJSON_AddItemToObject(value, "labels", labels);
	cJSON_AddNumberToObject(value, "value", strtod(end, NULL));
	return true;
}

cJSON *metrics_json(char *text)
{
	cJSON *all = cJSON_CreateObject();
	struct family f = { 0 };
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) && *line) {
		if (line[0] == '#' ? read_comment(line, all, &f) : read_value(line, &f))
			continue;
		cJSON_Delete(all);
		return NULL;
	}
	return all;
}
