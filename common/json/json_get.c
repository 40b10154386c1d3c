#include "common/json/json_get.h"

#include <math.h>

/* Beyond 2^53 neighbouring whole numbers read as the same double. */
#define MAX_EXACT 9007199254740992.0

static int find(const cJSON *object, const char *name, const cJSON **itemp)
{
	if (object && !cJSON_IsObject(object))
		return JSON_E_TYPE;
	*itemp = cJSON_GetObjectItemCaseSensitive(object, name);
	return *itemp ? 0 : JSON_E_MISSING;
}

int json_get_string(const cJSON *object, const char *name, const char **valuep)
{
	const cJSON *item;
	int r = find(object, name, &item);

	if (r != 0)
		return r;
	if (!cJSON_IsString(item))
		return JSON_E_TYPE;
	*valuep = item->valuestring;
	return 0;
}

int json_get_double(const cJSON *object, const char *name, double min, double max, double *valuep)
{
	const cJSON *item;
	int r = find(object, name, &item);

	if (r != 0)
		return r;
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
		return JSON_E_TYPE;
	if (item->valuedouble < min || item->valuedouble > max)
		return JSON_E_TYPE;
	*valuep = item->valuedouble;
	return 0;
}

int json_get_int(const cJSON *object, const char *name, int64_t min, int64_t max, int64_t *valuep)
{
	double number;
	int64_t whole;
	int r = json_get_double(object, name, -MAX_EXACT, MAX_EXACT, &number);

	if (r != 0)
		return r;
	whole = (int64_t)number;
	if ((double)whole != number || whole < min || whole > max)
		return JSON_E_TYPE;
	*valuep = whole;
	return 0;
}
