#include "registry/ctl/ctl_drain.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"

#define LOOK_MS 500
/* After this time, a node that reports no epoch has heard of the drain. */
#define HEARD_US (3500 * US_PER_MS)
#define TEXT_SIZE 160

/* What is still to be done. */
struct rest {
	unsigned n_nodes, n_deaf; /* of these it is not known that they have heard of the drain */
	double queued, flying;
	bool is_gone; /* the analyzer has left */
};

struct drain {
	struct ctl *ctl;
	const char *id;
	uint64_t start_us;
	double epoch; /* in which the analyzer was first seen draining; 0: not yet */
};

/* What a node says of its lanes before it knows the drain means nothing. */
static void count_deaf(const struct drain *drain, const cJSON *overview, uint64_t now_us,
		       struct rest *rest)
{
	bool is_long = now_us - drain->start_us >= HEARD_US;
	const cJSON *node;

	cJSON_ArrayForEach (node, ctl_json_get(overview, "nodes")) {
		bool has_epoch = ctl_json_has_number(node, "epoch");
		bool has_heard = has_epoch ? drain->epoch > 0 &&
						     ctl_json_number(node, "epoch") >= drain->epoch
					   : is_long;

		rest->n_nodes++;
		rest->n_deaf += !has_heard;
	}
}

static enum ctl_exit look_at(struct drain *drain, uint64_t now_us, struct rest *rest)
{
	struct ctl_look look CLEANUP(ctl_look_deinit) = { 0 };
	enum ctl_exit code = ctl_look_or_tell(drain->ctl, &look);
	const cJSON *a = ctl_json_find(ctl_json_get(look.overview, "analyzers"), drain->id);
	bool gets_packets = strcmp(ctl_json_text(a, "state"), "active") == 0;

	if (code != CTL_OK)
		return code;
	if (look.is_own)
		return ctl_fail("only one node can be seen while Redis is away: it cannot be told "
				"whether others still send to %s",
				drain->id);
	if (gets_packets && drain->epoch > 0)
		return ctl_fail("%s was enabled again meanwhile", drain->id);
	if (!gets_packets && drain->epoch <= 0)
		drain->epoch = ctl_json_number(look.overview, "epoch");
	*rest = (struct rest){ .is_gone = !a,
			       .queued = ctl_json_number(a, "queued_packets"),
			       .flying = ctl_json_number(a, "flying_batches") };
	count_deaf(drain, look.overview, now_us, rest);
	return CTL_OK;
}

static bool is_over(const struct drain *drain, const struct rest *rest)
{
	return rest->is_gone ||
	       (drain->epoch > 0 && !rest->n_deaf && rest->queued <= 0 && rest->flying <= 0);
}

static void write_rest(const struct rest *rest, char text[TEXT_SIZE])
{
	if (rest->n_deaf)
		snprintf(text, TEXT_SIZE, "%u of %u nodes have yet to confirm the drain",
			 rest->n_deaf, rest->n_nodes);
	else
		snprintf(text, TEXT_SIZE, "%.0f packets queued, %.0f deliveries under way",
			 rest->queued, rest->flying);
}

static enum ctl_exit finish(const struct drain *drain, const struct rest *rest)
{
	if (!drain->ctl->options.json)
		printf("%s: %s\n", drain->id,
		       rest->is_gone ? "has left" : "drained: may be stopped");
	return CTL_OK;
}

enum ctl_exit ctl_drain_wait(struct ctl *ctl, const char *id)
{
	struct drain drain = { .ctl = ctl, .id = id, .start_us = clock_mono_us() };
	uint64_t now_us = drain.start_us;
	char told[TEXT_SIZE] = "", text[TEXT_SIZE];
	struct rest rest = { 0 };
	enum ctl_exit code;

	ctl_catch_signals();
	do {
		code = look_at(&drain, now_us, &rest);
		if (code != CTL_OK)
			return code;
		if (is_over(&drain, &rest))
			return finish(&drain, &rest);
		write_rest(&rest, text);
		if (strcmp(text, told) != 0)
			ctl_say("%s: %s", id, text);
		memcpy(told, text, sizeof(told));
		now_us = clock_mono_us();
	} while (now_us - drain.start_us < ctl->options.drain_timeout_ms * US_PER_MS &&
		 ctl_wait(LOOK_MS));
	return ctl_fail("%s is not drained yet: %s", id, text);
}
