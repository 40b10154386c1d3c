#include "registry/leases.h"

#include <stdlib.h>
#include <string.h>

/* How long ago Redis took a heartbeat, in ms below 0. */
static int64_t last_heartbeat_ms(const struct roster *r)
{
	int64_t last_ms = INT64_MIN;

	for (unsigned i = 0; i < r->n_analyzers; i++) {
		int64_t ms = r->analyzers[i].lease_ms - r->analyzers[i].ttl_ms;

		if (ms > last_ms)
			last_ms = ms;
	}
	return last_ms;
}

static bool is_there(const struct roster *r, const char *worker)
{
	for (unsigned i = 0; i < r->n_workers; i++)
		if (strcmp(r->workers[i].name, worker) == 0)
			return true;
	return false;
}

static int keep_workers(struct roster *r, const struct roster *last)
{
	struct roster_worker *workers =
		realloc(r->workers, (r->n_workers + last->n_workers + 1) * sizeof(*workers));

	if (!workers)
		return -ENOMEM;
	r->workers = workers;
	for (unsigned i = 0; i < last->n_workers; i++) {
		const struct roster_worker *w = &last->workers[i];
		char *unreachable;

		if (is_there(r, w->name))
			continue;
		unreachable = strdup(w->unreachable);
		if (!unreachable)
			return -ENOMEM;
		workers[r->n_workers] = *w;
		workers[r->n_workers++].unreachable = unreachable;
	}
	return 0;
}

int leases_forgive(struct roster *roster, const struct roster *last)
{
	int64_t last_ms = last_heartbeat_ms(roster);

	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		struct analyzer *a = &roster->analyzers[i];

		if (a->lease_ms <= 0 && a->lease_ms > last_ms)
			a->health = HEALTH_UP;
	}
	return last ? keep_workers(roster, last) : 0;
}
