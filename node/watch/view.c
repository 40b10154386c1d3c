#include "node/watch/view.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

void view_unref(struct view *view)
{
	if (!view || atomic_fetch_sub(&view->n_refs, 1) != 1)
		return;
	cJSON_free(view->text);
	free(view);
}

struct view *view_ref(struct view *view)
{
	if (view)
		atomic_fetch_add(&view->n_refs, 1);
	return view;
}

struct view *view_new(cJSON *json, uint64_t seen_us)
{
	struct view *view = calloc(1, sizeof(*view));
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	if (!view || !text) {
		free(view);
		cJSON_free(text);
		return NULL;
	}
	*view = (struct view){ .made_us = clock_mono_us(),
			       .seen_us = seen_us,
			       .text = text,
			       .len = strlen(text) - 1 };
	atomic_init(&view->n_refs, 1);
	return view;
}
