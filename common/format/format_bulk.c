#include "common/format/format_bulk.h"

#include <string.h>

#include "common/format/format_sink.h"
#include "common/json/json_scan.h"

/* A document stands in an object, in the array of messages, in an object. */
#define DOCUMENT_DEPTH (FORMAT_MESSAGE_DEPTH - 1)

enum action { ACTION_INDEX, ACTION_CREATE, ACTION_UPDATE, ACTION_DELETE, ACTIONS };
static const char *const action_names[ACTIONS] = { "index", "create", "update", "delete" };

struct operation {
	int action;                  /* enum action, -1: none yet */
	struct json_slice index, id; /* raw values of JSON: strings with their quotes, numbers */
	struct json_slice document;  /* raw; len 0: there is none */
};

static bool is_at(const struct json_cursor *c, char byte)
{
	return c->at < c->end && *c->at == byte;
}

static int scan_raw(struct json_cursor *c, unsigned depth, struct json_slice *raw)
{
	raw->data = c->at;
	if (json_scan_value(c, depth))
		return FORMAT_E_SYNTAX;
	raw->len = (size_t)(c->at - raw->data);
	return 0;
}

/* Strings and numbers name an index and a document; null is as good as nothing. */
static int scan_name(struct json_cursor *c, unsigned depth, struct json_slice *name)
{
	struct json_slice raw;
	int r = scan_raw(c, depth, &raw);

	if (r)
		return r;
	if (raw.data[0] == 'n')
		return 0;
	*name = raw;
	return raw.data[0] == '{' || raw.data[0] == '[' ? FORMAT_E_SYNTAX : 0;
}

static int on_parameter(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			void *arg)
{
	struct operation *op = arg;

	if (json_slice_is(key, "_index"))
		return scan_name(c, depth, &op->index);
	if (json_slice_is(key, "_id"))
		return scan_name(c, depth, &op->id);
	return json_scan_value(c, depth) ? FORMAT_E_SYNTAX : 0;
}

static int on_action(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct operation *op = arg;
	int action = -1;

	for (int i = 0; i < ACTIONS; i++)
		if (json_slice_is(key, action_names[i]))
			action = i;
	/* Elasticsearch reads over what some agents put behind the action. */
	if (op->action >= 0 && action < 0)
		return json_scan_value(c, depth) ? FORMAT_E_SYNTAX : 0;
	if (op->action >= 0 || action < 0 || !is_at(c, '{'))
		return FORMAT_E_SYNTAX; /* there is one action, and it is an object */
	op->action = action;
	return json_scan_object(c, depth, on_parameter, op);
}

static int scan_operation(struct json_cursor *c, struct operation *op)
{
	*op = (struct operation){ .action = -1 };
	if (!is_at(c, '{') || json_scan_object(c, DOCUMENT_DEPTH, on_action, op) != 0 ||
	    op->action < 0)
		return FORMAT_E_SYNTAX;
	if (op->action == ACTION_DELETE)
		return 0;
	json_scan_space(c);
	return is_at(c, '{') ? scan_raw(c, DOCUMENT_DEPTH, &op->document) : FORMAT_E_SYNTAX;
}

/* What is behind the last '/' that comes before `end`. */
static struct format_slice last_segment(struct format_slice path, const char *end)
{
	const char *start = end;

	while (start > path.data && start[-1] != '/')
		start--;
	return (struct format_slice){ start, (size_t)(end - start) };
}

/* The index that the path names: what is before /_bulk, or before /_doc/_bulk of older clients. */
static struct format_slice path_index(struct format_slice path)
{
	const char *end = path.data + path.len;
	struct format_slice name;

	while (end > path.data && end[-1] == '/')
		end--;
	end -= end - path.data >= 6 ? 6 : end - path.data;
	name = last_segment(path, end);
	if (name.len == 4 && memcmp(name.data, "_doc", 4) == 0 && name.data > path.data)
		name = last_segment(path, name.data - 1);
	return name;
}

static void put_index(struct format_sink *sink, const struct operation *op,
		      struct format_slice from_path)
{
	if (op->index.len)
		format_put(sink, op->index.data, op->index.len);
	else
		format_put_text(sink, from_path.data, from_path.len);
}

static void put_message(struct format_sink *sink, const struct operation *op,
			struct format_slice from_path)
{
	format_put_str(sink, "{\"action\":\"");
	format_put_str(sink, action_names[op->action]);
	format_put(sink, "\"", 1);
	if (op->index.len || from_path.len) {
		format_put_str(sink, ",\"index\":");
		put_index(sink, op, from_path);
	}
	if (op->id.len) {
		format_put_str(sink, ",\"id\":");
		format_put(sink, op->id.data, op->id.len);
	}
	if (op->document.len) {
		format_put_str(sink, ",\"document\":");
		format_put(sink, op->document.data, op->document.len);
	}
	format_put(sink, "}", 1);
}

int format_read_bulk(const struct format_body *body, struct format_sink *sink)
{
	struct json_cursor c = { body->data, body->data + body->len };
	struct format_slice from_path = path_index(body->path);
	struct operation op;
	int r = 0;

	format_begin(sink);
	for (json_scan_space(&c); r == 0 && c.at < c.end; json_scan_space(&c)) {
		r = scan_operation(&c, &op);
		if (r == 0)
			r = format_begin_message(sink);
		if (r == 0 && sink->out)
			put_message(sink, &op, from_path);
	}
	return r ? r : format_end(sink);
}

static void put_item(struct format_sink *sink, const struct operation *op,
		     struct format_slice from_path, uint64_t seed)
{
	static const char *const ends[ACTIONS] = {
		"\"result\":\"created\",\"status\":201}}",
		"\"result\":\"created\",\"status\":201}}",
		"\"result\":\"updated\",\"status\":200}}",
		"\"result\":\"deleted\",\"status\":200}}",
	};

	format_put_str(sink, "{\"");
	format_put_str(sink, action_names[op->action]);
	format_put_str(sink, "\":{\"_index\":");
	put_index(sink, op, from_path);
	format_put_str(sink, ",\"_id\":");
	if (op->id.len)
		format_put(sink, op->id.data, op->id.len);
	else {
		seed += sink->n_messages * 0x9e3779b97f4a7c15u;
		format_put_hex(sink, (const char *)&seed, sizeof(seed));
	}
	format_put_str(sink, ",\"_version\":1,");
	format_put_str(sink, ends[op->action]);
}

int format_bulk_items(const struct format_body *body, uint64_t seed, size_t max_bytes,
		      struct buf *out)
{
	struct json_cursor c = { body->data, body->data + body->len };
	struct format_sink sink = { .out = out, .max_bytes = max_bytes };
	struct format_slice from_path = path_index(body->path);
	struct operation op;
	int r = 0;

	for (json_scan_space(&c); r == 0 && c.at < c.end; json_scan_space(&c)) {
		r = scan_operation(&c, &op);
		if (r == 0)
			r = format_begin_message(&sink);
		if (r == 0)
			put_item(&sink, &op, from_path, seed);
	}
	return r ? r : format_result(&sink);
}

static size_t count_operations(const char *body, size_t len)
{
	struct json_cursor c = { body, body + len };
	struct operation op;
	size_t n = 0;

	for (json_scan_space(&c); c.at < c.end; json_scan_space(&c), n++)
		if (scan_operation(&c, &op) != 0)
			return SIZE_MAX;
	return n;
}

/* An operation is moved with the white space behind it: its last line has an end. */
int format_bulk_keep(char *body, size_t *lenp, const bool *keep, size_t n)
{
	struct json_cursor c = { body, body + *lenp };
	struct operation op;
	char *to = body;

	if (count_operations(body, *lenp) != n)
		return FORMAT_E_SYNTAX;
	json_scan_space(&c);
	for (size_t i = 0; i < n; i++) {
		const char *start = c.at;

		if (scan_operation(&c, &op) != 0)
			return FORMAT_E_SYNTAX; /* it was counted above */
		json_scan_space(&c);
		if (!keep[i])
			continue;
		memmove(to, start, (size_t)(c.at - start));
		to += c.at - start;
	}
	*lenp = (size_t)(to - body);
	return 0;
}
