#include "common/format/loki_labels.h"

#include <string.h>

#include "common/format/format_sink.h"

struct label {
	const char *name, *value; /* the value is between its quotes, escapes as written */
	size_t name_len, value_len;
};

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n'))
		at++;
	return at;
}

/* Whether there is an escape that Go and JSON write alike. */
static bool is_escape(const char *at, const char *end)
{
	return end - at > 1 && at[1] && strchr("\"\\nrtbf", at[1]);
}

/* Reads name="value". NULL: it is none. */
static const char *read_label(const char *at, const char *end, struct label *label)
{
	label->name = at;
	while (at < end && *at != '=' && *at != '"' && *at != ',' && *at != '}' && *at != ' ')
		at++;
	label->name_len = (size_t)(at - label->name);
	at = skip_space(at, end);
	if (label->name_len == 0 || at == end || *at != '=')
		return NULL;
	at = skip_space(at + 1, end);
	if (at == end || *at != '"')
		return NULL;
	label->value = ++at;
	while (at < end && *at != '"') {
		if (*at == '\\' && !is_escape(at, end))
			return NULL;
		at += *at == '\\' ? 2 : 1;
	}
	label->value_len = (size_t)(at - label->value);
	return at < end ? at + 1 : NULL;
}

static void put_value(struct format_sink *sink, const struct label *label)
{
	static const char codes[] = "\"\\nrtbf", bytes[] = "\"\\\n\r\t\b\f";
	AUTO_FREE char *decoded = NULL;
	size_t n = 0;

	if (!memchr(label->value, '\\', label->value_len)) {
		format_put_text(sink, label->value, label->value_len);
		return;
	}
	decoded = malloc(label->value_len);
	if (!decoded) {
		sink->is_full = true;
		return;
	}
	for (size_t i = 0; i < label->value_len; i++) {
		char byte = label->value[i];

		if (byte == '\\')
			byte = bytes[strchr(codes, label->value[++i]) - codes];
		decoded[n++] = byte;
	}
	format_put_text(sink, decoded, n);
}

/* Writes them where there is a sink. False: the text is not written so. */
static bool read_labels(struct format_sink *sink, const char *at, const char *end)
{
	struct label label;
	bool is_first = true;

	at = skip_space(at, end);
	if (at == end || *at++ != '{')
		return false;
	for (at = skip_space(at, end); at < end && *at != '}'; at = skip_space(at, end)) {
		at = read_label(at, end, &label);
		if (!at)
			return false;
		if (sink) {
			format_put_str(sink, is_first ? "" : ",");
			format_put_text(sink, label.name, label.name_len);
			format_put(sink, ":", 1);
			put_value(sink, &label);
		}
		is_first = false;
		at = skip_space(at, end);
		if (at < end && *at == ',')
			at++;
		else if (at < end && *at != '}')
			return false;
	}
	return at < end && skip_space(at + 1, end) == end;
}

void loki_labels_put(struct format_sink *sink, const char *text, size_t len)
{
	format_put(sink, "{", 1);
	if (!read_labels(NULL, text, text + len)) {
		format_put_str(sink, "\"labels\":");
		format_put_text(sink, text, len);
	} else {
		read_labels(sink, text, text + len);
	}
	format_put(sink, "}", 1);
}
