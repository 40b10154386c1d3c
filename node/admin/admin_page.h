#ifndef WEIR_NODE_ADMIN_PAGE_H
#define WEIR_NODE_ADMIN_PAGE_H
/*
 * The dashboard's files at the admin port. They hold no data, so nobody needs a token for them;
 * what they show comes from the API, which the page asks as any other client does.
 */
#include "node/admin/admin_api.h"

/* Whether who asks for / is a browser; others get the list of routes. */
bool admin_page_is_wanted(const struct front_request *rq);
int admin_page_send(struct front_request *rq);
/* id: the name of the file. */
int admin_get_asset(struct admin_api *api, struct front_request *rq, const char *id);
int admin_get_openapi(struct admin_api *api, struct front_request *rq, const char *id);

#endif
