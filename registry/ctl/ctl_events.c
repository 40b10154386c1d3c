/*
 * The command events: a line for each message of the channel, with what it changed in the pool.
 * What nobody announces (nodes come and go, the spill begins) is found by a look each second.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_changes.h"
#include "registry/ctl/ctl_events_node.h"
#include "registry/ctl/ctl_fold.h"
#include "registry/ctl/ctl_past.h"
#include "registry/entries.h"
#include "registry/scripts.h"

#define LOOK_MS 1000
#define TOLD_MAX 12 /* changes in a line of text */

struct events {
	struct ctl *ctl;
	struct client *listener; /* its connection is for the channel alone */
	struct roster *known;    /* as the last line that told changes left it */
	struct ctl_fold fold;
	int64_t n_lines;
	bool is_away;
};

/* All of a line but its time. */
static void write_text(const char *cause, const cJSON *changes, struct buf *out)
{
	const cJSON *change;
	int n = 0;

	buf_append_str(out, cause ? cause : "seen");
	cJSON_ArrayForEach (change, changes) {
		if (n++ == TOLD_MAX)
			break;
		buf_printf(out, "%s%s", n == 1 ? ": " : "; ", change->valuestring);
	}
	if (n > TOLD_MAX)
		buf_printf(out, "; and %d more", cJSON_GetArraySize(changes) - TOLD_MAX);
}

/* What people changed is never folded, for its order matters. False: the line is left out. */
static bool print_text(struct events *e, uint64_t epoch, const char *cause, const cJSON *changes)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };
	bool is_deed = cause && strstr(cause, " by ");
	char time[40];

	write_text(cause, changes, &text);
	ctl_events_end_fold(&e->fold, is_deed ? "" : buf_str(&text));
	if (is_deed)
		e->fold = (struct ctl_fold){ 0 };
	else if (!ctl_fold_take(&e->fold, buf_str(&text), 1, clock_mono_us()))
		return false;
	entry_write_time(clock_wall_us() / US_PER_MS, time, sizeof(time));
	printf("%s  epoch %" PRIu64 "  %s\n", time, epoch, buf_str(&text));
	return true;
}

static enum ctl_exit print_json(uint64_t epoch, const char *cause, cJSON *changes)
{
	cJSON *json = cJSON_CreateObject();
	char time[40];

	entry_write_time(clock_wall_us() / US_PER_MS, time, sizeof(time));
	cJSON_AddStringToObject(json, "time", time);
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	if (cause)
		cJSON_AddStringToObject(json, "cause", cause);
	else
		cJSON_AddNullToObject(json, "cause");
	cJSON_AddItemToObject(json, "changes", changes);
	return ctl_print_json(json);
}

/* Takes the changes, NULL: none. */
static void tell(struct events *e, uint64_t epoch, const char *cause, cJSON *changes)
{
	if (e->ctl->options.json) {
		e->n_lines++;
		print_json(epoch, cause, changes ? changes : cJSON_CreateArray());
	} else {
		e->n_lines += print_text(e, epoch, cause, changes);
		cJSON_Delete(changes);
	}
}

/* The channel says "epoch N CAUSE". text NULL: it was silent. */
static int look(struct events *e, const char *text)
{
	struct roster *now = NULL;
	cJSON *changes = NULL;
	uint64_t epoch = 0;
	const char *cause = NULL;
	int r = membership_roster(e->ctl->client, &now), at = 0;

	if (text && sscanf(text, "epoch %" SCNu64 " %n", &epoch, &at) == 1 && at > 0)
		cause = text + at;
	else if (text)
		cause = text;
	if (r != 0) {
		if (cause)
			tell(e, epoch, cause, NULL);
		return r;
	}
	/* a later message is on its way, and may be about some of what is different */
	if (cause && now->epoch > epoch) {
		tell(e, epoch, cause, NULL);
		roster_unref(now);
		return 0;
	}
	changes = ctl_changes(e->known, now);
	if (!changes) {
		roster_unref(now);
		return -ENOMEM;
	}
	if (cause || cJSON_GetArraySize(changes) > 0)
		tell(e, now->epoch, cause, changes);
	else
		cJSON_Delete(changes);
	roster_unref(e->known);
	e->known = now;
	return 0;
}

static struct client *listen_to(struct ctl *ctl)
{
	return client_new(&ctl->url, registry_scripts(&ctl->keys),
			  (unsigned)ctl->options.timeout_ms);
}

static int step(struct events *e, unsigned ms)
{
	char *text AUTO_FREE = NULL;
	int r = client_event(e->listener, ms, &text);

	return r == 0 ? look(e, text) : r;
}

/* Says once that Redis is away. The listener may wait on a connection that is dead: a new one. */
static void lost(struct events *e, int error)
{
	const char *why = client_error(e->listener);
	struct client *fresh = listen_to(e->ctl);

	if (!e->is_away && error == CLIENT_E_AWAY)
		ctl_fail("Redis: %s. What happens meanwhile is told when it is back",
			 why[0] ? why : client_error(e->ctl->client));
	e->is_away = true;
	if (!fresh)
		return; /* the old one connects again as well, only later */
	client_free(e->listener);
	e->listener = fresh;
}

static enum ctl_exit follow(struct events *e)
{
	const struct ctl_options *options = &e->ctl->options;
	uint64_t end_us =
		options->for_ms ? clock_mono_us() + options->for_ms * US_PER_MS : UINT64_MAX / 2;
	uint64_t left;

	while ((left = ctl_events_ms_left(end_us)) > 0 && ctl_wait(0) &&
	       !(options->count && e->n_lines >= options->count)) {
		int r = step(e, left < LOOK_MS ? (unsigned)left : LOOK_MS);

		if (r < 0)
			return ctl_explain(e->ctl, r, NULL);
		ctl_events_end_fold(&e->fold, NULL);
		if (fflush(stdout) != 0)
			break; /* nobody reads any more */
		if (r == 0) {
			e->is_away = false;
			continue;
		}
		lost(e, r);
		ctl_wait(left < LOOK_MS ? left : LOOK_MS);
	}
	return CTL_OK;
}

/* Listens before it looks, so that nothing falls in between. */
enum ctl_exit ctl_events(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct events e = { .ctl = ctl };
	char *text AUTO_FREE = NULL;
	enum ctl_exit code;
	int r;

	(void)command;
	(void)arguments;
	if (ctl->options.last > 0 || ctl->options.since_ms > 0)
		return ctl_past_print(ctl);
	e.listener = listen_to(ctl);
	r = e.listener ? client_event(e.listener, 0, &text) : -ENOMEM;
	ctl_catch_signals();
	if (r >= 0) /* if the listener has trouble, the other one has it too, or it is over */
		r = membership_roster(ctl->client, &e.known);
	code = r == 0 ? follow(&e) : ctl_explain(ctl, r, NULL);
	ctl_events_end_fold(&e.fold, "");
	roster_unref(e.known);
	client_free(e.listener);
	return code;
}
