#ifndef WEIR_REGISTRY_CTL_HTTP_H
#define WEIR_REGISTRY_CTL_HTTP_H
/* Requests to a node's admin port: --admin. Blocking. */
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_look.h"

/*
 * path: "/v1/cluster". body: JSON, NULL: none. *jsonp is the caller's to delete; NULL where the
 * answer is no JSON. A member "body" is raw (cJSON_Raw), each byte of it. What is no 2xx, or no answer at all, is said on stderr: CTL_FAILED.
 */
enum ctl_exit ctl_http(struct ctl *ctl, const char *method, const char *path, const char *body,
		       cJSON **jsonp);

/* The same, for who tells by itself what goes wrong: 0, or CTL_LOOK_E_NODE and why. */
int ctl_http_ask(struct ctl *ctl, const char *method, const char *path, const char *body,
		 cJSON **jsonp, char why[CTL_WHY_SIZE]) MUST_CHECK;

#endif
