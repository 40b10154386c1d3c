#include "registry/ctl/ctl_drain.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"

#define LOOK_MS 500
/* Nodes hear of the drain within 2 s, and report each second. What is seen before says nothing. */
#define HEARD_US (3500 * US_PER_MS)

/* What is still to be done. */
struct rest {
	double queued, flying;
	bool is_gone; /* the analyzer has left */
};

static enum ctl_exit look_at(struct ctl *ctl, const char *id, struct rest *rest)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	enum ctl_exit code = ctl_look_or_tell(ctl, &look);
	const cJSON *a = ctl_json_find(ctl_json_get(look.overview, "analyzers"), id);

	if (code != CTL_OK)
		return code;
	if (look.is_own)
		return ctl_fail("%s: only one node can be seen while Redis is away: it cannot be "
				"told whether others still send to it",
				id);
	rest->is_gone = !a;
	rest->queued = ctl_json_number(a, "queued_packets");
	rest->flying = ctl_json_number(a, "flying_batches");
	return CTL_OK;
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
		code = look_at(ctl, id, &rest);
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
