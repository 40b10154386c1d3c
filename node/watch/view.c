#include "node/watch/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/printable.h"

void view_unref(struct view *view)
{
	unsigned n_before = view ? atomic_fetch_sub(&view->n_refs, 1) : 0;

	assert(!view || n_before > 0);
	if (n_before != 1)
		return;
	buf_deinit(&view->text);
	free(view);
}

struct view *view_ref(struct view *view)
{
	unsigned n_before = view ? atomic_fetch_add(&view->n_refs, 1) : 0;

	assert(!view || n_before > 0); /* whoever refers to it keeps it alive meanwhile */
	return view;
}

struct view *view_new(cJSON *json, uint64_t seen_us)
{
	struct view *view = calloc(1, sizeof(*view));
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	if (view) {
		*view = (struct view){ .made_us = clock_mono_us(), .seen_us = seen_us };
		atomic_init(&view->n_refs, 1);
		if (text)
			printable_append(&view->text, text, strlen(text) - 1, "");
	}
	if (view && (!text || view->text.failed)) {
		view_unref(view);
		view = NULL;
	}
	cJSON_free(text);
	return view;
}
