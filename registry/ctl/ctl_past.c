#include "registry/ctl/ctl_past.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/printable.h"
#include "registry/entries.h"
#include "registry/journal.h"

#define ALL 100000 /* more than a journal keeps */

static void drop_first(cJSON *list, int n)
{
	for (; n > 0; n--)
		cJSON_DeleteItemFromArray(list, 0);
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return value ? value : "";
}

static double time_of(const cJSON *entry)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "time_ms"));
}

/* What the options ask for. */
static void cut(cJSON *list, const struct ctl_options *options)
{
	double from_ms = (double)(clock_wall_us() / US_PER_MS) - (double)options->since_ms;
	int n_old = 0;

	if (options->since_ms > 0) {
		const cJSON *entry;

		cJSON_ArrayForEach (entry, list) {
			if (time_of(entry) >= from_ms)
				break;
			n_old++;
		}
		drop_first(list, n_old);
	}
	if (options->last > 0)
		drop_first(list, cJSON_GetArraySize(list) - (int)options->last);
}

/* On one line, whatever somebody wrote into Redis. */
static void print_shown(const char *before, const char *text, const char *after)
{
	struct buf shown CLEANUP(buf_deinit) = { 0 };

	printable_append(&shown, text, strlen(text), "");
	printf("%s%s%s", before, buf_str(&shown), after);
}

void ctl_past_print_entry(const cJSON *entry)
{
	const char *said = text(entry, "text"), *cause = text(entry, "cause");
	char time[40];

	entry_write_time((uint64_t)time_of(entry), time, sizeof(time));
	printf("%s  ", time);
	print_shown("", said, "");
	if (*cause)
		print_shown(" [", cause, "]");
	putchar('\n');
}

static void print_text(const cJSON *list)
{
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list)
		ctl_past_print_entry(entry);
	if (cJSON_GetArraySize(list) == 0)
		puts("nothing is in the journal for that time");
}

enum ctl_exit ctl_past_show(const struct ctl_options *options, cJSON *list)
{
	cut(list, options);
	if (options->json) {
		cJSON *json = cJSON_CreateObject();

		cJSON_AddItemToObject(json, "events", list);
		return ctl_print_json(json);
	}
	print_text(list);
	cJSON_Delete(list);
	return CTL_OK;
}

enum ctl_exit ctl_past_print(struct ctl *ctl)
{
	cJSON *list = NULL;
	int r = journal_read(ctl->client, &ctl->keys, NULL, ALL, &list);

	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	return ctl_past_show(&ctl->options, list);
}
