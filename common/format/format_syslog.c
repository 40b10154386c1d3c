/*
 * Syslog: frames behind each other, lines or counted, each of them a message. The host that the
 * query names is that of messages that do not name theirs.
 */
#include <string.h>

#include "common/format/format_query.h"
#include "common/format/format_sink.h"
#include "common/format/syslog_frame.h"
#include "common/format/syslog_message.h"

#define MAX_GATHERED 64 /* parameters of an element in which equal names are looked for */

static void put_name(struct format_sink *sink, const char *name)
{
	format_put(sink, ",\"", 2);
	format_put_str(sink, name);
	format_put(sink, "\":", 2);
}

static void put_part(struct format_sink *sink, const char *name, struct format_slice part)
{
	if (part.len == 0)
		return;
	put_name(sink, name);
	format_put_text(sink, part.data, part.len);
}

/* ---- structured data ---- */

/* Without its escapes: \", \\ and \]. Other backslashes are what they are. */
static void put_value(struct format_sink *sink, struct format_slice value)
{
	size_t n = 0;
	char *text;

	if (!sink->out || !value.len || !memchr(value.data, '\\', value.len)) {
		format_put_text(sink, value.data, value.len);
		return;
	}
	text = malloc(value.len);
	for (size_t i = 0; text && i < value.len; i++) {
		if (value.data[i] == '\\' && i + 1 < value.len &&
		    strchr("\"\\]", value.data[i + 1]))
			i++;
		text[n++] = value.data[i];
	}
	format_put_text(sink, text ? text : value.data, text ? n : value.len);
	free(text);
}

struct param {
	struct format_slice name, value;
	bool is_put;
};

static bool is_same(struct format_slice a, struct format_slice b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Values of one name are an array. */
static void put_param(struct format_sink *sink, struct param *params, size_t n, size_t i)
{
	bool is_array = false;

	for (size_t k = i + 1; k < n && !is_array; k++)
		is_array = is_same(params[k].name, params[i].name);
	format_put_text(sink, params[i].name.data, params[i].name.len);
	format_put_str(sink, is_array ? ":[" : ":");
	put_value(sink, params[i].value);
	for (size_t k = i + 1; k < n; k++) {
		if (!is_same(params[k].name, params[i].name))
			continue;
		format_put(sink, ",", 1);
		put_value(sink, params[k].value);
		params[k].is_put = true;
	}
	if (is_array)
		format_put(sink, "]", 1);
}

static void put_params(struct format_sink *sink, struct format_slice rest)
{
	struct param params[MAX_GATHERED];
	bool is_first = true;
	size_t n;

	do {
		for (n = 0; n < MAX_GATHERED; n++) {
			params[n].is_put = false;
			if (!syslog_param_next(&rest, &params[n].name, &params[n].value))
				break;
		}
		for (size_t i = 0; i < n; i++) {
			if (params[i].is_put)
				continue;
			if (!is_first)
				format_put(sink, ",", 1);
			is_first = false;
			put_param(sink, params, n, i);
		}
	} while (n == MAX_GATHERED && !sink->is_full);
}

static void put_data(struct format_sink *sink, struct format_slice data)
{
	struct format_slice id, params;
	bool is_first = true;

	if (data.len == 0)
		return;
	put_name(sink, "structured_data");
	format_put(sink, "{", 1);
	while (syslog_data_next(&data, &id, &params) && !sink->is_full) {
		if (!is_first)
			format_put(sink, ",", 1);
		is_first = false;
		format_put_text(sink, id.data, id.len);
		format_put_str(sink, ":{");
		put_params(sink, params);
		format_put(sink, "}", 1);
	}
	format_put(sink, "}", 1);
}

/* ---- a message ---- */

static void put_priority(struct format_sink *sink, int priority)
{
	format_put_str(sink, ",\"pri\":");
	format_put_u64(sink, (uint64_t)priority);
	format_put_str(sink, ",\"facility\":\"");
	format_put_str(sink, syslog_facility_name(priority));
	format_put_str(sink, "\",\"severity\":\"");
	format_put_str(sink, syslog_severity_name(priority));
	format_put(sink, "\"", 1);
}

static void put_message(struct format_sink *sink, struct format_slice bytes,
			struct format_slice host)
{
	struct syslog_message m;

	syslog_message_parse(bytes.data, bytes.len, &m);
	format_put_str(sink, "{\"message\":");
	format_put_text(sink, m.text.data, m.text.len);
	if (m.priority >= 0)
		put_priority(sink, m.priority);
	if (m.version) {
		put_name(sink, "version");
		format_put_u64(sink, (uint64_t)m.version);
	}
	put_part(sink, "timestamp", m.timestamp);
	put_part(sink, "hostname", m.hostname.len ? m.hostname : host);
	put_part(sink, "app_name", m.app_name);
	put_part(sink, "procid", m.procid);
	put_part(sink, "msgid", m.msgid);
	put_data(sink, m.data);
	format_put(sink, "}", 1);
}

int format_read_syslog(const struct format_body *body, struct format_sink *sink)
{
	const char *at = body->data, *end = at + body->len;
	char host[FORMAT_QUERY_VALUE_MAX];
	struct format_slice from = { host, format_query_get(body->query, "host", host) };
	struct syslog_frame frame;
	int r = 0;

	format_begin(sink);
	for (; r == 0 && at < end; at += frame.n_taken) {
		if (syslog_frame_read(at, (size_t)(end - at), 0, body->len, true, true, &frame) !=
		    SYSLOG_FRAME_WHOLE)
			return FORMAT_E_SYNTAX;
		if (frame.message.len == 0)
			continue;
		r = format_begin_message(sink);
		if (r == 0 && sink->out)
			put_message(sink, frame.message, from);
	}
	return r ? r : format_end(sink);
}
