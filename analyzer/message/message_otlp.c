#include "analyzer/message/message_otlp.h"

#include "analyzer/message/message_fields.h"

static char peek(const struct json_cursor *c)
{
	return c->at && c->at < c->end ? *c->at : '\0';
}

static int on_record_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			    void *arg)
{
	struct message *m = arg;
	int r;

	(void)depth;
	if (json_slice_is(key, "attributes"))
		return message_read_attributes(m, c, 1);
	if (!json_slice_is(key, "body"))
		return message_read_member(m, c, key, 1, false);
	buf_append_str(&m->path, "body");
	r = message_read_any_value(m, c, 1);
	buf_clear(&m->path);
	return r;
}

static int on_record(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_visit *visit = arg;
	struct message_mark mark = message_mark(visit->m);
	const char *start = c->at;
	int r;

	buf_clear(&visit->m->path);
	r = peek(c) == '{' ? json_scan_object(c, depth, on_record_member, visit->m)
			   : json_scan_value(c, depth);
	visit->m->raw = (struct json_slice){ start, (size_t)(c->at - start) };
	return message_visit_emit(visit, &mark, r);
}

static int on_scope_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			   void *arg)
{
	struct message *m = arg;

	(void)depth;
	if (json_slice_is(key, "attributes"))
		return message_read_attributes(m, c, 1);
	return message_read_member(m, c, key, 1, false);
}

/* A scope's fields are called scope.name, scope.version, and so on; a resource's have their own names. */
static int add_context(struct message *m, struct json_cursor *c, const char *path)
{
	int r;

	if (peek(c) != '{')
		return 0;
	buf_clear(&m->path);
	buf_append_str(&m->path, path);
	r = json_scan_object(c, JSON_BATCH_MAX_DEPTH, on_scope_member, m);
	buf_clear(&m->path);
	message_end_context(m);
	return r;
}

static int walk_level(struct message_visit *visit, struct json_cursor *c, unsigned depth,
		      struct message_members *members, const char *path, json_element_fn fn)
{
	struct message_mark mark = message_mark(visit->m);
	size_t n;
	int r = message_find_members(c, depth, members);

	if (r == 0)
		r = add_context(visit->m, &members->values[0], path);
	if (r == 0 && peek(&members->values[1]) == '[')
		r = json_scan_array(&members->values[1], JSON_BATCH_MAX_DEPTH, fn, visit, &n);
	message_rewind(visit->m, &mark);
	return r;
}

static int on_scope(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_members members = { .names = { "scope", "logRecords" } };

	return walk_level(arg, c, depth, &members, "scope", on_record);
}

int message_on_resource(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_members members = { .names = { "resource", "scopeLogs" } };

	return walk_level(arg, c, depth, &members, "", on_scope);
}
