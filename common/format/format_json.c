/* The formats that are JSON, or values of JSON behind each other. */
#include "common/format/format_sink.h"
#include "common/json/json_packet.h"

static int read_document(const struct format_body *body, struct format_sink *sink,
			 struct json_packet *packet)
{
	int r = json_packet_read(body->data, body->len, JSON_MAX_DEPTH, packet);

	if (r == JSON_PACKET_E_EMPTY)
		return FORMAT_E_EMPTY;
	if (r)
		return FORMAT_E_SYNTAX;
	if (packet->n_messages > UINT32_MAX)
		return FORMAT_E_TOO_LARGE;
	sink->n_messages = packet->n_messages;
	return 0;
}

int format_read_json(const struct format_body *body, struct format_sink *sink)
{
	struct json_packet packet = { 0 };

	return read_document(body, sink, &packet);
}

/* An envelope without messages holds nothing, as a protobuf without its field does. Anything else
 * is refused: its agent would be told that messages are taken that nobody gets. */
static int read_envelope(const struct format_body *body, struct format_sink *sink,
			 enum json_envelope wanted)
{
	struct json_packet packet = { 0 };
	int r = read_document(body, sink, &packet);

	if (r == 0 && packet.envelope == wanted)
		return 0;
	sink->n_messages = 0;
	if (r == FORMAT_E_EMPTY || (r == 0 && packet.envelope == JSON_ENVELOPE_NONE))
		return packet.is_hollow ? FORMAT_E_EMPTY : FORMAT_E_SYNTAX;
	return r ? r : FORMAT_E_SYNTAX;
}

int format_read_otlp_json(const struct format_body *body, struct format_sink *sink)
{
	return read_envelope(body, sink, JSON_ENVELOPE_RESOURCE_LOGS);
}

int format_read_loki_json(const struct format_body *body, struct format_sink *sink)
{
	return read_envelope(body, sink, JSON_ENVELOPE_STREAMS);
}

int format_read_kafkarest(const struct format_body *body, struct format_sink *sink)
{
	struct json_packet packet = { 0 };
	int r = read_document(body, sink, &packet);

	return r == 0 && packet.envelope != JSON_ENVELOPE_RECORDS ? FORMAT_E_SYNTAX : r;
}

/* Writes the value at the cursor as one message. */
static int read_value(struct json_cursor *c, unsigned depth, void *arg)
{
	struct format_sink *sink = arg;
	const char *start = c->at;
	int r = json_scan_value(c, depth);

	if (r)
		return FORMAT_E_SYNTAX;
	r = format_begin_message(sink);
	if (r == 0)
		format_put(sink, start, (size_t)(c->at - start));
	return r;
}

static bool is_at(const struct json_cursor *c, char byte)
{
	return c->at < c->end && *c->at == byte;
}

/* An array is one message, or as many as it has elements. */
static int read_values(const struct format_body *body, struct format_sink *sink, bool in_arrays)
{
	struct json_cursor c = { body->data, body->data + body->len };
	size_t n_elements;
	int r = 0;

	format_begin(sink);
	for (json_scan_space(&c); r == 0 && c.at < c.end; json_scan_space(&c)) {
		if (in_arrays && is_at(&c, '['))
			r = json_scan_array(&c, FORMAT_MESSAGE_DEPTH, read_value, sink,
					    &n_elements);
		else if (is_at(&c, '{') || is_at(&c, '['))
			r = read_value(&c, FORMAT_MESSAGE_DEPTH, sink);
		else
			r = FORMAT_E_SYNTAX;
	}
	return r ? r : format_end(sink);
}

/* ---- envelopes of OTLP or Loki, one behind the other ---- */

/* The next value, if it is an object with such an envelope; else JSON_ENVELOPE_NONE. */
static enum json_envelope next_envelope(struct json_cursor *c, struct json_packet *packet)
{
	int r;

	if (!is_at(c, '{'))
		return JSON_ENVELOPE_NONE;
	r = json_packet_scan(c, JSON_MAX_DEPTH, packet);
	if (!json_envelope_is_nested(packet->envelope) || (r && r != JSON_PACKET_E_EMPTY))
		return JSON_ENVELOPE_NONE;
	return packet->envelope;
}

/* That which all values have; JSON_ENVELOPE_NONE: they are no such envelopes. */
static enum json_envelope find_common_envelope(const struct format_body *body)
{
	struct json_cursor c = { body->data, body->data + body->len };
	enum json_envelope common = JSON_ENVELOPE_NONE, envelope;
	struct json_packet packet;

	for (json_scan_space(&c); c.at < c.end; json_scan_space(&c)) {
		envelope = next_envelope(&c, &packet);
		if (envelope == JSON_ENVELOPE_NONE || (common && envelope != common))
			return JSON_ENVELOPE_NONE;
		common = envelope;
	}
	return common;
}

struct elements {
	const char *name;        /* of the envelope */
	struct json_slice array; /* raw, without its brackets and blanks at its ends */
	bool is_found;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static int on_field(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct elements *e = arg;
	const char *start = c->at + 1;
	bool is_it = !e->is_found && json_slice_is(key, e->name);
	int r = json_scan_value(c, depth);

	if (r || !is_it)
		return r;
	e->is_found = true;
	e->array = (struct json_slice){ start, (size_t)(c->at - 1 - start) };
	for (; e->array.len && is_blank(e->array.data[0]); e->array.len--)
		e->array.data++;
	while (e->array.len && is_blank(e->array.data[e->array.len - 1]))
		e->array.len--;
	return 0;
}

/* All values were read before. They become one envelope with the elements of each. */
static int merge_envelopes(const struct format_body *body, struct format_sink *sink,
			   enum json_envelope envelope)
{
	struct json_cursor c = { body->data, body->data + body->len }, object;
	struct elements e;
	struct json_packet packet;
	const char *between = "";

	format_put_str(sink, "{\"");
	format_put_str(sink, json_envelope_names[envelope]);
	format_put_str(sink, "\":[");
	for (json_scan_space(&c); c.at < c.end; json_scan_space(&c)) {
		object = c;
		e = (struct elements){ .name = json_envelope_names[envelope] };
		if (next_envelope(&c, &packet) != envelope ||
		    json_scan_object(&object, JSON_MAX_DEPTH, on_field, &e) != 0)
			return FORMAT_E_SYNTAX;
		sink->n_messages += packet.n_messages;
		if (sink->is_full || sink->n_messages > UINT32_MAX)
			return FORMAT_E_TOO_LARGE;
		if (e.array.len == 0)
			continue;
		format_put_str(sink, between);
		format_put(sink, e.array.data, e.array.len);
		between = ",";
	}
	format_put_str(sink, "]}");
	return format_result(sink);
}

int format_read_json_lines(const struct format_body *body, struct format_sink *sink)
{
	enum json_envelope envelope = find_common_envelope(body);

	return envelope ? merge_envelopes(body, sink, envelope) : read_values(body, sink, false);
}

int format_read_objects(const struct format_body *body, struct format_sink *sink)
{
	return read_values(body, sink, true);
}
