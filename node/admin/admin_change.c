/* Operators change an analyzer: its weight, its state, the fault that it simulates. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "node/admin/admin_api.h"
#include "node/admin/admin_body.h"
#include "registry/membership.h"

enum { WEIGHT, STATE, FAULT, FIELDS };
static const struct body_field fields[FIELDS] = {
	[WEIGHT] = { "weight", BODY_NUMBER, "a number from 0 to 1000000", .max = 1e6 },
	[STATE] = { "state", BODY_TEXT, "\"active\", \"draining\" or \"disabled\"",
		    .choices = analyzer_state_names },
	[FAULT] = { "fault", BODY_TEXT, "null or a string of at most 63 characters",
		    .may_be_null = true, .max = FAULT_TEXT_MAX },
};

struct wish {
	struct membership_change change;
	double weight;
	enum analyzer_state state;
};

/* NULL: fine. The wish borrows from the body. */
static const char *read_wish(const struct body *body, struct wish *wish)
{
	const char *state = body_text(body, STATE, NULL);

	wish->weight = body_number(body, WEIGHT, 0);
	if (body->values[WEIGHT])
		wish->change.weight = &wish->weight;
	if (state) {
		wish->state = (enum analyzer_state)roster_name_index(analyzer_state_names, state);
		wish->change.state = &wish->state;
		assert(wish->state < ANALYZER_STATES); /* the table has them as choices */
	}
	if (body->values[FAULT])
		wish->change.fault = body_text(body, FAULT, "");
	return cJSON_GetArraySize(body->json) ? NULL : "give weight, state or fault";
}

/*
 * If-Match: "*", or a list of entity tags. Those that could be a revision go into `out`, by commas;
 * a weak one never matches. NULL: fine.
 */
static const char *read_if_match(const char *text, struct buf *out)
{
	static const char why[] = "If-Match must be *, or tags as ETag has them: \"17\", \"18\"";

	do {
		bool is_weak = strncmp(text += strspn(text, " \t"), "W/", 2) == 0;
		size_t len;

		text += is_weak ? 2 : 0;
		if (*text++ != '"')
			return why;
		len = strcspn(text, "\"");
		if (text[len] != '"')
			return why;
		if (!is_weak && len && len < ADMIN_ETAG_MAX && strspn(text, "0123456789") == len)
			buf_printf(out, "%s%.*s", out->len ? "," : "", (int)len, text);
		text += len + 1;
		text += strspn(text, " \t");
	} while (*text++ == ',');
	return text[-1] ? why : NULL;
}

static int refuse_changed(struct front_request *rq, const char *id, uint64_t revision)
{
	char etag[ADMIN_ETAG_MAX], detail[256];
	struct web_answer answer = { .status = 412, .etag = etag };

	admin_write_etag(revision, etag);
	snprintf(detail, sizeof(detail),
		 "Somebody has changed \"%s\" meanwhile, so nothing was changed: look at it again, "
		 "and send its ETag of then (%s now) as If-Match.",
		 id, etag);
	return front_send_problem(rq, &answer, "changed_meanwhile", detail);
}

static void log_change(const char *id, const struct membership_change *change)
{
	struct buf what CLEANUP(buf_deinit) = { 0 };
	const char *text;

	if (change->weight)
		buf_printf(&what, " weight %.15g", *change->weight);
	if (change->state)
		buf_printf(&what, " state %s", analyzer_state_names[*change->state]);
	if (change->fault)
		buf_printf(&what, " fault %s", *change->fault ? change->fault : "none");
	text = buf_str(&what);
	log_info("admin", "analyzer changed", "analyzer=%s to=%s by=%s", id, text + (*text == ' '),
		 change->by);
}

static int do_change(struct admin_api *api, struct front_request *rq, const char *id,
		     struct membership_change *change)
{
	char by[ADMIN_BY_SIZE];
	uint64_t epoch, revision;
	int r;

	assert(change->weight || change->state || change->fault);
	admin_write_by(rq, by);
	change->by = by;
	r = admin_begin_write(api);
	if (r == 0)
		r = membership_set(api->client, id, change, &epoch, &revision);
	admin_end_write(api);
	if (r == MEMBERSHIP_E_CHANGED)
		return refuse_changed(rq, id, revision);
	if (r != 0)
		return admin_refuse_error(api, rq, id, r);
	control_refresh(api->config.control);
	log_change(id, change);
	return admin_get_analyzer(api, rq, id);
}

int admin_change(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct body body CLEANUP(body_deinit) = { 0 };
	const char *if_match = rq->fields[FIELD_IF_MATCH], *why;
	struct buf revisions CLEANUP(buf_deinit) = { 0 };
	struct wish wish = { 0 };

	if (!body_read(rq, fields, FIELDS, &body))
		return 400;
	why = read_wish(&body, &wish);
	if (!why && if_match && strcmp(if_match, "*") != 0) {
		why = read_if_match(if_match, &revisions);
		wish.change.if_revisions = buf_str(&revisions);
	}
	return why ? admin_bad_field(rq, why) : do_change(api, rq, id, &wish.change);
}
