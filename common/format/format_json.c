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

int format_read_json_lines(const struct format_body *body, struct format_sink *sink)
{
	return read_values(body, sink, false);
}

int format_read_objects(const struct format_body *body, struct format_sink *sink)
{
	return read_values(body, sink, true);
}
