#include "registry/ctl/ctl_events_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl_http.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_past.h"

#define LOOK_MS 1000

struct following {
	struct ctl *ctl;
	struct ctl_fold fold;
	char last[64]; /* the id of the entry that was seen last; "": none */
	int64_t n_lines;
	bool is_away; /* the node; it was said */
};

void ctl_events_end_fold(struct ctl_fold *fold, const char *key)
{
	unsigned n;

	if (ctl_fold_ends(fold, key, clock_mono_us(), &n))
		printf("    %u more like it\n", n);
}

uint64_t ctl_events_ms_left(uint64_t end_us)
{
	uint64_t now = clock_mono_us();

	return now >= end_us ? 0 : (end_us - now + US_PER_MS - 1) / US_PER_MS;
}

/* Ids are "MS-N". */
static bool is_after(const char *id, const char *other)
{
	uint64_t ms = 0, n = 0, other_ms = 0, other_n = 0;

	sscanf(id, "%" SCNu64 "-%" SCNu64, &ms, &n);
	sscanf(other, "%" SCNu64 "-%" SCNu64, &other_ms, &other_n);
	return ms > other_ms || (ms == other_ms && n > other_n);
}

/* What an entry says, without its time and how often that happened. */
static void write_key(const cJSON *entry, char key[CTL_FOLD_KEY])
{
	snprintf(key, CTL_FOLD_KEY, "%s|%s|%s|%s|%s|%s|%s", ctl_json_text(entry, "kind"),
		 ctl_json_text(entry, "analyzer"), ctl_json_text(entry, "node"),
		 ctl_json_text(entry, "was"), ctl_json_text(entry, "now"),
		 ctl_json_text(entry, "cause"), ctl_json_text(entry, "by"));
}

static void tell(struct following *f, const cJSON *entry)
{
	bool is_deed = *ctl_json_text(entry, "by");
	char key[CTL_FOLD_KEY];

	write_key(entry, key);
	if (f->ctl->options.json) {
		ctl_print_json(cJSON_Duplicate(entry, true));
		f->n_lines++;
		return;
	}
	ctl_events_end_fold(&f->fold, is_deed ? "" : key);
	if (is_deed)
		f->fold = (struct ctl_fold){ 0 };
	else if (!ctl_fold_take(&f->fold, key, 1, clock_mono_us()))
		return;
	ctl_past_print_entry(entry);
	f->n_lines++;
}

/* is_first: what there is already is not told. */
static void take(struct following *f, const cJSON *list, bool is_first)
{
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list) {
		const char *id = ctl_json_text(entry, "id");

		if (!*id || !is_after(id, f->last))
			continue;
		if (!is_first)
			tell(f, entry);
		snprintf(f->last, sizeof(f->last), "%s", id);
	}
}

/* A node that is away for a while says what happened when it is back. */
static void look(struct following *f, bool is_first)
{
	char why[CTL_WHY_SIZE];
	cJSON *json;
	int r = ctl_http_ask(f->ctl, "GET", "/v1/events", NULL, &json, why);

	if (r == 0)
		take(f, ctl_json_get(json, "events"), is_first);
	else if (!f->is_away)
		ctl_fail("%s. What happens meanwhile is told when it is back", why);
	f->is_away = r != 0;
	cJSON_Delete(json);
}

static enum ctl_exit follow(struct following *f)
{
	const struct ctl_options *options = &f->ctl->options;
	uint64_t end_us =
		options->for_ms ? clock_mono_us() + options->for_ms * US_PER_MS : UINT64_MAX / 2;
	uint64_t left;

	while ((left = ctl_events_ms_left(end_us)) > 0 &&
	       !(options->count && f->n_lines >= options->count) &&
	       ctl_wait(left < LOOK_MS ? left : LOOK_MS)) {
		look(f, false);
		ctl_events_end_fold(&f->fold, NULL);
		if (fflush(stdout) != 0)
			break; /* nobody reads any more */
	}
	ctl_events_end_fold(&f->fold, "");
	return CTL_OK;
}

static enum ctl_exit show_past(struct ctl *ctl)
{
	cJSON *json, *list;
	enum ctl_exit code = ctl_http(ctl, "GET", "/v1/events", NULL, &json);

	if (code != CTL_OK)
		return code;
	list = cJSON_DetachItemFromObjectCaseSensitive(json, "events");
	cJSON_Delete(json);
	return list ? ctl_past_show(&ctl->options, list) : ctl_fail("the node tells no events");
}

enum ctl_exit ctl_events_of_node(struct ctl *ctl, const struct ctl_command *command,
				 char **arguments)
{
	struct following f = { .ctl = ctl };

	(void)command;
	(void)arguments;
	if (ctl->options.last > 0 || ctl->options.since_ms > 0)
		return show_past(ctl);
	ctl_catch_signals();
	look(&f, true);
	return f.is_away ? CTL_FAILED : follow(&f);
}
