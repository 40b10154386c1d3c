#ifndef WEIR_REGISTRY_ANALYZER_HEADERS_H
#define WEIR_REGISTRY_ANALYZER_HEADERS_H
/*
 * The headers that an analyzer wants with each delivery and each health probe, as its registration has them.
 * Their values are shown nowhere. Pure.
 */
#include <cjson/cJSON.h>

#include "common/http/header_lines.h"

/* Lines of {"Name": "value"}; object NULL: there are none. NULL, or why it cannot be (static). */
const char *analyzer_headers_read(const cJSON *object, struct buf *lines);
/* The names as an array, the caller's to delete. lines may be NULL. */
cJSON *analyzer_headers_names(const char *lines);

#endif
