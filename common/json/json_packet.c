#include "common/json/json_packet.h"

const char *const json_envelope_names[] = { NULL,     "messages",     "records", "logs",
					    "events", "resourceLogs", "streams" };
static_assert(ARRAY_LEN(json_envelope_names) == JSON_ENVELOPES, "every envelope has a name");

struct fields {
	struct json_packet *packet;
	bool seen_id;
	bool is_broken; /* an element of a nested envelope is no object */
	bool is_odd;    /* something in a nested envelope, or in its place, is of another shape */
	unsigned seen;  /* bits by envelope */
	size_t n_fields;
};

static char peek(const struct json_cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static int scan_messages(struct json_cursor *c, unsigned depth, struct json_packet *packet)
{
	size_t n_messages;
	int r = json_scan_array(c, depth, NULL, NULL, &n_messages);

	if (r)
		return r;
	packet->n_messages = n_messages;
	return n_messages ? 0 : JSON_PACKET_E_EMPTY;
}

/* One level of a nested envelope: its elements are objects with an array of this name. */
struct level {
	const char *const *names; /* of this level and of those below, ended by NULL */
	const char *other;        /* what the lowest level may be called as well; NULL: nothing */
	uint64_t *n_messagesp;
	bool *is_brokenp; /* NULL: not the highest level */
	bool *is_oddp;
	bool was_seen; /* in the object that is scanned */
};

static int on_nested_element(struct json_cursor *c, unsigned depth, void *arg);

static int on_nested_field(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			   void *arg)
{
	struct level *level = arg;
	struct level below = { level->names + 1, level->other, level->n_messagesp, NULL,
			       level->is_oddp,   false };
	bool is_last = level->names[1] == NULL;
	bool is_other = is_last && level->other && json_slice_is(key, level->other);
	size_t n;
	int r;

	if (level->was_seen || !(is_other || json_slice_is(key, level->names[0]))) {
		*level->is_oddp |= peek(c) == '['; /* messages may have been meant */
		return json_scan_value(c, depth);
	}
	level->was_seen = true;
	if (peek(c) != '[') {
		*level->is_oddp |= peek(c) != 'n';
		return json_scan_value(c, depth);
	}
	r = json_scan_array(c, depth, is_last ? NULL : on_nested_element, &below, &n);
	if (r == 0 && is_last)
		*level->n_messagesp += n;
	return r;
}

static int on_nested_element(struct json_cursor *c, unsigned depth, void *arg)
{
	struct level *level = arg;

	level->was_seen = false;
	if (peek(c) == '{')
		return json_scan_object(c, depth, on_nested_field, level);
	if (level->is_brokenp)
		*level->is_brokenp = true;
	*level->is_oddp = true;
	return json_scan_value(c, depth);
}

static int scan_nested(struct json_cursor *c, unsigned depth, struct fields *fields,
		       enum json_envelope envelope)
{
	static const char *const otlp[] = { "scopeLogs", "logRecords", NULL };
	static const char *const loki[] = { "values", NULL };
	uint64_t n_messages = 0;
	bool is_loki = envelope == JSON_ENVELOPE_STREAMS;
	/* Loki's older clients have "entries", and send them to /api/prom/push */
	struct level level = { is_loki ? loki : otlp, is_loki ? "entries" : NULL,
			       &n_messages,           &fields->is_broken,
			       &fields->is_odd,       false };
	size_t n;
	int r = json_scan_array(c, depth, on_nested_element, &level, &n);

	fields->packet->n_messages = n_messages;
	return r;
}

static enum json_envelope find_envelope(const struct fields *fields, const struct json_slice *key)
{
	if (key->len < JSON_ENVELOPE_MIN_NAME)
		return JSON_ENVELOPE_NONE;
	for (int i = JSON_ENVELOPE_MESSAGES; i < JSON_ENVELOPES; i++)
		if (json_slice_is(key, json_envelope_names[i]))
			return fields->seen >> i & 1 ? JSON_ENVELOPE_NONE : (enum json_envelope)i;
	return JSON_ENVELOPE_NONE;
}

/* The cursor is at the array of an envelope that no other one goes before. */
static int scan_envelope(struct json_cursor *c, unsigned depth, struct fields *fields,
			 enum json_envelope envelope)
{
	size_t n_messages = 0;
	int r;

	fields->packet->envelope = envelope;
	if (envelope == JSON_ENVELOPE_MESSAGES)
		return scan_messages(c, depth, fields->packet);
	if (json_envelope_is_nested(envelope))
		return scan_nested(c, depth, fields, envelope);
	r = json_scan_array(c, depth, NULL, NULL, &n_messages);
	fields->packet->n_messages = n_messages;
	return r;
}

static int on_field(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct fields *fields = arg;
	enum json_envelope envelope = find_envelope(fields, key);
	bool is_id = !fields->seen_id && json_slice_is(key, "id");

	fields->n_fields++;
	fields->seen_id |= is_id;
	fields->seen |= 1u << envelope;
	if (envelope != JSON_ENVELOPE_NONE && peek(c) == '[' &&
	    (envelope == JSON_ENVELOPE_MESSAGES || fields->packet->envelope == JSON_ENVELOPE_NONE))
		return scan_envelope(c, depth, fields, envelope);
	if (json_envelope_is_nested(envelope))
		fields->is_odd |= peek(c) != 'n';
	if (is_id && peek(c) == '"')
		return json_scan_string(c, &fields->packet->id);
	return json_scan_value(c, depth);
}

/* All fields are known: what does the envelope hold? */
static int settle_envelope(struct fields *fields)
{
	struct json_packet *packet = fields->packet;
	bool is_nested = json_envelope_is_nested(packet->envelope);
	bool has_nested = fields->seen >> JSON_ENVELOPE_RESOURCE_LOGS;

	packet->is_hollow = !fields->is_odd && (fields->n_fields == 0 || has_nested);
	if (packet->envelope <= JSON_ENVELOPE_MESSAGES)
		return 0;
	if (is_nested ? fields->is_broken : packet->n_messages == 0 && fields->n_fields > 1) {
		packet->envelope = JSON_ENVELOPE_NONE;
		packet->n_messages = 1;
	}
	return packet->n_messages ? 0 : JSON_PACKET_E_EMPTY;
}

static int scan_object(struct json_cursor *c, unsigned depth, struct json_packet *packet)
{
	struct fields fields = { .packet = packet };
	int r = json_scan_object(c, depth, on_field, &fields);

	return r ? r : settle_envelope(&fields);
}

/* A scalar is told from bad syntax: they have different reasons in the answer. */
static int scan_scalar(struct json_cursor *c, unsigned depth)
{
	int r = json_scan_value(c, depth);

	return r ? r : JSON_PACKET_E_SCALAR;
}

int json_packet_scan(struct json_cursor *c, unsigned depth, struct json_packet *packet)
{
	int r;

	*packet = (struct json_packet){ .raw.data = c->at, .n_messages = 1 };
	if (peek(c) == '{')
		r = scan_object(c, depth, packet);
	else if (peek(c) == '[')
		r = scan_messages(c, depth, packet);
	else
		r = scan_scalar(c, depth);
	packet->raw.len = (size_t)(c->at - packet->raw.data);
	return r;
}

int json_packet_read(const char *body, size_t len, unsigned depth, struct json_packet *packet)
{
	struct json_cursor c = { .at = body, .end = body + len };
	int r;

	json_scan_space(&c);
	r = json_packet_scan(&c, depth, packet);
	if (r == JSON_PACKET_E_EMPTY) { /* that ended the scan: is all of it JSON? */
		c.at = packet->raw.data;
		if (json_scan_value(&c, depth))
			return JSON_PACKET_E_SYNTAX;
	} else if (r == JSON_PACKET_E_SYNTAX) {
		return r;
	}
	json_scan_space(&c);
	return c.at == c.end ? r : JSON_PACKET_E_SYNTAX;
}
