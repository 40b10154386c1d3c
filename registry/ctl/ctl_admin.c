#include "registry/ctl/ctl_admin.h"

#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl_admin_entries.h"
#include "registry/ctl/ctl_drain.h"
#include "registry/ctl/ctl_events_node.h"
#include "registry/ctl/ctl_fault.h"
#include "registry/ctl/ctl_http.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_refusals.h"

#define PATH_SIZE 256

/* ---- looking ---- */

static enum ctl_exit refusals(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	cJSON *json;
	enum ctl_exit code = ctl_http(ctl, "GET", "/v1/refusals", NULL, &json);

	(void)command;
	(void)arguments;
	if (code != CTL_OK)
		return code;
	if (ctl->options.json)
		return ctl_print_json(json);
	code = ctl_refusals_print(cJSON_GetObjectItemCaseSensitive(json, "refusals"));
	cJSON_Delete(json);
	return code;
}

static enum ctl_exit ids(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	const cJSON *a, *id;
	cJSON *json;
	enum ctl_exit code;

	if (strcmp(arguments[0], "ids") != 0)
		return command->run(ctl, command, arguments); /* a script needs no node */
	code = ctl_http(ctl, "GET", "/v1/analyzers", NULL, &json);
	cJSON_ArrayForEach (a, cJSON_GetObjectItemCaseSensitive(json, "analyzers")) {
		id = cJSON_GetObjectItemCaseSensitive(a, "id");
		if (cJSON_IsString(id))
			puts(id->valuestring);
	}
	cJSON_Delete(json);
	return code;
}

/* ---- changes ---- */

/* Sends a change, and says what the analyzer is then. Takes the body. */
static enum ctl_exit patch(struct ctl *ctl, const char *id, cJSON *body)
{
	char path[PATH_SIZE], *body_text = body ? cJSON_PrintUnformatted(body) : NULL;
	const char *wrong = membership_check_id(id);
	cJSON *json = NULL;
	enum ctl_exit code;

	cJSON_Delete(body);
	snprintf(path, sizeof(path), "/v1/analyzers/%s", id);
	code = wrong       ? ctl_usage("\"%s\" is no analyzer: %s", id, wrong)
	       : body_text ? ctl_http(ctl, "PATCH", path, body_text, &json)
			   : ctl_fail("out of memory");
	cJSON_free(body_text);
	if (code != CTL_OK)
		return code;
	if (ctl->options.json)
		return ctl_print_json(json);
	printf("%s: %s, weight %.15g, share %.2f %%\n", id,
	       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "state")),
	       cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "weight")),
	       100 * cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "share")));
	cJSON_Delete(json);
	return CTL_OK;
}

static enum ctl_exit weight(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	char *end;
	double value = strtod(arguments[1], &end);
	cJSON *body;

	(void)command;
	if (end == arguments[1] || *end || membership_check_weight(value))
		return ctl_usage("\"%s\" is no weight: %s", arguments[1],
				 membership_check_weight(-1));
	body = cJSON_CreateObject();
	cJSON_AddNumberToObject(body, "weight", value);
	return patch(ctl, arguments[0], body);
}

static enum ctl_exit state(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	cJSON *body = cJSON_CreateObject();
	enum ctl_exit code;

	cJSON_AddStringToObject(body, "state",
				strcmp(command->name, "enable") == 0  ? "active"
				: strcmp(command->name, "drain") == 0 ? "draining"
								      : "disabled");
	code = patch(ctl, arguments[0], body);
	return code == CTL_OK && ctl->options.wait ? ctl_drain_wait(ctl, arguments[0]) : code;
}

static enum ctl_exit fault(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	char name[CTL_FAULT_SIZE];
	cJSON *body;
	enum ctl_exit code = ctl_fault_name(&ctl->options, arguments[1], name);

	(void)command;
	if (code != CTL_OK)
		return code;
	body = cJSON_CreateObject();
	if (*name)
		cJSON_AddStringToObject(body, "fault", name);
	else
		cJSON_AddNullToObject(body, "fault");
	return patch(ctl, arguments[0], body);
}

static enum ctl_exit drop(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	const char *wrong = membership_check_id(arguments[0]);
	char path[PATH_SIZE];
	cJSON *json;
	enum ctl_exit code;

	(void)command;
	if (wrong)
		return ctl_usage("\"%s\" is no analyzer: %s", arguments[0], wrong);
	snprintf(path, sizeof(path), "/v1/analyzers/%s", arguments[0]);
	code = ctl_http(ctl, "DELETE", path, NULL, &json);
	if (code == CTL_OK && ctl->options.json)
		return ctl_print_json(json);
	cJSON_Delete(json);
	if (code == CTL_OK)
		printf("%s: removed; what it got still counts\n", arguments[0]);
	return code;
}

/* ---- all of them ---- */

/* A variable may name the pool for commands without a node. Where the node serves another pool, nobody
 * can tell which of the two is meant. */
static enum ctl_exit check_pool(struct ctl *ctl)
{
	cJSON *json;
	const char *pool;
	enum ctl_exit code;

	if (!ctl->options.pool_source[0])
		return CTL_OK;
	code = ctl_http(ctl, "GET", "/v1/overview", NULL, &json);
	if (code != CTL_OK)
		return code;
	pool = ctl_json_text(json, "pool");
	if (*pool && strcmp(pool, ctl->options.pool) != 0)
		code = ctl_usage("%s says pool \"%s\", but the node at %s serves pool \"%s\"",
				 ctl->options.pool_source, ctl->options.pool, ctl->options.admin,
				 pool);
	cJSON_Delete(json);
	return code;
}

static bool needs_node(const struct ctl_command *command, char **arguments)
{
	return strcmp(command->name, "completion") != 0 || strcmp(arguments[0], "ids") == 0;
}

enum ctl_exit ctl_admin_run(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	static const struct {
		const char *name;
		ctl_run_fn *run;
	} commands[] = {
		{ "status", ctl_status },
		{ "watch", ctl_watch },
		{ "nodes", ctl_nodes },
		{ "top", ctl_top },
		{ "verify", ctl_verify },
		{ "refusals", refusals },
		{ "events", ctl_events_of_node },
		{ "weight", weight },
		{ "drain", state },
		{ "enable", state },
		{ "disable", state },
		{ "fault", fault },
		{ "remove", drop },
		{ "dead list", ctl_admin_list },
		{ "dead show", ctl_admin_show },
		{ "dead replay", ctl_admin_deed },
		{ "dead purge", ctl_admin_deed },
		{ "spill list", ctl_admin_list },
		{ "spill status", ctl_admin_spill },
		{ "spill show", ctl_admin_show },
		{ "spill", ctl_admin_spill },
		{ "completion", ids },
	};
	enum ctl_exit code = CTL_OK;

	if (needs_node(command, arguments))
		code = check_pool(ctl);
	if (code != CTL_OK)
		return code;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, command->name) == 0)
			return commands[i].run(ctl, command, arguments);
	return ctl_usage("%s looks at Redis itself, and does not go with --admin", command->name);
}
