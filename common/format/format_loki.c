/*
 * Loki's push request as protobuf, written in Loki's JSON form:
 *   PushRequest 1: streams   Stream 1: labels, 2: entries   Entry 1: time, 2: line, 3: metadata
 *   {"streams":[{"stream":{...},"values":[["unix ns","line",{...}],...]},...]}
 */
#include "common/format/format_sink.h"
#include "common/format/loki_labels.h"
#include "common/format/protobuf.h"

#define NS_PER_S 1000000000u

struct bytes {
	const char *data;
	size_t len;
};

struct entry {
	uint64_t seconds, nanos;
	struct bytes line;
};

static bool is_bytes(const struct protobuf_field *field, uint32_t number)
{
	return field->number == number && field->wire == PROTOBUF_BYTES;
}

static struct protobuf_cursor cursor(struct bytes bytes)
{
	return protobuf_open(bytes.data, bytes.len);
}

static int read_time(struct bytes bytes, struct entry *entry)
{
	struct protobuf_cursor c = cursor(bytes);
	struct protobuf_field field;

	while (c.at < c.end) {
		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		if (field.number == 1 && field.wire == PROTOBUF_VARINT)
			entry->seconds = field.value;
		if (field.number == 2 && field.wire == PROTOBUF_VARINT)
			entry->nanos = field.value;
	}
	return 0;
}

static int put_pair(struct format_sink *sink, struct bytes bytes)
{
	struct protobuf_cursor c = cursor(bytes);
	struct protobuf_field field;
	struct bytes parts[2] = { { "", 0 }, { "", 0 } };

	while (c.at < c.end) {
		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		if (is_bytes(&field, 1) || is_bytes(&field, 2))
			parts[field.number - 1] = (struct bytes){ field.data, field.len };
	}
	format_put_text(sink, parts[0].data, parts[0].len);
	format_put(sink, ":", 1);
	format_put_text(sink, parts[1].data, parts[1].len);
	return 0;
}

/* What else is in an entry: its structured metadata, if there is any. */
static int put_metadata(struct format_sink *sink, struct bytes bytes)
{
	struct protobuf_cursor c = cursor(bytes);
	struct protobuf_field field;
	bool is_first = true;
	int r = 0;

	while (r == 0 && c.at < c.end) {
		r = protobuf_next(&c, &field);
		if (r || !is_bytes(&field, 3))
			continue;
		format_put_str(sink, is_first ? ",{" : ",");
		is_first = false;
		r = put_pair(sink, (struct bytes){ field.data, field.len });
	}
	if (!is_first)
		format_put(sink, "}", 1);
	return r ? FORMAT_E_SYNTAX : 0;
}

static void put_time(struct format_sink *sink, const struct entry *entry)
{
	uint64_t nanos = entry->nanos < NS_PER_S ? entry->nanos : 0;

	format_put(sink, "\"", 1);
	if (entry->seconds <= UINT64_MAX / NS_PER_S - 1)
		format_put_u64(sink, entry->seconds * NS_PER_S + nanos);
	else
		format_put(sink, "0", 1);
	format_put(sink, "\"", 1);
}

static int put_entry(struct format_sink *sink, struct bytes bytes)
{
	struct protobuf_cursor c = cursor(bytes);
	struct protobuf_field field;
	struct entry entry = { .line = { "", 0 } };
	int r = 0;

	while (r == 0 && c.at < c.end) {
		r = protobuf_next(&c, &field);
		if (r)
			return FORMAT_E_SYNTAX;
		if (is_bytes(&field, 1))
			r = read_time((struct bytes){ field.data, field.len }, &entry);
		else if (is_bytes(&field, 2))
			entry.line = (struct bytes){ field.data, field.len };
	}
	if (r)
		return r;
	if (sink->n_messages++ == UINT32_MAX || sink->is_full)
		return FORMAT_E_TOO_LARGE;
	format_put(sink, "[", 1);
	put_time(sink, &entry);
	format_put(sink, ",", 1);
	format_put_text(sink, entry.line.data, entry.line.len);
	r = put_metadata(sink, bytes);
	format_put(sink, "]", 1);
	return r;
}

static int find_labels(struct bytes stream, struct bytes *labels)
{
	struct protobuf_cursor c = cursor(stream);
	struct protobuf_field field;

	*labels = (struct bytes){ "", 0 };
	while (c.at < c.end) {
		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		if (is_bytes(&field, 1))
			*labels = (struct bytes){ field.data, field.len };
	}
	return 0;
}

static int put_stream(struct format_sink *sink, struct bytes stream)
{
	struct protobuf_cursor c = cursor(stream);
	struct protobuf_field field;
	struct bytes labels;
	bool is_first = true;
	int r = find_labels(stream, &labels);

	format_put_str(sink, "{\"stream\":");
	loki_labels_put(sink, labels.data, labels.len);
	format_put_str(sink, ",\"values\":[");
	while (r == 0 && c.at < c.end) {
		r = protobuf_next(&c, &field);
		if (r || !is_bytes(&field, 2))
			continue;
		format_put_str(sink, is_first ? "" : ",");
		is_first = false;
		r = put_entry(sink, (struct bytes){ field.data, field.len });
	}
	format_put_str(sink, "]}");
	return r;
}

int format_read_loki_proto(const struct format_body *body, struct format_sink *sink)
{
	struct protobuf_cursor c = protobuf_open(body->data, body->len);
	struct protobuf_field field;
	bool is_first = true;
	int r = 0;

	format_put_str(sink, "{\"streams\":[");
	while (r == 0 && c.at < c.end) {
		r = protobuf_next(&c, &field);
		if (r || !is_bytes(&field, 1))
			continue;
		if (sink->is_full)
			return FORMAT_E_TOO_LARGE;
		format_put_str(sink, is_first ? "" : ",");
		is_first = false;
		r = put_stream(sink, (struct bytes){ field.data, field.len });
	}
	format_put_str(sink, "]}");
	if (r == 0 && is_first && body->len > 0)
		return FORMAT_E_SYNTAX; /* it has fields, and none is a stream */
	return r ? r : format_result(sink);
}
