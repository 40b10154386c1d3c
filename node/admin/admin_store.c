#include "node/admin/admin_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

struct entries admin_store_begin(struct admin_api *api, enum registry_key stream)
{
	assert(stream == KEY_DEAD || stream == KEY_SPILL); /* the store has no others */
	pthread_mutex_lock(&api->store_lock);
	return (struct entries){ api->store, api->config.shared->store_keys, stream };
}

int admin_store_end(struct admin_api *api, int r)
{
	pthread_mutex_unlock(&api->store_lock);
	return r;
}

int admin_store_refuse(struct admin_api *api, struct front_request *rq, int error)
{
	char detail[512];

	pthread_mutex_lock(&api->store_lock); /* the text is the client's */
	if (error == ENTRIES_E_ANSWER)
		snprintf(detail, sizeof(detail),
			 "Redis answered what no script of this version answers.");
	else
		client_explain(api->store, error, detail, sizeof(detail));
	pthread_mutex_unlock(&api->store_lock);
	log_warn("admin", "registry call failed", "error=%s", detail);
	return admin_refuse(rq, 503, "registry_away", detail, NULL);
}
