#include "registry/ctl/ctl_json.h"

#include <math.h>
#include <string.h>

const cJSON *ctl_json_get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *ctl_json_text(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(ctl_json_get(object, name));

	return text ? text : "";
}

bool ctl_json_has_number(const cJSON *object, const char *name)
{
	const cJSON *item = ctl_json_get(object, name);

	return cJSON_IsNumber(item) && isfinite(item->valuedouble);
}

double ctl_json_number(const cJSON *object, const char *name)
{
	return ctl_json_has_number(object, name) ? ctl_json_get(object, name)->valuedouble : 0;
}

const cJSON *ctl_json_find(const cJSON *list, const char *id)
{
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list)
		if (strcmp(ctl_json_text(entry, "id"), id) == 0)
			return entry;
	return NULL;
}
