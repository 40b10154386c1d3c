#ifndef WEIR_REGISTRY_CTL_JSON_H
#define WEIR_REGISTRY_CTL_JSON_H
/* Fields of objects that a node, or our own code, made. */
#include <cjson/cJSON.h>
#include <stdbool.h>

const cJSON *ctl_json_get(const cJSON *object, const char *name);
const char *ctl_json_text(const cJSON *object, const char *name); /* "" where it has none */
double ctl_json_number(const cJSON *object, const char *name);    /* 0 where it has none */
bool ctl_json_has_number(const cJSON *object, const char *name);
/* The entry of a list of objects whose "id" that is; NULL: there is none. */
const cJSON *ctl_json_find(const cJSON *list, const char *id);

#endif
