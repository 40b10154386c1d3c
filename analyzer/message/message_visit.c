#include "analyzer/message/message_visit.h"

int message_visit_emit(struct message_visit *visit, const struct message_mark *mark, int r)
{
	if (r == 0) {
		message_settle(visit->m);
		r = visit->fn(visit->m, visit->arg);
	}
	message_rewind(visit->m, mark);
	return r;
}

static bool is_named(const struct message_members *members, unsigned i,
		     const struct json_slice *key)
{
	return json_slice_is(key, members->names[i]) ||
	       (i == 1 && members->other && json_slice_is(key, members->other));
}

static int on_find(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct message_members *members = arg;

	for (size_t i = 0; i < ARRAY_LEN(members->names); i++)
		if (!members->values[i].at && is_named(members, i, key))
			members->values[i] = *c;
	return json_scan_value(c, depth);
}

int message_find_members(struct json_cursor *c, unsigned depth, struct message_members *members)
{
	if (c->at == c->end || *c->at != '{')
		return json_scan_value(c, depth);
	return json_scan_object(c, depth, on_find, members);
}
