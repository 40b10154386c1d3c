/* Operators change an analyzer: its weight, its state, the fault that it simulates. */
#include <string.h>

#include "common/json_get.h"
#include "common/log.h"
#include "node/admin_api.h"
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

static int do_change(struct admin_api *api, struct mg_connection *conn, const char *id,
		     const struct membership_change *change)
{
	uint64_t epoch;
	int r;

	r = admin_begin_write(api);
	if (r == 0)
		r = membership_set(api->client, id, change, &epoch);
	admin_end_write(api);
	if (r != 0)
		return admin_refuse_error(api, conn, id, r);
	control_refresh(api->config.control);
	log_info("admin", "analyzer changed", "analyzer", "%s", id);
	return admin_get_analyzer(api, conn, id);
}

int admin_change(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	cJSON *body = admin_read_object(conn);
	struct membership_change change = { 0 };
	enum analyzer_state state;
	double weight;
	const char *why;
	int status;

	if (!body)
		return 400;
	why = check_change(body, &change, &weight, &state);
	status = why ? admin_bad_field(conn, why) : do_change(api, conn, id, &change);
	cJSON_Delete(body);
	return status;
}
