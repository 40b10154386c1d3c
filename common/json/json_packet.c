#include "common/json/json_packet.h"

struct fields {
	struct json_packet *packet;
	bool seen_id;
	bool seen_messages;
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

static int on_field(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct fields *fields = arg;
	bool is_id = !fields->seen_id && json_slice_is(key, "id");
	bool is_messages = !fields->seen_messages && json_slice_is(key, "messages");

	fields->seen_id |= is_id;
	fields->seen_messages |= is_messages;
	if (is_messages && peek(c) == '[')
		return scan_messages(c, depth, fields->packet);
	if (is_id && peek(c) == '"')
		return json_scan_string(c, &fields->packet->id);
	return json_scan_value(c, depth);
}

/* A scalar is told from bad syntax: they have different reasons in the answer. */
static int scan_scalar(struct json_cursor *c, unsigned depth)
{
	int r = json_scan_value(c, depth);

	return r ? r : JSON_PACKET_E_SCALAR;
}

int json_packet_scan(struct json_cursor *c, unsigned depth, struct json_packet *packet)
{
	struct fields fields = { .packet = packet };
	int r;

	*packet = (struct json_packet){ .raw.data = c->at, .n_messages = 1 };
	if (peek(c) == '{')
		r = json_scan_object(c, depth, on_field, &fields);
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
