#ifndef WEIR_COMMON_JSON_GET_H
#define WEIR_COMMON_JSON_GET_H
/*
 * Typed reads from a cJSON object, for bodies that people or other programs wrote. A getter returns
 * 0, JSON_E_MISSING (value untouched: keep the default) or JSON_E_TYPE (wrong type or out of range;
 * value untouched too). `object` NULL has no members; one that is no object is JSON_E_TYPE.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define JSON_E_MISSING 1
#define JSON_E_TYPE 2

/* *valuep is borrowed from `object`. */
int json_get_string(const cJSON *object, const char *name, const char **valuep) MUST_CHECK;
int json_get_double(const cJSON *object, const char *name, double min, double max,
		    double *valuep) MUST_CHECK;
/* whole numbers only, and none beyond 2^53, where cJSON's double is not exact */
int json_get_int(const cJSON *object, const char *name, int64_t min, int64_t max,
		 int64_t *valuep) MUST_CHECK;

#endif
