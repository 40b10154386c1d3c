#include "registry/ctl/ctl_drain.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl_admin_status.h"
#include "registry/ctl/ctl_http.h"
#include "registry/reports.h"

#define LOOK_MS 500
/* Nodes hear of the drain within 2 s, and report each second. What is seen before says nothing. */
#define HEARD_US (3500 * US_PER_MS)

/* What is still to be done. */
struct rest {
	double queued, flying;
	bool is_gone; /* the analyzer has left */
};

static enum ctl_exit look_at_redis(struct ctl *ctl, const char *id, struct rest *rest)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	struct reports reports CLEANUP(reports_deinit) = { 0 };
	const struct analyzer *a;
	int r = membership_roster(ctl->client, &roster);

	if (r == 0)
		r = reports_read(ctl->client, &ctl->keys, NULL, roster, &reports);
	if (r != 0)
		return ctl_explain(ctl, r, id);
	a = roster_find(roster, id);
	rest->is_gone = !a;
	if (a) {
		rest->queued = reports.lanes[a - roster->analyzers].queued;
		rest->flying = reports.lanes[a - roster->analyzers].flying;
	}
	return CTL_OK;
}

static enum ctl_exit look_at_node(struct ctl *ctl, const char *id, struct rest *rest)
{
	cJSON *overview;
	enum ctl_exit code = ctl_http(ctl, "GET", "/v1/overview", NULL, &overview);

	if (code == CTL_OK)
		rest->is_gone = !ctl_admin_lane(overview, id, &rest->queued, &rest->flying);
	cJSON_Delete(overview);
	return code;
}

static void tell(const char *id, const struct rest *rest)
{
	fprintf(stderr, "weirctl: %s: %.0f packets queued, %.0f deliveries under way\n", id,
		rest->queued, rest->flying);
}

static enum ctl_exit finish(const struct ctl *ctl, const char *id, const struct rest *rest)
{
	if (!ctl->options.json)
		printf("%s: %s\n", id, rest->is_gone ? "has left" : "drained: may be stopped");
	return CTL_OK;
}

enum ctl_exit ctl_drain_wait(struct ctl *ctl, const char *id)
{
	uint64_t start_us = clock_mono_us(), now_us = start_us;
	struct rest rest = { 0 }, told = { -1, -1, false };
	enum ctl_exit code;

	ctl_catch_signals();
	do {
		code = ctl->options.admin ? look_at_node(ctl, id, &rest)
					  : look_at_redis(ctl, id, &rest);
		if (code != CTL_OK)
			return code;
		now_us = clock_mono_us();
		if (rest.is_gone ||
		    (now_us - start_us >= HEARD_US && rest.queued == 0 && rest.flying == 0))
			return finish(ctl, id, &rest);
		if (rest.queued != told.queued || rest.flying != told.flying)
			tell(id, &rest);
		told = rest;
	} while (now_us - start_us < ctl->options.drain_timeout_ms * US_PER_MS &&
		 ctl_wait(LOOK_MS));
	return ctl_fail("%s: not drained yet: %.0f packets queued, %.0f deliveries under way", id,
			rest.queued, rest.flying);
}
