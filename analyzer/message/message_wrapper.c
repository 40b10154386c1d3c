/*
 * Some formats put the message into an object of their own. Such an object has known members only, so
 * that a message which happens to have a member "event" is left alone.
 */
#include "analyzer/message/message_wrapper.h"

#include <string.h>

#include "analyzer/message/message_fields.h"

struct wrapper {
	const char *inner;     /* what holds the message, if it is an object */
	const char *needed;    /* another member that must be there; NULL: none */
	const char *more;      /* an object whose members stand for themselves; NULL: none */
	const char *names[10]; /* the other members that may be there */
};

static const struct wrapper wrappers[] = {
	{ "event", NULL, "fields", { "time", "host", "source", "sourcetype", "index" } },
	{ "document", "action", NULL, { "index", "id" } },
	{ "value", NULL, NULL, { "key", "partition", "offset", "topic", "timestamp", "headers" } },
};

struct looking {
	unsigned fits;    /* bit by wrapper: no other member was seen */
	unsigned objects; /* its inner was seen, and is an object if it has to be */
	unsigned needed;  /* its needed member was seen */
};

static bool is_known(const struct wrapper *w, const struct json_slice *key)
{
	if (json_slice_is(key, w->inner) || (w->needed && json_slice_is(key, w->needed)) ||
	    (w->more && json_slice_is(key, w->more)))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(w->names) && w->names[i]; i++)
		if (json_slice_is(key, w->names[i]))
			return true;
	return false;
}

static int on_look(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct looking *looking = arg;

	for (unsigned i = 0; i < ARRAY_LEN(wrappers); i++) {
		const struct wrapper *w = &wrappers[i];

		if (!(looking->fits >> i & 1))
			continue;
		if (!is_known(w, key))
			looking->fits &= ~(1u << i);
		if (json_slice_is(key, w->inner) && (w->more || (c->at < c->end && *c->at == '{')))
			looking->objects |= 1u << i;
		if (!w->needed || json_slice_is(key, w->needed))
			looking->needed |= 1u << i;
	}
	return json_scan_value(c, depth);
}

/* NULL: the object is the message. */
static const struct wrapper *find_wrapper(struct json_cursor c)
{
	struct looking looking = { .fits = (1u << ARRAY_LEN(wrappers)) - 1 };

	if (json_scan_object(&c, JSON_BATCH_MAX_DEPTH, on_look, &looking))
		return NULL;
	looking.fits &= looking.objects & looking.needed;
	for (unsigned i = 0; i < ARRAY_LEN(wrappers); i++)
		if (looking.fits >> i & 1)
			return &wrappers[i];
	return NULL;
}

struct opening {
	struct message *m;
	const struct wrapper *wrapper;
};

static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct opening *opening = arg;
	struct message *m = opening->m;
	const char *start = c->at;
	bool is_inner = json_slice_is(key, opening->wrapper->inner);
	bool is_more = opening->wrapper->more && json_slice_is(key, opening->wrapper->more);
	int r;

	(void)depth;
	if (*c->at != '{' || !(is_inner || is_more)) /* a text may be wrapped, too */
		return message_read_member(m, c, key, 1, false);
	r = message_read_value(m, c, 0, is_inner);
	if (is_inner)
		m->object = (struct json_slice){ start, (size_t)(c->at - start) };
	return r;
}

int message_read_wrapped(struct message *m, struct json_cursor *c)
{
	struct opening opening = { m, find_wrapper(*c) };
	const char *start = c->at;
	int r;

	if (opening.wrapper)
		return json_scan_object(c, JSON_BATCH_MAX_DEPTH, on_member, &opening);
	r = message_read_value(m, c, 0, true);
	m->object = (struct json_slice){ start, (size_t)(c->at - start) };
	return r;
}
