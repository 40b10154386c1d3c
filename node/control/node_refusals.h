#ifndef WEIR_NODE_NODE_REFUSALS_H
#define WEIR_NODE_NODE_REFUSALS_H
#include <cjson/cJSON.h>

#include "node/shared.h"

/* Which agents this node refuses, the most frequent first: {"method","path","client","token",
 * "status","code","count","age_ms","advice"} each; "token" where one was right. From any thread; the caller's to delete. */
cJSON *node_refusals_json(const struct node_shared *shared, uint64_t now_us);

#endif
