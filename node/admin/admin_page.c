#include "node/admin/admin_page.h"

#include <string.h>

#include "node/admin/assets.h"

#define PAGE "index.html"
#define OPENAPI "openapi.yaml"

/* Scripts and styles of its own alone, none of them inline: what is shown cannot become code. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
			     "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
			     "form-action 'none'; frame-ancestors 'none'";

static const struct asset *find(const char *name)
{
	for (size_t i = 0; i < n_assets; i++) {
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	}
	return NULL;
}

/* The browser has this very file. Tags are hashes, so one cannot be a part of another. */
static bool is_known(const struct front_request *rq, const struct asset *asset)
{
	const char *tags = rq->fields[FIELD_IF_NONE_MATCH];

	return tags && (strcmp(tags, "*") == 0 || strstr(tags, asset->etag));
}

static int send_asset(struct front_request *rq, const struct asset *asset, const char *vary)
{
	assert(asset);
	struct web_answer answer = { .status = is_known(rq, asset) ? 304 : 200,
				     .content_type = asset->content_type,
				     .body = (const char *)asset->data,
				     .len = asset->len,
				     .policy = policy,
				     .cache = "no-cache", /* kept, but asked for after an upgrade */
				     .etag = asset->etag,
				     .vary = vary };

	return front_send(rq, &answer);
}

bool admin_page_is_wanted(const struct front_request *rq)
{
	const char *accept = rq->fields[FIELD_ACCEPT];

	return accept && strstr(accept, "text/html");
}

int admin_page_send(struct front_request *rq)
{
	return send_asset(rq, find(PAGE), "Accept");
}

int admin_get_asset(struct admin_api *api, struct front_request *rq, const char *id)
{
	bool is_elsewhere = strcmp(id, PAGE) == 0 || strcmp(id, OPENAPI) == 0;
	const struct asset *asset = is_elsewhere ? NULL : find(id);

	(void)api;
	return asset ? send_asset(rq, asset, NULL)
		     : admin_refuse(rq, 404, "not_found", "The page has no such file.", NULL);
}

int admin_get_openapi(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)api;
	(void)id;
	return send_asset(rq, find(OPENAPI), NULL);
}
