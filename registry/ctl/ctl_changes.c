#include "registry/ctl/ctl_changes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json/json_read.h"
#include "registry/ctl/ctl_nodes.h"

#define SHARE_STEP 0.0005 /* smaller ones are not told */

static void PRINTF_LIKE(2, 3) add(cJSON *list, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

/* "" none; the caller's to free; NULL: out of memory */
static char *fault_of(const struct analyzer *a)
{
	cJSON *info = json_read_text(a->info);
	const char *fault = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "fault"));
	char *copy = strdup(fault ? fault : "");

	cJSON_Delete(info);
	return copy;
}

static void compare_faults(cJSON *list, const struct analyzer *a, const struct analyzer *b)
{
	char *before AUTO_FREE = fault_of(a), *now AUTO_FREE = fault_of(b);

	if (before && now && strcmp(before, now) != 0)
		add(list, "%s fault %s", b->id, *now ? now : "cleared");
}

static void compare_analyzer(cJSON *list, const struct analyzer *a, const struct analyzer *b)
{
	if (strcmp(a->instance, b->instance) != 0)
		add(list, "%s restarted", b->id);
	if (a->weight != b->weight)
		add(list, "%s weight %.15g -> %.15g", b->id, a->weight, b->weight);
	if (a->state != b->state)
		add(list, "%s %s -> %s", b->id, analyzer_state_names[a->state],
		    analyzer_state_names[b->state]);
	if (a->health != b->health)
		add(list, "%s %s -> %s", b->id, analyzer_health_names[a->health],
		    analyzer_health_names[b->health]);
	compare_faults(list, a, b);
}

static void compare_shares(cJSON *list, const struct roster *before, const struct roster *now)
{
	for (unsigned i = 0; i < now->n_analyzers; i++) {
		const struct analyzer *b = &now->analyzers[i], *a = roster_find(before, b->id);

		if (a && fabs(a->share - b->share) >= SHARE_STEP)
			add(list, "%s share %.1f %% -> %.1f %%", b->id, 100 * a->share,
			    100 * b->share);
	}
}

static void compare_analyzers(cJSON *list, const struct roster *before, const struct roster *now)
{
	for (unsigned i = 0; i < now->n_analyzers; i++) {
		const struct analyzer *b = &now->analyzers[i], *a = roster_find(before, b->id);

		if (a)
			compare_analyzer(list, a, b);
		else
			add(list, "%s joined: weight %.15g, share %.1f %%", b->id, b->weight,
			    100 * b->share);
	}
	for (unsigned i = 0; i < before->n_analyzers; i++)
		if (!roster_find(now, before->analyzers[i].id))
			add(list, "%s left", before->analyzers[i].id);
}

static const struct ctl_node *find_node(const struct ctl_node *nodes, unsigned n, const char *id)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(nodes[i].id, id) == 0)
			return &nodes[i];
	return NULL;
}

static void compare_reach(cJSON *list, const struct roster *now, const struct ctl_node *a,
			  const struct ctl_node *b)
{
	static const char *const verbs[] = { [REACH_FINE] = "reaches %s again",
					     [REACH_TRIED] = "tries %s again",
					     [REACH_HANGS] = "sends %s nothing more: it hangs",
					     [REACH_CUT] = "sends %s nothing more" };

	for (unsigned i = 0; i < now->n_analyzers; i++) {
		const struct analyzer *x = &now->analyzers[i];
		char what[128];

		if ((a ? a->reach[x->slot] : REACH_FINE) == b->reach[x->slot])
			continue;
		snprintf(what, sizeof(what), verbs[b->reach[x->slot]], x->id);
		add(list, "node %s %s", b->id, what);
	}
}

static void compare_nodes(cJSON *list, const struct roster *before, const struct roster *now)
{
	struct ctl_node *old AUTO_FREE = NULL, *new AUTO_FREE = NULL;
	unsigned n_old, n_new;

	if (ctl_nodes_gather(before, &old, &n_old) != 0 || ctl_nodes_gather(now, &new, &n_new) != 0)
		return;
	for (unsigned i = 0; i < n_new; i++) {
		const struct ctl_node *a = find_node(old, n_old, new[i].id);

		if (!a)
			add(list, "node %s came", new[i].id);
		compare_reach(list, now, a, &new[i]);
	}
	for (unsigned i = 0; i < n_old; i++)
		if (!find_node(new, n_new, old[i].id))
			add(list, "node %s is gone", old[i].id);
}

static void compare_queues(cJSON *list, const struct roster *before, const struct roster *now)
{
	if (before->spill.packets <= 0 && now->spill.packets > 0)
		add(list, "spill began: %.0f packets", now->spill.packets);
	if (before->spill.packets > 0 && now->spill.packets <= 0)
		add(list, "spill is empty again");
	if (before->n_dead != now->n_dead)
		add(list, "dead letters %.0f -> %.0f", before->n_dead, now->n_dead);
}

cJSON *ctl_changes(const struct roster *before, const struct roster *now)
{
	cJSON *list = cJSON_CreateArray();

	if (!list)
		return NULL;
	compare_analyzers(list, before, now);
	compare_nodes(list, before, now);
	compare_queues(list, before, now);
	compare_shares(list, before, now); /* what comes of the others */
	return list;
}
