/* The command refusals: which agents are refused, and what to change. */
#include <stdio.h>

#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_entries.h"
#include "registry/ctl/ctl_refusals.h"
#include "registry/ctl/ctl_table.h"
#include "registry/refusals.h"

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return value && *value ? value : "-";
}

static double number(const cJSON *object, const char *name)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void write_row(struct ctl_table *table, const cJSON *entry)
{
	char age[CTL_AGE_MAX];

	ctl_write_age((uint64_t)number(entry, "age_ms"), age);
	ctl_table_count(table, number(entry, "count"));
	ctl_table_cell(table, "%s ago", age);
	ctl_table_cell(table, "%s %s", text(entry, "method"), text(entry, "path"));
	ctl_table_cell(table, "%s", text(entry, "client"));
	ctl_table_cell(table, "%.0f %s", number(entry, "status"), text(entry, "code"));
	ctl_table_cell(table, "%s", text(entry, "advice"));
}

enum ctl_exit ctl_refusals_print(const cJSON *list)
{
	static const char *const headings[] = { ">COUNT",  "<LAST",   "<REQUEST",
						"<CLIENT", "<ANSWER", "<WHAT TO CHANGE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	const cJSON *entry;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (entry, list)
		write_row(&table, entry);
	if (cJSON_GetArraySize(list) > 0)
		ctl_table_write(&table, &out);
	else
		buf_append_str(&out, "no agent was refused in the last hour\n");
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

enum ctl_exit ctl_refusals(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct refusals refusals CLEANUP(refusals_deinit) = { 0 };
	enum ctl_exit code;
	cJSON *json, *list;
	int r = refusals_init(&refusals);

	(void)command;
	(void)arguments;
	if (r == 0)
		r = refusals_read(ctl->client, &ctl->keys, "", &refusals);
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	list = refusals_take(&refusals);
	if (!list)
		return ctl_fail("out of memory");
	if (ctl->options.json) {
		json = cJSON_CreateObject();
		cJSON_AddItemToObject(json, "refusals", list);
		return ctl_print_json(json);
	}
	code = ctl_refusals_print(list);
	cJSON_Delete(list);
	return code;
}
