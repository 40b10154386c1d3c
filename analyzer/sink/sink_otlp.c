/*
 * OTLP over HTTP with JSON. The analyzer is the resource, and the fields of a message are its attributes.
 */
#include <string.h>

#include "analyzer/message/message_level.h"
#include "analyzer/sink/sink_form.h"
#include "common/json/json_read.h"
#include "common/json/json_text.h"
#include "common/log.h"

#define INT64_DIGITS 18 /* that always fit */

static void begin(struct buf *body, const struct sink_options *options)
{
	buf_append_str(
		body,
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
		"\"value\":{\"stringValue\":\"weir-analyzer\"}},{\"key\":\"service.instance.id\","
		"\"value\":{\"stringValue\":");
	json_text_append(body, options->analyzer, strlen(options->analyzer));
	buf_append_str(
		body,
		"}}]},\"scopeLogs\":[{\"scope\":{\"name\":\"weir-analyzer\",\"version\":\"" WEIR_VERSION
		"\"},\"logRecords\":[");
}

/* How many it has dropped is known, but not which: the last ones stand for them. */
static int judge(struct items *items, const size_t *sent, size_t n_sent, const char *answer)
{
	cJSON *json = json_read_own(answer, strlen(answer));
	const cJSON *partial = cJSON_GetObjectItemCaseSensitive(json, "partialSuccess");
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(partial, "rejectedLogRecords");
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(partial, "errorMessage");
	unsigned long long n_rejected =
		cJSON_IsString(count)   ? strtoull(count->valuestring, NULL, 10)
		: cJSON_IsNumber(count) ? (unsigned long long)count->valuedouble
					: 0;

	for (size_t i = 0; i < n_sent; i++)
		items->list[sent[i]].state = n_sent - i <= n_rejected ? ITEM_REJECTED : ITEM_TAKEN;
	if (n_rejected > 0)
		log_warn("sink", "records rejected", "n=%llu reason=%s", n_rejected,
			 cJSON_IsString(text) ? text->valuestring : "not said");
	cJSON_Delete(json);
	return 0;
}

const struct sink_form otlp_form = { .content_type = "application/json",
				     .max_items = 5000,
				     .separator = ",",
				     .begin = begin,
				     .end = "]}]}]}",
				     .judge = judge };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_integer(const struct json_slice *number)
{
	size_t n_sign = number->data[0] == '-';

	for (size_t i = n_sign; i < number->len; i++)
		if (!is_digit(number->data[i]))
			return false;
	return number->len - n_sign <= INT64_DIGITS;
}

/* A number that a double would change is a text, so that no digit is lost. */
static bool is_double(const struct json_slice *number)
{
	size_t n_digits = 0;

	for (size_t i = 0; i < number->len && number->data[i] != 'e' && number->data[i] != 'E'; i++)
		n_digits += is_digit(number->data[i]);
	return n_digits <= 15 && number->len <= 24;
}

static void append_any_value(struct buf *out, const struct message_field *field)
{
	const struct json_slice *value = &field->value;

	if (field->kind == MESSAGE_BOOL) {
		buf_append_str(out, "{\"boolValue\":");
		buf_append(out, value->data, value->len);
	} else if (field->kind == MESSAGE_NUMBER && is_integer(value)) {
		buf_append_str(out, "{\"intValue\":");
		document_append_quoted(out, value);
	} else if (field->kind == MESSAGE_NUMBER && is_double(value)) {
		buf_append_str(out, "{\"doubleValue\":");
		buf_append(out, value->data, value->len);
	} else {
		buf_append_str(out, "{\"stringValue\":");
		if (field->kind == MESSAGE_NUMBER)
			document_append_quoted(out, value);
		else
			document_append_scalar(out, field);
	}
	buf_append(out, "}", 1);
}

static void append_attribute(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, ",{\"key\":\"%s\",\"value\":{\"stringValue\":", name);
	json_text_append(out, value, strlen(value));
	buf_append_str(out, "}}");
}

static void append_origin(struct buf *out, const struct origin *origin)
{
	append_attribute(out, "_analyzer", origin->analyzer);
	append_attribute(out, "_node", origin->node);
	append_attribute(out, "_pool", origin->pool);
	if (origin->packet_id.len == 0)
		return;
	buf_append_str(out, ",{\"key\":\"_packet_id\",\"value\":{\"stringValue\":");
	document_append_quoted(out, &origin->packet_id);
	buf_append_str(out, "}}");
}

static bool is_named(const struct message *m, size_t i, const char *name)
{
	return m->fields[i].name_len == strlen(name) &&
	       memcmp(message_name(m, &m->fields[i]), name, strlen(name)) == 0;
}

/* Ids of traces stand in the record itself, where they are of the right size. */
enum { TRACE_ID, SPAN_ID, IDS };

static const struct {
	const char *name, *other;
	size_t len;
} ids[IDS] = {
	[TRACE_ID] = { "traceId", "trace_id", 32 }, [SPAN_ID] = { "spanId", "span_id", 16 }
};

static bool is_id(const struct message *m, size_t i, size_t id)
{
	const struct message_field *field = &m->fields[i];

	if (field->kind != MESSAGE_TEXT || field->value.len != ids[id].len ||
	    !(is_named(m, i, ids[id].name) || is_named(m, i, ids[id].other)))
		return false;
	for (size_t j = 0; j < field->value.len; j++)
		if (!strchr("0123456789abcdefABCDEF", field->value.data[j]))
			return false;
	return true;
}

/* Of two, such as traceId and trace_id, the other one is an attribute. The message's own go before its
 * context. -1: there is none. */
static int find_id(const struct message *m, size_t id)
{
	for (size_t i = m->n_fields; i-- > 0;)
		if (is_id(m, i, id) && !message_is_hidden(m, i))
			return (int)i;
	return -1;
}

static void append_id(struct buf *out, const struct message *m, size_t id, int field)
{
	if (field < 0)
		return;
	buf_printf(out, ",\"%s\":", ids[id].name);
	document_append_quoted(out, &m->fields[field].value);
}

static int severity_of(const struct message *m)
{
	const struct message_field *field = &m->fields[m->level_field];
	int number = 0;

	if (!is_named(m, (size_t)m->level_field, "severityNumber") || field->value.len > 2 ||
	    !is_digit(field->value.data[0]))
		return message_level_otlp[m->level];
	for (size_t i = 0; i < field->value.len; i++)
		number = number * 10 + (field->value.data[i] - '0');
	return number;
}

static void append_severity(struct buf *out, const struct message *m)
{
	const struct message_field *field;

	if (m->level < 0)
		return;
	field = &m->fields[m->level_field];
	buf_printf(out, ",\"severityNumber\":%d", severity_of(m));
	if (field->kind == MESSAGE_TEXT && !is_digit(field->value.data[0])) {
		buf_append_str(out, ",\"severityText\":");
		document_append_quoted(out, &field->value);
	}
}

static void append_attributes(struct buf *out, const struct sink_message *sm, const int found[IDS])
{
	const struct message *m = sm->message;
	size_t start = out->len;

	append_origin(out, sm->origin);
	if (m->host >= 0) {
		buf_append_str(out, ",{\"key\":\"host.name\",\"value\":");
		append_any_value(out, &m->fields[m->host]);
		buf_append(out, "}", 1);
	}
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct message_field *field = &m->fields[i];

		if (message_is_found(m, i) || (int)i == found[TRACE_ID] ||
		    (int)i == found[SPAN_ID] || message_is_hidden(m, i))
			continue;
		buf_append_str(out, ",{\"key\":");
		json_text_append(out, message_name(m, field), field->name_len);
		buf_append_str(out, ",\"value\":");
		append_any_value(out, field);
		buf_append(out, "}", 1);
	}
	if (!out->failed)
		out->data[start] = '['; /* in the place of the first comma */
	buf_append(out, "]", 1);
}

int otlp_write(const struct sink_message *sm, struct buf *out)
{
	const struct message *m = sm->message;
	const int found[IDS] = { find_id(m, TRACE_ID), find_id(m, SPAN_ID) };

	if (m->time >= 0)
		buf_printf(out, "{\"timeUnixNano\":\"%llu\",", (unsigned long long)m->time_ns);
	else
		buf_append(out, "{", 1);
	buf_printf(out, "\"observedTimeUnixNano\":\"%llu\",\"body\":{\"stringValue\":",
		   (unsigned long long)m->now_ns);
	document_append_text(out, m);
	buf_append(out, "}", 1);
	append_severity(out, m);
	buf_append_str(out, ",\"attributes\":");
	append_attributes(out, sm, found);
	for (size_t id = 0; id < IDS; id++)
		append_id(out, m, id, found[id]);
	buf_append(out, "}", 1);
	return 0;
}
