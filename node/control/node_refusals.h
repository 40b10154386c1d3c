#ifndef WEIR_NODE_NODE_REFUSALS_H
#define WEIR_NODE_NODE_REFUSALS_H
#include <cjson/cJSON.h>

#include "node/shared.h"

/* Which agents this node refuses, the most frequent first: {"method","path","client","token",
 * "status","code","count","age_ms","advice"} each; "token" where one was right. From any thread; the caller's to delete. */
cJSON *node_refusals_json(const struct node_shared *shared, uint64_t now_us);
/* The name of the token in the most frequent request that was refused so; "": none was right, or there is
 * no such request. From any thread. */
void node_refusals_token(const struct node_shared *shared, enum refusal refusal, uint64_t now_us,
			 char token[REFUSED_TOKEN]);

#endif
