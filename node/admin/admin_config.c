/* The configuration of this node, as --print-config writes it. */
#include "common/conf/conf_settings.h"
#include "node/admin/admin_api.h"

static void add_option(void *arg, const struct conf_setting *setting)
{
	cJSON *list = arg, *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "name", setting->option->name);
	if (setting->value)
		cJSON_AddStringToObject(json, "value", setting->value);
	else
		cJSON_AddNullToObject(json, "value");
	cJSON_AddStringToObject(json, "origin", conf_origin_name(setting->origin));
	cJSON_AddStringToObject(json, "source", setting->source);
	cJSON_AddBoolToObject(json, "secret", setting->option->flags & CONF_SECRET);
	cJSON_AddItemToArray(list, json);
}

int admin_get_config(struct admin_api *api, struct front_request *rq, const char *id)
{
	cJSON *json = cJSON_CreateObject();

	(void)id;
	cJSON_AddStringToObject(json, "node", api->config.shared->config->node_id);
	conf_settings_each(add_option, cJSON_AddArrayToObject(json, "options"));
	return front_send_json(rq, 200, json);
}
