#include "registry/ctl/ctl_admin_entries.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/printable.h"
#include "registry/ctl/ctl_dead.h"
#include "registry/ctl/ctl_entries.h"
#include "registry/ctl/ctl_http.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_out.h"
#include "registry/ctl/ctl_table.h"

#define PATH_SIZE 256
#define COLUMNS_MAX 16
#define LIMIT_MOST 1000 /* that a node tells at once */

/* ---- what both streams share ---- */

static bool is_dead(const struct ctl_command *command)
{
	return strncmp(command->name, "dead", 4) == 0;
}

static const char *stream_of(const struct ctl_command *command)
{
	return is_dead(command) ? "dead" : "spill";
}

static enum registry_key key_of(const struct ctl_command *command)
{
	return is_dead(command) ? KEY_DEAD : KEY_SPILL;
}

/* The node names a packet's id as its stream of packets does; weirctl has a name of its own. */
static cJSON *rename_id(cJSON *entry)
{
	cJSON *id = cJSON_DetachItemFromObjectCaseSensitive(entry, "id");

	if (id)
		cJSON_AddItemToObject(entry, "packet_id", id);
	return entry;
}

static void write_value(const cJSON *entry, const char *name, char out[ENTRY_TEXT_MAX])
{
	if (ctl_json_has_number(entry, name))
		snprintf(out, ENTRY_TEXT_MAX, "%.0f", ctl_json_number(entry, name));
	else
		snprintf(out, ENTRY_TEXT_MAX, "%s", ctl_json_text(entry, name));
	if (!out[0])
		snprintf(out, ENTRY_TEXT_MAX, "-");
}

/* *answerp: the caller's to delete; never NULL where this is CTL_OK. */
static enum ctl_exit ask(struct ctl *ctl, const char *method, const char *path, const char *body,
			 cJSON **answerp)
{
	enum ctl_exit code = ctl_http(ctl, method, path, body, answerp);

	if (code == CTL_OK && !*answerp)
		return ctl_fail("the node at %s answered with what is no JSON", ctl->options.admin);
	return code;
}

/* ---- lists ---- */

static void start_table(struct ctl_table *table, enum registry_key key)
{
	const char *headings[COLUMNS_MAX];
	const struct entry_field *field;
	unsigned n = 0;

	for (size_t i = 0; (field = entry_field_at(key, i)); i++)
		if (field->heading && n < COLUMNS_MAX)
			headings[n++] = field->heading;
	ctl_table_init(table, n, headings);
}

static void add_row(struct ctl_table *table, enum registry_key key, const cJSON *entry)
{
	const struct entry_field *field;
	char text[ENTRY_TEXT_MAX];

	for (size_t i = 0; (field = entry_field_at(key, i)); i++) {
		if (!field->heading)
			continue;
		if (field->kind == ENTRY_WRITTEN)
			ctl_write_age((uint64_t)ctl_json_number(entry, "age_ms"), text);
		else
			write_value(entry, field->json, text);
		ctl_table_cell(table, "%s", text);
	}
}

static enum ctl_exit print_table(enum registry_key key, const cJSON *entries, double n_total)
{
	struct ctl_table table CLEANUP(ctl_table_deinit);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	const cJSON *entry;
	int n = cJSON_GetArraySize(entries);

	start_table(&table, key);
	cJSON_ArrayForEach (entry, entries)
		add_row(&table, key, entry);
	ctl_table_write(&table, &out);
	if (n_total > n)
		buf_printf(&out, "%s %d of %.0f (--limit shows more, up to %d through a node)\n",
			   key == KEY_DEAD ? "the latest" : "the oldest", n, n_total, LIMIT_MOST);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

static enum ctl_exit print_list(const struct ctl *ctl, enum registry_key key, cJSON *answer)
{
	cJSON *json, *entry, *entries = cJSON_DetachItemFromObjectCaseSensitive(answer, "entries");
	double n_total = ctl_json_number(answer, "packets");
	enum ctl_exit code = CTL_OK;

	cJSON_ArrayForEach (entry, entries)
		rename_id(entry);
	if (ctl->options.json) {
		json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, "total", n_total);
		cJSON_AddItemToObject(json, "entries", entries);
		return ctl_print_json(json);
	}
	if (cJSON_GetArraySize(entries) > 0)
		code = print_table(key, entries, n_total);
	else
		puts(key == KEY_DEAD ? "no dead letters" : "the spill is empty");
	cJSON_Delete(entries);
	return code;
}

enum ctl_exit ctl_admin_list(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	char path[PATH_SIZE];
	cJSON *answer;
	enum ctl_exit code;

	(void)arguments;
	snprintf(path, sizeof(path), "/v1/%s?limit=%d", stream_of(command),
		 ctl->options.limit < LIMIT_MOST ? (int)ctl->options.limit : LIMIT_MOST);
	code = ask(ctl, "GET", path, NULL, &answer);
	if (code == CTL_OK)
		code = print_list(ctl, key_of(command), answer);
	cJSON_Delete(answer);
	return code;
}

/* ---- how much is in the spill ---- */

static enum ctl_exit print_spill_json(const cJSON *answer)
{
	static const char *const totals[] = { "packets", "messages", "bytes", "oldest_ms" };
	cJSON *json = cJSON_CreateObject(), *consumers, *c;
	const cJSON *taken;

	for (size_t i = 0; i < ARRAY_LEN(totals); i++)
		cJSON_AddItemToObject(json, totals[i],
				      cJSON_Duplicate(ctl_json_get(answer, totals[i]), true));
	consumers = cJSON_AddArrayToObject(json, "consumers");
	cJSON_ArrayForEach (taken, ctl_json_get(answer, "taken")) {
		cJSON_AddItemToArray(consumers, c = cJSON_CreateObject());
		cJSON_AddStringToObject(c, "worker", ctl_json_text(taken, "worker"));
		cJSON_AddNumberToObject(c, "taken", ctl_json_number(taken, "packets"));
		cJSON_AddBoolToObject(c, "live", cJSON_IsTrue(ctl_json_get(taken, "live")));
	}
	return ctl_print_json(json);
}

static void write_consumers(const cJSON *list, struct buf *out)
{
	static const char *const headings[] = { "<WORKER", ">TAKEN", "<LIVE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *taken;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (taken, list) {
		ctl_table_cell(&table, "%s", ctl_json_text(taken, "worker"));
		ctl_table_count(&table, ctl_json_number(taken, "packets"));
		ctl_table_cell(&table, "%s",
			       cJSON_IsTrue(ctl_json_get(taken, "live")) ? "yes" : "no");
	}
	buf_append_str(out, "\n");
	ctl_table_write(&table, out);
}

static enum ctl_exit print_spill(const cJSON *answer)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	const cJSON *taken = ctl_json_get(answer, "taken");
	char age[CTL_AGE_MAX];

	if (ctl_json_has_number(answer, "oldest_ms")) {
		ctl_write_age((uint64_t)ctl_json_number(answer, "oldest_ms"), age);
		buf_printf(&out,
			   "%.0f packets, %.0f messages, %.0f bytes in the spill; the oldest has "
			   "waited %s\n",
			   ctl_json_number(answer, "packets"), ctl_json_number(answer, "messages"),
			   ctl_json_number(answer, "bytes"), age);
	} else {
		buf_append_str(&out, "the spill is empty\n");
	}
	if (cJSON_GetArraySize(taken) > 0)
		write_consumers(taken, &out);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

enum ctl_exit ctl_admin_spill(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	cJSON *answer;
	enum ctl_exit code = ask(ctl, "GET", "/v1/spill?limit=1", NULL, &answer);

	(void)command;
	(void)arguments;
	if (code == CTL_OK)
		code = ctl->options.json ? print_spill_json(answer) : print_spill(answer);
	cJSON_Delete(answer);
	return code;
}

/* ---- one entry ---- */

static enum ctl_exit print_body(const cJSON *entry)
{
	const cJSON *body = ctl_json_get(entry, "body");
	const char *text = ctl_json_text(entry, "body_text");
	char *json = body ? cJSON_PrintUnformatted(body) : NULL;

	if (body && !json)
		return ctl_fail("out of memory");
	if (json)
		text = json;
	else if (!text[0])
		text = ctl_json_text(entry, "body_hex");
	if (isatty(STDOUT_FILENO))
		printf("%s\n", text);
	else
		ctl_out_as_is(text, strlen(text));
	cJSON_free(json);
	return CTL_OK;
}

static enum ctl_exit print_entry(enum registry_key key, const cJSON *entry)
{
	CLEANUP(buf_deinit) struct buf fields = { 0 };
	const struct entry_field *field;
	char text[ENTRY_TEXT_MAX];

	for (size_t i = 0; (field = entry_field_at(key, i)); i++) {
		write_value(entry, field->json, text);
		buf_printf(&fields, "%-10s ", field->json);
		printable_append(&fields, text, strlen(text), "");
		buf_append_str(&fields, "\n");
	}
	fputs(buf_str(&fields), stderr);
	return print_body(entry);
}

enum ctl_exit ctl_admin_show(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	enum ctl_exit code = ctl_entries_check(arguments);
	char path[PATH_SIZE];
	cJSON *entry;

	if (code != CTL_OK)
		return code;
	snprintf(path, sizeof(path), "/v1/%s/%s", stream_of(command), arguments[0]);
	code = ask(ctl, "GET", path, NULL, &entry);
	if (code != CTL_OK)
		return code;
	rename_id(entry);
	if (ctl->options.json)
		return ctl_print_json(entry);
	code = print_entry(key_of(command), entry);
	cJSON_Delete(entry);
	return code;
}

/* ---- dead letters are sent again, or deleted ---- */

static enum ctl_exit count_dead(struct ctl *ctl, double *np)
{
	cJSON *answer;
	enum ctl_exit code = ask(ctl, "GET", "/v1/dead?limit=1", NULL, &answer);

	*np = ctl_json_number(answer, "packets");
	cJSON_Delete(answer);
	return code;
}

static enum ctl_exit check_deed(struct ctl *ctl, const struct ctl_command *command,
				char **arguments)
{
	if (strcmp(arguments[0], "all") != 0)
		return ctl_entries_check(arguments);
	if (arguments[1])
		return ctl_usage("%s takes all, or entries, but not both", command->name);
	return strcmp(command->name, "dead purge") == 0 ? ctl_dead_confirm(ctl, count_dead)
							: CTL_OK;
}

static char *deed_body(char **arguments)
{
	cJSON *body = cJSON_CreateObject(), *names;
	char *text;

	if (strcmp(arguments[0], "all") == 0) {
		cJSON_AddBoolToObject(body, "all", true);
	} else {
		names = cJSON_AddArrayToObject(body, "entries");
		for (; *arguments; arguments++)
			cJSON_AddItemToArray(names, cJSON_CreateString(*arguments));
	}
	text = cJSON_PrintUnformatted(body);
	cJSON_Delete(body);
	return text;
}

/* What was not done is said, and is a failure. */
static enum ctl_exit judge_deed(const cJSON *answer)
{
	double n_missing = ctl_json_number(answer, "missing");
	enum ctl_exit code = CTL_OK;

	if (n_missing > 0)
		code = ctl_fail("%.0f of the entries %s not there (see weirctl dead list)",
				n_missing, n_missing > 1 ? "are" : "is");
	if (cJSON_IsTrue(ctl_json_get(answer, "full")))
		code = ctl_fail("the spill is full (spill-max-bytes of the node): %.0f stay dead; "
				"replay them when it has drained (see weirctl spill)",
				ctl_json_number(answer, "left"));
	return code;
}

enum ctl_exit ctl_admin_deed(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	bool is_purge = strcmp(command->name, "dead purge") == 0;
	const char *done = is_purge ? "purged" : "replayed";
	enum ctl_exit code = check_deed(ctl, command, arguments), verdict;
	cJSON *answer = NULL;
	char *body;
	double n;

	if (code != CTL_OK)
		return code;
	body = deed_body(arguments);
	code = body ? ask(ctl, "POST", is_purge ? "/v1/dead/purge" : "/v1/dead/replay", body,
			  &answer)
		    : ctl_fail("out of memory");
	cJSON_free(body);
	if (code != CTL_OK)
		return code;
	verdict = judge_deed(answer);
	if (ctl->options.json)
		return ctl_print_json(answer) == CTL_OK ? verdict : CTL_FAILED;
	n = ctl_json_number(answer, done);
	printf("%s %.0f %s\n", done, n, n == 1 ? "packet" : "packets");
	cJSON_Delete(answer);
	return verdict;
}
