#ifndef WEIR_NODE_ADMIN_STORE_H
#define WEIR_NODE_ADMIN_STORE_H
/*
 * The admin port's second connection to Redis, for what may be large or take many calls: nobody who
 * registers or beats waits behind a list of dead letters. Whoever uses it begins, makes one call or
 * a few, and ends; long work goes in steps.
 */
#include "node/admin/admin_api.h"
#include "registry/entries.h"

#define ADMIN_NOT_AN_ENTRY "an entry is two numbers, as the list shows them: 1763730000000-0"

struct entries admin_store_begin(struct admin_api *api, enum registry_key stream);
/* Hands on what the calls returned. */
int admin_store_end(struct admin_api *api, int r);
/* What functions of entries.h returned, as an answer. */
int admin_store_refuse(struct admin_api *api, struct front_request *rq, int error);

#endif
