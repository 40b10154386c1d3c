/* Operators change an analyzer: its weight, its state, the fault that it simulates. */
#include <stdio.h>
#include <string.h>

#include "common/json/json_get.h"
#include "common/log.h"
#include "node/admin/admin_api.h"
#include "registry/membership.h"

static const char *check_change(const cJSON *body, struct membership_change *change, double *weight,
				enum analyzer_state *state)
{
	const cJSON *fault = cJSON_GetObjectItemCaseSensitive(body, "fault");
	const char *text;
	int r = json_get_double(body, "weight", 0, 1e6, weight), i;

	if (r == JSON_E_TYPE)
		return "weight must be a number from 0 to 1000000";
	if (r == 0)
		change->weight = weight;
	r = json_get_string(body, "state", &text);
	i = r == 0 ? roster_name_index(analyzer_state_names, text) : -1;
	if (r == JSON_E_TYPE || (r == 0 && i < 0))
		return "state must be \"active\", \"draining\" or \"disabled\"";
	if (r == 0) {
		*state = (enum analyzer_state)i;
		change->state = state;
	}
	if (fault && !cJSON_IsNull(fault) &&
	    (!cJSON_IsString(fault) || strlen(fault->valuestring) > 63))
		return "fault must be null or a string of at most 63 characters";
	if (fault)
		change->fault = cJSON_IsNull(fault) ? "" : fault->valuestring;
	if (!change->weight && !change->state && !change->fault)
		return "give weight, state or fault";
	return NULL;
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

static int refuse_changed(struct admin_request *rq, const char *id, uint64_t revision)
{
	char etag[ADMIN_ETAG_MAX], detail[256];
	struct web_answer answer = { .status = 412, .etag = etag };

	admin_write_etag(revision, etag);
	snprintf(detail, sizeof(detail),
		 "Somebody has changed \"%s\" meanwhile, so nothing was changed: look at it again, "
		 "and send its ETag of then (%s now) as If-Match.",
		 id, etag);
	return admin_send_problem(rq, &answer, "changed_meanwhile", detail);
}

static int do_change(struct admin_api *api, struct admin_request *rq, const char *id,
		     const struct membership_change *change)
{
	uint64_t epoch, revision;
	int r;

	r = admin_begin_write(api);
	if (r == 0)
		r = membership_set(api->client, id, change, &epoch, &revision);
	admin_end_write(api);
	if (r == MEMBERSHIP_E_CHANGED)
		return refuse_changed(rq, id, revision);
	if (r != 0)
		return admin_refuse_error(api, rq, id, r);
	control_refresh(api->config.control);
	log_info("admin", "analyzer changed", "analyzer=%s", id);
	return admin_get_analyzer(api, rq, id);
}

int admin_change(struct admin_api *api, struct admin_request *rq, const char *id)
{
	cJSON *body = admin_read_object(rq);
	const char *if_match = rq->fields[FIELD_IF_MATCH];
	struct membership_change change = { 0 };
	struct buf revisions CLEANUP(buf_deinit) = { 0 };
	enum analyzer_state state;
	double weight;
	const char *why;
	int status;

	if (!body)
		return 400;
	why = check_change(body, &change, &weight, &state);
	if (!why && if_match && strcmp(if_match, "*") != 0) {
		why = read_if_match(if_match, &revisions);
		change.if_revisions = buf_str(&revisions);
	}
	status = why ? admin_bad_field(rq, why) : do_change(api, rq, id, &change);
	cJSON_Delete(body);
	return status;
}
