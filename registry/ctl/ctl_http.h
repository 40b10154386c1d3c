#ifndef WEIR_REGISTRY_CTL_HTTP_H
#define WEIR_REGISTRY_CTL_HTTP_H
/* Requests to a node's admin port: --admin. Blocking. */
#include "registry/ctl/ctl.h"

/*
 * path: "/v1/cluster". body: JSON, NULL: none. *jsonp is the caller's to delete; NULL where the
 * answer is no JSON. What is no 2xx, or no answer at all, is said on stderr: CTL_FAILED.
 */
enum ctl_exit ctl_http(struct ctl *ctl, const char *method, const char *path, const char *body,
		       cJSON **jsonp);

#endif
